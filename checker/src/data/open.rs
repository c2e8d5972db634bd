//! Opens the database of a data directory without touching it: read-only, and a copy where a log of writes lies beside
//! it, which only a writer could take in.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use super::DataError;

const DATABASE: &str = "gigafactory.db";
const LOG: &str = "gigafactory.db-wal";
const LOCK: &str = "gigafactory.lock";

/// Rows that are read ahead: the database is read on a thread of its own.
const ROWS: usize = 4096;

/// An open database.
pub(super) struct Opened {
    connection: SqliteConnection,
    /// Keeps a coordinator from starting meanwhile.
    _lock: Option<File>,
    /// Where the copy lies.
    _copy: Option<TempDir>,
}

impl Opened {
    /// Opens the database. Refuses a directory that a coordinator serves, and one without a database.
    pub(super) async fn open(dir: &Path) -> Result<Self, DataError> {
        let lock = lock(dir)?;
        let file = dir.join(DATABASE);
        if !file.is_file() {
            return Err(DataError::Missing(file));
        }
        let log = dir.join(LOG);
        let copy = if log.metadata().is_ok_and(|log| log.len() > 0) {
            Some(copied(&file, &log).map_err(DataError::Copy)?)
        } else {
            None
        };
        let options = SqliteConnectOptions::new().disable_statement_logging().row_buffer_size(ROWS);
        let options = match &copy {
            Some(copy) => options.filename(copy.path().join(DATABASE)),
            None => options.filename(&file).read_only(true).immutable(true),
        };
        Ok(Self { connection: options.connect().await?, _lock: lock, _copy: copy })
    }

    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Lets go of it.
    pub(super) async fn close(self) -> Result<(), DataError> {
        Ok(self.connection.close().await?)
    }
}

/// Copies a database with its log to where only this user sees them.
fn copied(file: &Path, log: &Path) -> io::Result<TempDir> {
    let copy = tempfile::tempdir()?;
    std::fs::copy(file, copy.path().join(DATABASE))?;
    std::fs::copy(log, copy.path().join(LOG))?;
    Ok(copy)
}

/// Takes the directory's lock, where it has one.
fn lock(dir: &Path) -> Result<Option<File>, DataError> {
    let file = match File::open(dir.join(LOCK)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(DataError::Served(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}
