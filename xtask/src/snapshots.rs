//! Snapshots: none pending, none that no test asserts any more.
//!
//! insta appends the path of every snapshot that is asserted to the file that [`RECORD`] names, across processes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The variable by which insta is told where to record.
pub(crate) const RECORD: &str = "INSTA_SNAPSHOT_REFERENCES_FILE";

/// Makes room for the record and names it; what an earlier run left there goes, unless this run adds to it.
pub(crate) fn record(root: &Path, adds: bool) -> Result<String, String> {
    let file = file(root);
    let folder = file.parent().unwrap_or(root);
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if !adds {
        fs::write(&file, "").map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(file.display().to_string())
}

/// Refuses pending snapshots, and those that the recorded run did not assert.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    let recorded = fs::read_to_string(file(root)).map_err(|error| format!("no record of the tests: {error}"))?;
    let (mut pending, mut snapshots) = (Vec::new(), BTreeSet::new());
    walk(root, &mut |path| match path.to_string_lossy() {
        name if name.ends_with(".snap.new") || name.ends_with(".pending-snap") => pending.push(path),
        name if name.ends_with(".snap") => drop(snapshots.insert(path)),
        _ => {}
    })
    .map_err(|error| format!("the tree cannot be read: {error}"))?;
    let asserted = asserted(root, &recorded);
    let unasserted: Vec<_> = snapshots.difference(&asserted).collect();
    for (what, paths) in [("pending", pending.iter().collect::<Vec<_>>()), ("asserted by no test", unasserted)] {
        if !paths.is_empty() {
            let list: Vec<_> = paths.iter().map(|path| shown(root, path)).collect();
            return Err(format!("{} {what}: {}", list.len(), list.join(", ")));
        }
    }
    println!("{} snapshots, each asserted", snapshots.len());
    Ok(())
}

/// In the workspace's own folder, wherever cargo builds: two workspaces must not share a record.
fn file(root: &Path) -> PathBuf {
    root.join("target").join("xtask").join("asserted-snapshots")
}

/// The recorded paths without their detours. Tests may give them relative to the workspace.
fn asserted(root: &Path, recorded: &str) -> BTreeSet<PathBuf> {
    recorded.lines().filter_map(|line| fs::canonicalize(root.join(line)).ok()).collect()
}

/// Visits every file that is neither built nor git's own.
fn walk(folder: &Path, visit: &mut impl FnMut(PathBuf)) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && entry.file_name() != "target" && entry.file_name() != ".git" {
            walk(&entry.path(), visit)?;
        } else if kind.is_file() {
            visit(fs::canonicalize(entry.path())?);
        }
    }
    Ok(())
}

fn shown(root: &Path, path: &Path) -> String {
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn with(files: &[&str], recorded: &[&str]) -> Self {
            let tree = Self(tempfile::tempdir().unwrap());
            for file in files {
                let path = tree.0.path().join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "").unwrap();
            }
            let record = record(tree.0.path(), false).unwrap();
            let lines: Vec<_> = recorded.iter().map(|path| tree.0.path().join(path).display().to_string()).collect();
            fs::write(record, lines.join("\n")).unwrap();
            tree
        }

        fn check(&self) -> Result<(), String> {
            check(self.0.path())
        }
    }

    #[test]
    fn asserted_snapshots_pass_whatever_way_they_were_named() {
        let tree = Tree::with(
            &["snapshots/a.snap", "snapshots/b/c.snap", "target/x.snap.new"],
            &["snapshots/a.snap", "snapshots/b/../b/c.snap", "snapshots/a.snap"],
        );
        assert_eq!(tree.check(), Ok(()));
    }

    #[test]
    fn a_snapshot_that_no_test_asserts_is_named() {
        let tree = Tree::with(&["snapshots/a.snap", "snapshots/old.snap"], &["snapshots/a.snap"]);
        assert_eq!(tree.check(), Err("1 asserted by no test: snapshots/old.snap".to_owned()));
    }

    #[test]
    fn a_pending_snapshot_is_named() {
        let tree = Tree::with(&["snapshots/a.snap", "snapshots/a.snap.new"], &["snapshots/a.snap"]);
        assert_eq!(tree.check(), Err("1 pending: snapshots/a.snap.new".to_owned()));
    }

    #[test]
    fn without_a_record_nothing_is_said_to_be_fine() {
        let tree = tempfile::tempdir().unwrap();
        assert!(check(tree.path()).is_err());
    }
}
