//! Files of a work tree: which of them belong into a snapshot, and how a directory of ours is removed. Never follows a
//! symbolic link out of where it was told to work.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use super::command::{os, records};

/// An untracked file above this size is left out of snapshots, in bytes.
const LARGE: u64 = 10 * 1024 * 1024;
/// Directories of caches and of downloaded packages, left out of snapshots where untracked.
const CACHES: [&str; 6] = ["node_modules", ".venv", "__pycache__", ".tox", ".mypy_cache", ".pytest_cache"];

/// What a snapshot does with the files of a tree; each list as git reads it, a zero byte after each path.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    pub(crate) take: Vec<u8>,
    pub(crate) forget: Vec<u8>,
    pub(crate) dropped: Vec<String>,
}

/// Sorts tracked and untracked paths into what a snapshot takes, what it forgets and what is too much for it.
pub(crate) fn sort(tree: &Path, tracked: &[u8], untracked: &[u8]) -> Sorted {
    let mut sorted = Sorted::default();
    let mut linked = HashMap::new();
    for path in records(tracked) {
        let here = tree.join(os(path));
        let gone = behind_link(tree, &here, &mut linked) || odd(&here);
        let list = if gone { &mut sorted.forget } else { &mut sorted.take };
        list.extend_from_slice(path);
        list.push(0);
    }
    for path in records(untracked) {
        let here = tree.join(os(path));
        // A nested repository is listed as a directory; it has a history of its own and is not ours to take.
        if path.ends_with(b"/") || odd(&here) || !here.is_symlink() && too_much(Path::new(&os(path)), &here) {
            sorted.dropped.push(String::from_utf8_lossy(path).into_owned());
            continue;
        }
        sorted.take.extend_from_slice(path);
        sorted.take.push(0);
    }
    sorted
}

/// Something between the tree's root and the file has become a symbolic link, so the tracked file is no more.
fn behind_link(tree: &Path, file: &Path, known: &mut HashMap<PathBuf, bool>) -> bool {
    let Some(parent) = file.parent().filter(|parent| *parent != tree && parent.starts_with(tree)) else {
        return false;
    };
    if let Some(found) = known.get(parent) {
        return *found;
    }
    let found = parent.is_symlink() || behind_link(tree, parent, known);
    known.insert(parent.to_owned(), found);
    found
}

/// Neither a file nor a link nor a directory: git has no way to keep a pipe or a socket.
fn odd(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| {
        let kind = meta.file_type();
        !kind.is_file() && !kind.is_symlink() && !kind.is_dir()
    })
}

fn too_much(inner: &Path, path: &Path) -> bool {
    let cached = inner.components().any(|part| CACHES.iter().any(|name| part.as_os_str() == *name));
    cached || path.symlink_metadata().is_ok_and(|meta| meta.len() > LARGE)
}

/// Removes a file, a link or a directory with all that is in it; nothing there is fine.
pub(crate) fn remove_any(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(why) => Err(why),
        Ok(meta) if meta.is_dir() => remove_tree(path),
        Ok(_) => match std::fs::remove_file(path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        },
    }
}

/// The same, away from the runtime's threads: a tree may hold very many files.
pub(crate) async fn remove_tree_aside(path: &Path) -> io::Result<()> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || remove_tree(&path)).await.map_err(io::Error::other)?
}

/// Removes a directory of ours, also one whose parts were made read-only.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Ok(()) => Ok(()),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(_) => {
            open_up(path);
            std::fs::remove_dir_all(path)
        }
    }
}

fn open_up(path: &Path) {
    let Ok(meta) = path.symlink_metadata() else { return };
    if !meta.is_dir() {
        return;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A directory that cannot be opened up is reported by the removal that follows.
        let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700));
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        open_up(&entry.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_leaves_out_caches_large_files_and_what_lies_behind_links() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path();
        std::fs::create_dir_all(tree.join("node_modules/a")).unwrap();
        std::fs::write(tree.join("node_modules/a/x"), "x").unwrap();
        std::fs::write(tree.join("keep"), "x").unwrap();
        std::fs::File::create(tree.join("big")).unwrap().set_len(LARGE + 1).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc", tree.join("sub")).unwrap();
        let sorted = sort(tree, b"kept\0sub/hosts\0", b"keep\0big\0node_modules/a/x\0nested/\0");
        assert_eq!(sorted.take, b"kept\0keep\0");
        assert_eq!(sorted.dropped, ["big", "node_modules/a/x", "nested/"]);
        #[cfg(unix)]
        assert_eq!(sorted.forget, b"sub/hosts\0");
    }

    #[cfg(unix)]
    #[test]
    fn a_read_only_directory_is_removed() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(inner.join("x"), "x").unwrap();
        std::fs::set_permissions(&inner, std::fs::Permissions::from_mode(0o500)).unwrap();
        remove_tree(&dir.path().join("a")).unwrap();
        assert!(!dir.path().join("a").exists());
    }
}
