//! Repeats that are not taken as such.

use serde_json::{Value, json};

use super::held;
use crate::book::{Book, job};

pub(super) fn key_twice() -> Book {
    let (mut book, _) = held();
    book.submit(&job(2), "k-a");
    book
}

pub(super) fn submit_mismatch() -> Book {
    let (mut book, _) = held();
    book.submit(&job(2), "k-b");
    let body = book.last()["body"].clone();
    book.op("ada", ("POST", "jobs", body), (422, json!({"code": "idempotency-mismatch"})));
    book
}

pub(super) fn repeat_fenced() -> Book {
    let (mut book, a) = held();
    book.report("f1", &a, "review");
    let body = book.last()["body"].clone();
    book.ship("f1", &a);
    let problem = json!({"code": "stale-lease", "leaseEpoch": 1});
    book.op("f1", ("PATCH", &format!("jobs/{a}"), body), (409, problem));
    book
}

pub(super) fn stage_fenced() -> Book {
    let (mut book, a) = held();
    book.report("f1", &a, "building").release("f1", &a);
    let body = json!({"leaseEpoch": 1, "stage": "building"});
    let problem = json!({"code": "stale-lease", "leaseEpoch": 2});
    book.op("f1", ("PATCH", &format!("jobs/{a}"), body), (409, problem));
    book
}

pub(super) fn claim_forgotten() -> Book {
    let (mut book, _) = held();
    let body = book.last()["body"].clone();
    book.op("f1", ("POST", "claim", body), (204, Value::Null));
    book
}

pub(super) fn claim_twice() -> Book {
    let mut book = Book::new();
    book.mark("started").beat("f1", 2, &[]).submit(&job(1), "k-a").submit(&job(2), "k-b");
    book.claim("f1", &job(1), "c-1").claim("f1", &job(2), "c-1");
    book
}

pub(super) fn false_repeat() -> Book {
    let (mut book, a) = held();
    book.reported("f1", &a, "review");
    book.last()["answer"]["repeated"] = true.into();
    book
}
