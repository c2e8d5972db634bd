//! Connections to the database file. Every setting that durability hangs on is set, and read back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};

use super::OpenError;
#[cfg(feature = "faults")]
use super::lowered::synchronous;

/// Older libraries can corrupt the file when they start the WAL anew.
const OLDEST_LIBRARY: (u32, u32, u32) = (3, 51, 3);
/// How long a writer waits for another one.
const BUSY: Duration = Duration::from_secs(5);
/// How long the checkpointer keeps writers waiting, at most, for readers to leave.
const BUSY_CHECKPOINT: Duration = Duration::from_millis(50);

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Commits; the only one.
    Writer,
    /// Reads; this many at a time.
    Readers(u32),
    /// Moves the WAL into the file.
    Checkpointer,
}

/// How much is synced: the setting's word, and its number when it is read back. Only a test build knows any other.
#[cfg(not(feature = "faults"))]
fn synchronous(_: &Path) -> (&'static str, i64) {
    ("FULL", 2)
}

/// Opens the database for a role.
pub(super) async fn connect(file: &Path, role: Role) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new("sqlite://gigafactory.db");
    let count = if let Role::Readers(count) = role { count } else { 1 };
    let (file, busy) = (PathBuf::from(file), if role == Role::Checkpointer { BUSY_CHECKPOINT } else { BUSY });
    options
        .max_connections(count)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .filename(&file)
                .create_if_missing(true)
                .busy_timeout(busy)
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", synchronous(&file).0)
                .pragma("foreign_keys", "ON")
                .pragma("wal_autocheckpoint", "0")
                .pragma("query_only", if matches!(role, Role::Readers(_)) { "ON" } else { "OFF" })
        });
    Database::connect(options).await
}

/// Makes sure that the library is new enough and that the settings hold.
pub(super) async fn verify(db: &DatabaseConnection, file: &Path) -> Result<(), OpenError> {
    let version: String = one(db, "SELECT sqlite_version()").await?;
    if parsed(&version) < OLDEST_LIBRARY {
        return Err(OpenError::Library(version));
    }
    let mode: String = one(db, "PRAGMA journal_mode").await?;
    let settings: [(_, i64, i64); 4] = [
        ("synchronous", synchronous(file).1, one(db, "PRAGMA synchronous").await?),
        ("foreign_keys", 1, one(db, "PRAGMA foreign_keys").await?),
        ("wal_autocheckpoint", 0, one(db, "PRAGMA wal_autocheckpoint").await?),
        ("busy_timeout", BUSY.as_millis() as i64, one(db, "PRAGMA busy_timeout").await?),
    ];
    if mode != "wal" {
        return Err(OpenError::Setting { name: "journal_mode", found: mode });
    }
    match settings.into_iter().find(|(_, wanted, found)| wanted != found) {
        Some((name, _, found)) => Err(OpenError::Setting { name, found: found.to_string() }),
        None => Ok(()),
    }
}

async fn one<T: sea_orm::TryGetable>(db: &DatabaseConnection, sql: &str) -> Result<T, DbErr> {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    row.ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?.try_get_by_index(0)
}

fn parsed(version: &str) -> (u32, u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next())
}
