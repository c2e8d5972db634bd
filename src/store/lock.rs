//! The data directory belongs to one process at a time, and is the one that this process has opened. Decides nothing
//! about what follows when it is not.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::OpenError;

/// Holds the directory until it is dropped, or the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the directory, and creates it where it is missing. Refuses one that another process serves.
    pub(super) fn take(dir: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Directory { dir: dir.to_owned(), source };
        create(dir).map_err(failed)?;
        let path = dir.join("gigafactory.lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, path }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Served(dir.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Remembers which files the directory and the database in it are by now.
    pub(super) fn watch(&self, database: &Path) -> Result<Watch, OpenError> {
        let failed = |source| OpenError::Directory { dir: database.to_owned(), source };
        let lock = identity(&self.file.metadata().map_err(failed)?);
        let data = identity(&database.metadata().map_err(failed)?);
        Ok(Watch([(self.path.clone(), lock), (database.to_owned(), data)]))
    }
}

/// The files that this process serves, by their paths.
#[derive(Debug)]
pub(super) struct Watch([(PathBuf, Identity); 2]);

impl Watch {
    /// The path where another file lies by now, or none. What cannot be looked at counts as unchanged.
    pub(super) fn lost(&self) -> Option<&Path> {
        let lost = |(path, known): &&(PathBuf, Identity)| match path.metadata() {
            Ok(found) => identity(&found) != *known,
            Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
        };
        self.0.iter().find(lost).map(|(path, _)| path.as_path())
    }
}

/// Device and inode. Where there are none, an open file cannot be put aside either.
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(file: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {
    (0, 0)
}

/// Creates the directory with those above it. What is acknowledged in it later is lost with its name, so the names are
/// synced too, as far as the system lets a directory be synced.
fn create(dir: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;
    for created in missing {
        let above = created.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Not every system opens or syncs a directory; where it does, it does not fail.
        let _ = File::open(above).and_then(|above| above.sync_all());
    }
    Ok(())
}
