//! Leases that are granted, kept and fenced wrongly.

use serde_json::json;

use super::held;
use crate::book::{Book, job, time};

pub(super) fn granted_twice() -> Book {
    let (mut book, a) = held();
    book.claim("f2", &a, "c-2");
    book
}

pub(super) fn told_twice() -> Book {
    let (mut book, _) = held();
    let op = book.last().clone();
    book.op("f1", ("POST", "claim", op["body"].clone()), (200, op["answer"].clone()));
    // They ran at the same time: the second is no repeat.
    let first = book.lines.len() - 2;
    book.lines[first]["op"]["returned"] = 100.into();
    book.lines[first]["op"]["body"].as_object_mut().expect("a body").remove("claimId");
    book.last()["body"].as_object_mut().expect("a body").remove("claimId");
    let leased = book.events.last_mut().expect("an event");
    leased["data"].as_object_mut().expect("data").remove("claimId");
    book
}

pub(super) fn epoch_skipped() -> Book {
    let (mut book, a) = held();
    book.release("f1", &a);
    book.jobs.get_mut(&a).expect("a job")["leaseEpoch"] = 5.into();
    book.claim("f2", &a, "c-2");
    let shown = book.lines.len() - 2;
    assert_eq!(book.lines[shown]["op"]["answer"]["leaseEpoch"], 2, "the release showed what was true");
    book
}

pub(super) fn epoch_kept() -> Book {
    let (mut book, a) = held();
    let before = book.job(&a);
    book.release("f1", &a);
    book.events.last_mut().expect("an event")["data"]["end"]["epoch"] = before["leaseEpoch"].clone();
    book.jobs.get_mut(&a).expect("a job")["leaseEpoch"] = 1.into();
    book.last()["answer"]["leaseEpoch"] = 1.into();
    book
}

pub(super) fn holder_refused() -> Book {
    let (mut book, a) = held();
    book.refused("f1", &a, 1);
    book
}

pub(super) fn dead_renewed() -> Book {
    let (mut book, a) = held();
    book.release("f1", &a).renew("f1", &a);
    book.last()["body"]["leaseEpoch"] = 1.into();
    book.last()["answer"]["leaseEpoch"] = 1.into();
    book
}

pub(super) fn told_lost() -> Book {
    let (mut book, a) = held();
    book.beat("f1", 1, &[(&a, 1)]);
    book.last()["answer"]["renewed"] = json!([]);
    book.last()["answer"]["lost"] = json!([{"jobId": a, "leaseEpoch": 1}]);
    book
}

pub(super) fn fenced_twice() -> Book {
    let (mut book, a) = held();
    book.release("f1", &a).stale("f1", &a, 1).wait(30_000).stale("f1", &a, 1);
    book
}

pub(super) fn odd_epoch() -> Book {
    let (mut book, a) = held();
    book.release("f1", &a).refused("f1", &a, 1);
    book.last()["answer"]["leaseEpoch"] = 9.into();
    book
}

pub(super) fn usage_lost() -> Book {
    let (mut book, a) = held();
    book.release("f1", &a).refused("f1", &a, 1);
    book.last()["body"]["insights"] = json!({"costUsd": "0.1"});
    book
}

pub(super) fn early() -> Book {
    let (mut book, a) = held();
    book.wait(80_000).expire(&a);
    book
}

pub(super) fn late() -> Book {
    let (mut book, a) = held();
    book.wait(120_000).expire(&a);
    book
}

pub(super) fn never() -> Book {
    let (mut book, a) = held();
    book.wait(120_000).look(&a);
    book
}

pub(super) fn short_renewal() -> Book {
    let (mut book, a) = held();
    book.renew("f1", &a);
    let at = time(book.now() + 60_000);
    book.last()["answer"]["leaseExpiresAt"] = at.into();
    book
}

pub(super) fn other_ttl() -> Book {
    let (mut book, _) = held();
    book.last()["body"]["leaseTtlSec"] = 30.into();
    book
}

pub(super) fn seats() -> Book {
    let (mut book, _) = held();
    book.submit(&job(2), "k-b").claim("f1", &job(2), "c-2");
    book
}

pub(super) fn paused() -> Book {
    let (mut book, _) = held();
    book.submit(&job(2), "k-b").pause().claim("f2", &job(2), "c-2");
    book
}

pub(super) fn unfit() -> Book {
    let (mut book, _) = held();
    book.submit_with(&job(2), "k-b", json!({"capabilities": ["os:linux"]})).claim("f2", &job(2), "c-2");
    book
}

pub(super) fn locked() -> Book {
    let mut book = Book::new();
    let lock = json!({"concurrencyKey": "repo"});
    book.beat("f1", 2, &[]).submit_with(&job(1), "k-a", lock.clone()).submit_with(&job(2), "k-b", lock);
    book.claim("f1", &job(1), "c-1").claim("f1", &job(2), "c-2");
    book
}
