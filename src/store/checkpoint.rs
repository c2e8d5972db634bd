//! Moves the WAL into the database file and drops old receipts, on a connection of its own and beside the commits.
//! Looks whether a full disk has space again.
//! Ends the process when the directory under it is not the one that was opened any more.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use actors::{Faults, Point};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::lock::Watch;
use super::outcome::{end, why};
use super::space::Space;

/// How often the WAL is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Frames of 4 KiB that may wait before they are moved: 4 MiB.
const MANY_FRAMES: i64 = 1024;
/// Frames after which writers wait for the rest to be moved, so that the WAL starts anew: 64 MiB.
const TOO_MANY_FRAMES: i64 = 16 * 1024;
/// How long fewer frames may wait, and how long a failed attempt rests.
const REST: Duration = Duration::from_secs(10);
/// How often old receipts are dropped.
const SWEEP: Duration = Duration::from_secs(3600);
/// How long a receipt is kept, in milliseconds.
const KEPT_MS: i64 = 7 * 24 * 3600 * 1000;
/// Receipts dropped in one transaction; commits come between.
const SWEPT_AT_ONCE: u64 = 500;

/// For how long the WAL is tried to be emptied beside another checkpoint, and how long lies between.
const EMPTIED_WITHIN: Duration = Duration::from_millis(200);
const EMPTIED_REST: Duration = Duration::from_millis(10);

/// The task that moves the WAL.
pub(super) struct Checkpointer {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Checkpointer {
    /// Starts, on the runtime that this is called on.
    pub(super) fn spawn(db: DatabaseConnection, files: Watch, space: Space, faults: Faults) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, task: tokio::spawn(run(db, (files, space, faults), stopped)) }
    }

    /// Stops, and leaves an empty WAL.
    pub(super) async fn stop(self) {
        // It may have ended already, with its runtime.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

async fn run(
    db: DatabaseConnection,
    (files, space, faults): (Watch, Space, Faults),
    mut stopped: oneshot::Receiver<()>,
) {
    let (mut moved, mut failed, mut swept) = (Instant::now(), None::<Instant>, None::<Instant>);
    while timeout(LOOK, &mut stopped).await.is_err() {
        if let Some(path) = files.lost() {
            directory_lost(path);
        }
        space.look_again(&db).await;
        // The directory is looked at even while a failed attempt rests.
        if failed.is_some_and(|at| at.elapsed() < REST) {
            continue;
        }
        failed = None;
        match tend(&db, moved.elapsed() >= REST, &faults).await {
            Ok(true) => moved = Instant::now(),
            Ok(false) => {}
            Err(error) => {
                warn(&error, "the WAL could not be moved");
                failed = Some(Instant::now());
            }
        }
        if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
            swept = Some(Instant::now());
            if let Err(error) = sweep(&db, now_ms() - KEPT_MS).await {
                warn(&error, "old receipts were not dropped");
            }
            faults.pass(Point::ReceiptsSwept);
        }
    }
    faults.pass(Point::StopBefore);
    if let Err(error) = checkpoint(&db, "TRUNCATE").await.map(drop).and(db.close().await) {
        warn(&error, "the WAL was not emptied");
    }
    faults.pass(Point::StopAfter);
}

/// Says what went wrong. Ends the process if the disk lost a write, also where nobody listens to warnings: a macro for
/// logs looks at its fields only if somebody does.
fn warn(error: &DbErr, what: &str) {
    let why = why(error);
    tracing::warn!(%why, "{what}");
}

/// What is written now goes into files that nobody will find again, and the new ones may be served by another process.
fn directory_lost(path: &Path) -> ! {
    end(&format!("the data directory was removed or replaced, what is written is lost: {}", path.display()))
}

/// Moves what has to be moved by now. False: nothing had.
async fn tend(db: &DatabaseConnection, rested: bool, faults: &Faults) -> Result<bool, DbErr> {
    let waiting = |(log, done): (i64, i64)| log - done;
    let waits = waiting(checkpoint(db, "NOOP").await?);
    if waits < MANY_FRAMES && !(rested && waits > 0) {
        return Ok(false);
    }
    faults.pass(Point::CheckpointBefore);
    let (log, _) = checkpoint(db, "PASSIVE").await?;
    faults.pass(Point::CheckpointAfter);
    if log > TOO_MANY_FRAMES {
        checkpoint(db, "RESTART").await?;
    }
    Ok(true)
}

/// Frames in the WAL, and how many of them are in the file as well.
async fn checkpoint(db: &DatabaseConnection, mode: &str) -> Result<(i64, i64), DbErr> {
    let pragma = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA wal_checkpoint({mode})"));
    let row = db.query_one_raw(pragma).await?;
    let Some(row) = row else { return Ok((0, 0)) };
    Ok((row.try_get_by_index(1)?, row.try_get_by_index(2)?))
}

/// Empties the WAL, whatever lies in it. False: somebody goes on reading from it, or the disk did not take it.
///
/// Tried again where another checkpoint is under way, which SQLite does not wait for as it does for readers.
pub(super) async fn emptied(db: &DatabaseConnection) -> bool {
    let pragma = || Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
    let began = Instant::now();
    loop {
        match db.query_one_raw(pragma()).await {
            Ok(Some(row)) if row.try_get_by_index::<i64>(0).is_ok_and(|busy| busy == 0) => return true,
            Ok(_) if began.elapsed() < EMPTIED_WITHIN => tokio::time::sleep(EMPTIED_REST).await,
            Ok(_) => return false,
            Err(error) => {
                warn(&error, "the WAL could not be emptied");
                return false;
            }
        }
    }
}

/// Drops receipts from before an instant.
pub(super) async fn sweep(db: &DatabaseConnection, before_ms: i64) -> Result<u64, DbErr> {
    let sql = "DELETE FROM receipt WHERE (product, kind, key) IN \
               (SELECT product, kind, key FROM receipt WHERE at < ?1 ORDER BY at LIMIT ?2)";
    let mut swept = 0;
    loop {
        let values = [before_ms.into(), SWEPT_AT_ONCE.into()];
        let gone = db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
        swept += gone.rows_affected();
        if gone.rows_affected() < SWEPT_AT_ONCE {
            return Ok(swept);
        }
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
