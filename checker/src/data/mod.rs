//! Reads the data directory of a coordinator that is not running: its log, its records and what lies beside them.
//! Never writes in it. What it reads is fed like any other evidence.

mod decode;
mod line;
mod open;
mod rows;

use std::io;
use std::path::{Path, PathBuf};

use crate::Checker;
use crate::findings::Place;
use open::Opened;

/// Why a data directory could not be read.
#[derive(Debug)]
pub enum DataError {
    /// A coordinator serves it.
    Served(PathBuf),
    /// There is no database in it.
    Missing(PathBuf),
    /// A file could not be opened.
    Io(io::Error),
    /// There is no place for a copy, or something could not be copied.
    Copy(io::Error),
    /// The database could not be read.
    Database(sqlx::Error),
}

impl std::fmt::Display for DataError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Served(dir) => write!(f, "{}: a coordinator serves it; stop it first", dir.display()),
            Self::Missing(file) => write!(f, "{}: there is no database", file.display()),
            Self::Io(error) => write!(f, "the data directory cannot be read: {error}"),
            Self::Copy(error) => {
                write!(f, "the database and its log cannot be copied to {}: {error}", std::env::temp_dir().display())
            }
            Self::Database(error) => write!(f, "the database cannot be read: {error}"),
        }
    }
}

impl std::error::Error for DataError {}

impl From<io::Error> for DataError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<sqlx::Error> for DataError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// A data directory. Its lock is held until it has been read.
pub struct Directory {
    opened: Opened,
    /// What SQLite says is wrong with the file.
    unsound: Vec<String>,
}

impl Directory {
    /// Opens a data directory.
    ///
    /// # Errors
    /// Refuses a directory that a coordinator serves, and one without a database.
    pub async fn open(dir: &Path) -> Result<Self, DataError> {
        Ok(Self { opened: Opened::open(dir).await?, unsound: Vec::new() })
    }

    /// Asks SQLite whether the file is sound. That takes a while, and needs nothing else that is fed.
    ///
    /// # Errors
    /// A database that is damaged is no error as far as it can be read: what is wrong with it is found by the verdict.
    pub async fn examine(&mut self) -> Result<(), DataError> {
        self.unsound = rows::integrity(self.opened.connection()).await?;
        Ok(())
    }

    /// Takes in everything that lies in it, and what its examination said.
    ///
    /// # Errors
    /// The same as for its examination.
    pub async fn read(mut self, checker: &mut Checker) -> Result<(), DataError> {
        let whole = checker.names.of("*");
        for said in self.unsound {
            checker.findings.broken((&checker.names, whole), "data", Place::default(), said);
        }
        let db = self.opened.connection();
        rows::products(checker, db).await?;
        rows::factories(checker, db).await?;
        rows::specs(checker, db).await?;
        rows::jobs(checker, db).await?;
        rows::runs(checker, db).await?;
        rows::receipts(checker, db).await?;
        rows::events(checker, db).await?;
        self.opened.close().await
    }
}
