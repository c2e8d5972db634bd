//! Commits that are repeated, contradictory, out of space, or in doubt.

use std::sync::Arc;
use std::time::Duration;

use actors::store::{Backend, Change, Fault, Numbered, Page, ReceiptKind, Store, Why, Write, Written};
use futures::FutureExt;
use futures::future::join_all;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;

use super::support::{Pair, id, lease_to, open, product, report, spec, submit};
use crate::store::backend::SqliteBackend;
use crate::store::checkpoint::sweep;
use crate::store::connect::{Role, connect};
use crate::store::lock::Lock;
use crate::store::outcome::settled;
use domain::job::{Command, Stage};

fn keyed(n: u16, key: &str) -> Write {
    submit(&product("p1"), n, spec(json!({"idempotencyKey": key, "contentHash": "abc"})), true).1
}

#[tokio::test]
async fn a_key_is_given_once_in_a_batch_and_across() {
    let dir = tempfile::tempdir().unwrap();
    let pair = Pair::new(dir.path()).await;
    let first = [keyed(1, "a"), keyed(2, "a"), keyed(3, "b")];
    let second = [keyed(4, "b"), keyed(5, "c"), keyed(6, "c")];
    for (writes, created) in [(first, 2), (second, 1)] {
        let sqlite = join_all(writes.iter().map(|write| pair.sqlite.commit(write.clone()))).await;
        let memory = join_all(writes.iter().map(|write| pair.memory.commit(write.clone()))).await;
        assert_eq!(sqlite, memory);
        assert_eq!(sqlite.iter().filter(|answer| answer.is_ok()).count(), created);
    }
}

#[tokio::test]
async fn many_at_once_are_numbered_without_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let pair = Pair::new(dir.path()).await;
    let writes = (1..=300).map(|n| pair.sqlite.commit(submit(&pair.product, n, spec(json!({})), true).1));
    let mut last: Vec<u64> = join_all(writes).await.into_iter().map(|answer| answer.unwrap().last_seq).collect();
    last.sort_unstable();
    assert_eq!(last, (1..=300).map(|n| n * 2).collect::<Vec<_>>());
    let events = pair.sqlite.events(&pair.product, None, Page { after: None, limit: 1000 }).await.unwrap();
    assert!(events.iter().map(|event| event.seq).eq(1..=600));
    assert_eq!(open(&pair.sqlite, &pair.product).await.waiting.len(), 300);
    let reads = join_all((0..=300).map(|n| pair.sqlite.job(&pair.product, id(n)))).await;
    let found: Vec<_> = reads.into_iter().filter_map(|read| read.unwrap().map(|stored| stored.job.id)).collect();
    assert!(found.into_iter().eq((1..=300).map(id)), "each caller gets its own job, and job 0 does not exist");
}

#[tokio::test]
async fn a_snapshot_that_does_not_follow_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::new(dir.path()).await;
    pair.submit(1, spec(json!({})), true).await;
    let (job, _) = pair.jobs[&id(1)].clone();
    let stale = |job: domain::job::Job| {
        let (of, fact) = (job.product.clone(), domain::job::Fact::Ready {});
        let change = Change::Job { job: Arc::new(job), prev_seq: 2, edited: false, ended: None, receipt: None };
        Write { product: of, at: pair.now, by: domain::By::Coordinator, facts: vec![fact.into()], change }
    };
    let unknown = domain::job::Job { id: id(9), rev: 2, ..job.clone() };
    let ahead = domain::job::Job { rev: 3, ..job.clone() };
    let behind = domain::job::Job { rev: 1, ..job.clone() };
    for write in [stale(unknown), stale(ahead), stale(behind), submit(&pair.product, 1, spec(json!({})), true).1] {
        assert_eq!(pair.commit(write).await, Err(Fault::Lost));
        open(&pair.memory, &pair.product).await;
        assert_eq!(open(&pair.sqlite, &pair.product).await.last_seq, 2);
    }
    pair.agree(&[]).await;
    pair.does(1, lease_to("mac-1", 1), None).await;
    pair.agree(&[]).await;
}

async fn backend(dir: &std::path::Path) -> SqliteBackend {
    crate::store::SqliteStore::open(dir).await.unwrap().close().await;
    let file = dir.join("gigafactory.db");
    let lock = Arc::new(Lock::take(dir).unwrap());
    let (alive, _) = tokio::sync::oneshot::channel();
    SqliteBackend {
        writer: connect(&file, Role::Writer).await.unwrap(),
        file,
        space: Default::default(),
        unsettled: None,
        _lock: lock,
        _alive: alive,
    }
}

fn numbered(n: u16, first_seq: u64) -> Numbered {
    let body = "long ".repeat(4000);
    Numbered { first_seq, write: Arc::new(submit(&product("p1"), n, spec(json!({"bodyMd": body})), true).1) }
}

#[tokio::test]
async fn a_full_disk_is_said_and_survived() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = backend(dir.path()).await;
    backend.writer.execute_unprepared("PRAGMA max_page_count = 40").await.unwrap();
    let mut written = 0;
    let refused = loop {
        let outcome = backend.write(&[numbered(written + 1, u64::from(written) * 2 + 1)]).await;
        if outcome != Written::Committed {
            break outcome;
        }
        written += 1;
    };
    assert_eq!(refused, Written::NotWritten(Why::Full));
    assert_eq!(backend.pin(&product("p1")).await.unwrap().last_seq, u64::from(written) * 2);
    backend.writer.execute_unprepared("PRAGMA max_page_count = 4000").await.unwrap();
    assert_eq!(backend.write(&[numbered(written + 1, u64::from(written) * 2 + 1)]).await, Written::Committed);
}

#[tokio::test]
async fn a_locked_database_is_unavailable_and_survived() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = backend(dir.path()).await;
    backend.writer.execute_unprepared("PRAGMA busy_timeout = 10").await.unwrap();
    let other = connect(&backend.file, Role::Checkpointer).await.unwrap();
    other.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        other.execute_unprepared("ROLLBACK").await.unwrap();
    };
    let batch = [numbered(1, 1)];
    let (outcome, ()) = futures::join!(backend.write(&batch), release);
    assert!(matches!(outcome, Written::NotWritten(Why::Unavailable(_))), "{outcome:?}");
    assert_eq!(backend.write(&batch).await, Written::Committed);
}

#[tokio::test]
async fn an_unsure_commit_is_looked_up() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = backend(dir.path()).await;
    assert_eq!(backend.write(&[numbered(1, 1)]).await, Written::Committed);
    assert_eq!(settled(&backend.file, &(product("p1"), 1)).await, Some(true));
    assert_eq!(settled(&backend.file, &(product("p1"), 3)).await, Some(false));
    assert_eq!(settled(&backend.file, &(product("p2"), 1)).await, Some(false));
}

#[tokio::test]
async fn a_pinned_state_stays_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = backend(dir.path()).await;
    let early = backend.pin(&product("p1")).await.unwrap();
    let dropped = backend.pin(&product("p1")).await.unwrap();
    let halfway = backend.pin(&product("p1")).await.unwrap();
    assert_eq!(backend.write(&[numbered(1, 1)]).await, Written::Committed);
    drop(dropped);
    // Polled once, so that it is dropped while it reads.
    drop(halfway.load.now_or_never());
    let opened = early.load.await.unwrap();
    assert_eq!((opened.last_seq, opened.waiting.len()), (0, 0));
    assert_eq!(backend.pin(&product("p1")).await.unwrap().load.await.unwrap().waiting.len(), 1);
    let db = connect(&backend.file, Role::Checkpointer).await.unwrap();
    let truncate = || Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
    let holders_left = async {
        while db.query_one_raw(truncate()).await.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap() != 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), holders_left).await.unwrap();
}

#[tokio::test]
async fn old_receipts_are_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::new(dir.path()).await;
    pair.submit(1, spec(json!({})), true).await;
    pair.does(1, lease_to("mac-1", 1), Some((ReceiptKind::Claim, "mac-1/c1"))).await;
    let first = pair.now;
    pair.does(1, Command::Report(Box::new(report(1, Stage::Building))), Some((ReceiptKind::Report, "r1"))).await;
    let db = connect(&dir.path().join("gigafactory.db"), Role::Checkpointer).await.unwrap();
    assert_eq!(sweep(&db, first.0).await.unwrap(), 0);
    assert_eq!(sweep(&db, first.0 + 1).await.unwrap(), 1);
    assert!(pair.sqlite.receipt(&pair.product, ReceiptKind::Claim, "mac-1/c1").await.unwrap().is_none());
    assert!(pair.sqlite.receipt(&pair.product, ReceiptKind::Report, "r1").await.unwrap().is_some());
}
