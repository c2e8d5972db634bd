//! The store over SQLite: one file, one process, one writer.
//!
//! Owns the file, its connections and the layout of what is in it. Decides nothing about what it stores: the
//! committer in `actors` numbers, orders and tells; this writes a batch in one transaction and answers reads.

mod backend;
mod batch;
mod checkpoint;
mod connect;
mod dag;
mod lists;
mod load;
mod lock;
#[cfg(feature = "faults")]
mod lowered;
mod outcome;
mod port;
mod profiles;
mod read;
mod saved;
mod space;
mod window;

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actors::store::{Committer, Why};
use actors::{Faults, Point};
use migration::Migrator;
use sea_orm::{DatabaseConnection, DbErr};
use sea_orm_migration::MigratorTrait;
use tokio::sync::oneshot;

use backend::SqliteBackend;
use checkpoint::Checkpointer;
use connect::{Role, connect, verify};
use lock::Lock;
#[cfg(feature = "faults")]
pub use lowered::lower;
use outcome::why;
use space::Space;
use window::Window;

/// How many reads run at a time.
const READERS: u32 = 4;

/// Why a data directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be made or written to.
    #[error("the data directory {} cannot be used", dir.display())]
    Directory {
        /// The directory.
        dir: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Only one process may use it at a time.
    #[error("another process serves the data directory {}", .0.display())]
    Served(PathBuf),
    /// The library may corrupt the file.
    #[error("SQLite {0} is too old: 3.51.3 is the oldest that can be trusted with the file")]
    Library(String),
    /// A setting that durability hangs on did not take.
    #[error("the database refused the setting {name}: it is {found}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// What it is instead.
        found: String,
    },
    /// No space left.
    #[error("there is no space left for the database")]
    Full,
    /// The database said no.
    #[error("the database cannot be opened")]
    Database(#[source] DbErr),
}

impl From<DbErr> for OpenError {
    fn from(error: DbErr) -> Self {
        match why(&error) {
            Why::Full => Self::Full,
            Why::Unavailable(_) => Self::Database(error),
        }
    }
}

/// Everything in one SQLite file.
pub struct SqliteStore {
    committer: Committer,
    window: Window,
    readers: DatabaseConnection,
    checkpointer: Checkpointer,
    space: Space,
    /// Answers with an error once the committer has ended.
    ended: oneshot::Receiver<Infallible>,
    _lock: Arc<Lock>,
}

impl SqliteStore {
    /// Opens the data directory, and creates it where it is missing; its tasks run on the runtime that this is called
    /// on. Refuses a directory that another process serves.
    pub async fn open(dir: &Path) -> Result<Self, OpenError> {
        Self::open_with(dir, Faults::default()).await
    }

    /// Opens it with the faults of a test build.
    pub async fn open_with(dir: &Path, faults: Faults) -> Result<Self, OpenError> {
        let lock = Arc::new(Lock::take(dir)?);
        faults.pass(Point::StartLocked);
        let file = dir.join("gigafactory.db");
        let writer = connect(&file, Role::Writer).await?;
        verify(&writer, &file).await?;
        Migrator::up(&writer, None).await?;
        faults.pass(Point::StartMigrated);
        let readers = connect(&file, Role::Readers(READERS)).await?;
        let files = lock.watch(&file)?;
        let space = Space::default();
        let tended = connect(&file, Role::Checkpointer).await?;
        let checkpointer = Checkpointer::spawn(tended, files, space.clone(), faults.clone());
        faults.pass(Point::StartOpen);
        let (alive, ended) = oneshot::channel();
        let backend =
            SqliteBackend { writer, file, space: space.clone(), unsettled: None, _lock: lock.clone(), _alive: alive };
        Ok(Self {
            committer: Committer::spawn(backend, faults),
            window: Window::spawn(readers.clone()),
            readers,
            checkpointer,
            space,
            ended,
            _lock: lock,
        })
    }

    /// Waits for what is being committed, empties the WAL and lets go of the directory.
    pub async fn close(self) {
        drop(self.committer);
        let _ = self.ended.await;
        if let Err(error) = self.readers.close().await {
            tracing::warn!(%error, "the readers were not closed in order");
        }
        self.checkpointer.stop().await;
    }
}
