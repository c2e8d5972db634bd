//! What a database error means for whoever asked, and how an unsure COMMIT is settled.

use std::path::Path;
use std::time::Duration;

use actors::store::{Why, Written};
use domain::ProductId;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, Statement};

use super::connect::{Role, connect};

const FULL: i32 = 13;
const NOMEM: i32 = 7;
const IOERR_SHMOPEN: i32 = 4618;
const IOERR_SHMSIZE: i32 = 4874;
const IOERR_SHMMAP: i32 = 5386;
const IOERR_FSYNC: i32 = 1034;
const IOERR_DIR_FSYNC: i32 = 1290;
/// ERROR, TOOBIG, CONSTRAINT, MISMATCH: the statement itself is at fault.
const AT_FAULT: [i32; 4] = [1, 18, 19, 20];
/// How often an unsure COMMIT is looked up, further apart each time.
const TRIES: u32 = 5;

/// What became of a batch whose transaction surely was not committed. Ends the process if the disk lost a write.
pub(super) fn not_written(error: &DbErr) -> Written {
    let code = code(error);
    if code.is_some_and(|code| AT_FAULT.contains(&(code & 0xff))) {
        return Written::Contradicted(error.to_string());
    }
    Written::NotWritten(why(error))
}

/// Why a statement did not succeed. Ends the process if the disk lost a write.
pub(super) fn why(error: &DbErr) -> Why {
    match code(error) {
        Some(IOERR_FSYNC | IOERR_DIR_FSYNC) => disk_lost_a_write(error),
        Some(FULL | IOERR_SHMSIZE) => Why::Full,
        Some(_) | None => Why::Unavailable(error.to_string()),
    }
}

/// After a failed fsync nobody knows what is on the disk; only a new start reads it anew.
fn disk_lost_a_write(error: &DbErr) -> ! {
    end(&format!("fsync failed, what was written may be lost: {error}"))
}

/// Ends the process: what is acknowledged from now on could be lost. 74 is `EX_IOERR` of sysexits.h.
pub(super) fn end(why: &str) -> ! {
    tracing::error!(why, "the process ends");
    std::process::exit(74)
}

/// Whether a transaction that is not there may come back at the next start: a commit is written and synced before it
/// enters the WAL's index, and where the index could not grow it lies in the WAL as a whole, for a recovery to find.
pub(super) fn may_come_back(error: &DbErr) -> bool {
    let in_memory = |code| matches!(code, IOERR_SHMOPEN | IOERR_SHMSIZE | IOERR_SHMMAP) || code & 0xff == NOMEM;
    code(error).is_some_and(in_memory)
}

fn code(error: &DbErr) -> Option<i32> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error.as_database_error()?.code()?.parse().ok()
}

/// Whether a batch was committed: whether its first fact is there, with every other writer shut out.
/// `None`: it cannot be told.
pub(super) async fn settled(file: &Path, first: &(ProductId, u64)) -> Option<bool> {
    for attempt in 1..=TRIES {
        match look(file, first).await {
            Ok(present) => return Some(present),
            Err(error) => tracing::warn!(%error, attempt, "an unsure commit cannot be looked up yet"),
        }
        tokio::time::sleep(Duration::from_millis(200) * attempt).await;
    }
    None
}

async fn look(file: &Path, first: &(ProductId, u64)) -> Result<bool, DbErr> {
    let db = connect(file, Role::Writer).await?;
    let present = present(&db, first).await;
    db.close().await?;
    present
}

async fn present(db: &DatabaseConnection, (product, seq): &(ProductId, u64)) -> Result<bool, DbErr> {
    db.execute_unprepared("BEGIN IMMEDIATE").await?;
    let sql = "SELECT 1 FROM event WHERE product = ?1 AND seq = ?2";
    let values = [product.as_str().into(), (*seq).cast_signed().into()];
    let row = db.query_one_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await;
    db.execute_unprepared("ROLLBACK").await?;
    Ok(row?.is_some())
}
