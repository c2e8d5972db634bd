//! The files of the repository as text: what git tracks or would track; without git, whatever is not built.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Every text file by its path from the root.
pub(super) struct Tree(BTreeMap<String, String>);

impl Tree {
    /// Reads the repository that the tests were built from.
    pub(super) fn here() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let paths = tracked(root).unwrap_or_else(|| walked(root, root));
        assert!(paths.iter().any(|path| path == "Cargo.toml"), "the repository was not found");
        // A file that is no text, or was deleted and not committed yet, has nothing to look at.
        let text = |path: String| fs::read_to_string(root.join(&path)).ok().map(|text| (path, text));
        Self(paths.into_iter().filter_map(text).collect())
    }

    pub(super) fn files(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    pub(super) fn rust(&self) -> impl Iterator<Item = (&String, &String)> {
        self.files().filter(|(path, _)| path.ends_with(".rs"))
    }

    pub(super) fn get(&self, path: &str) -> &str {
        self.0.get(path).unwrap_or_else(|| panic!("{path} is missing"))
    }
}

fn tracked(root: &Path) -> Option<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let listed = git.output().ok().filter(|listed| listed.status.success())?;
    let paths = String::from_utf8(listed.stdout).ok()?;
    let paths: Vec<_> = paths.split_terminator('\0').map(str::to_owned).collect();
    // Unpacked inside another repository, git knows nothing of these files.
    (!paths.is_empty()).then_some(paths)
}

fn walked(root: &Path, folder: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry of a folder").path();
        let built = path.ends_with("target") || path.ends_with(".git");
        if path.is_dir() && !built {
            paths.extend(walked(root, &path));
        } else if path.is_file() {
            let path = path.strip_prefix(root).expect("below the root");
            paths.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
    paths
}
