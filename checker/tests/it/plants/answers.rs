//! Answers that are not true, or not in order.

use serde_json::{Value, json};

use super::held;
use crate::book::{Book, job};

pub(super) fn report_lost() -> Book {
    let (mut book, a) = held();
    let before = book.job(&a);
    book.report("f1", &a, "building");
    book.events.pop();
    book.jobs.insert(a, before);
    book
}

pub(super) fn rev_invented() -> Book {
    let (mut book, a) = held();
    book.look(&a);
    book.last()["answer"]["rev"] = 9.into();
    book
}

pub(super) fn stale_read() -> Book {
    let (mut book, a) = held();
    let before = book.job(&a);
    book.report("f1", &a, "building").look(&a);
    book.last()["answer"] = before;
    book
}

pub(super) fn stale_read_elsewhere() -> Book {
    let (mut book, a) = held();
    let before = book.job(&a);
    // Nobody was told of the report, but of a job that was made after it.
    book.report("f1", &a, "building").unanswered().submit(&job(2), "k-b").look(&a);
    book.last()["answer"] = before;
    book
}

pub(super) fn not_found() -> Book {
    let (mut book, a) = held();
    book.op("bob", ("GET", &format!("jobs/{a}"), Value::Null), (404, json!({"code": "not-found"})));
    book
}

pub(super) fn other_stage() -> Book {
    let (mut book, a) = held();
    book.look(&a);
    book.last()["answer"]["stage"] = "building".into();
    book
}

pub(super) fn other_job() -> Book {
    let (mut book, a) = held();
    book.submit(&job(2), "k-b");
    let answer = book.job(&a);
    book.op("bob", ("GET", &format!("jobs/{}", job(2)), Value::Null), (200, answer));
    book
}

pub(super) fn other_lease() -> Book {
    let (mut book, a) = held();
    let lease = book.job(&a)["lease"].clone();
    book.release("f1", &a);
    book.op("bob", ("GET", &format!("jobs/{a}/lease"), Value::Null), (200, lease));
    book
}

pub(super) fn other_run() -> Book {
    let (mut book, a) = held();
    book.ship("f1", &a);
    let mut run = book.runs[0].clone();
    run["result"] = "failed".into();
    book.op("bob", ("GET", &format!("jobs/{a}/runs"), Value::Null), (200, json!({"data": [run]})));
    book
}

pub(super) fn internal() -> Book {
    let (mut book, a) = held();
    book.op("bob", ("GET", &format!("jobs/{a}"), Value::Null), (500, json!({"code": "internal"})));
    book
}

pub(super) fn no_code() -> Book {
    let (mut book, a) = held();
    book.op("bob", ("GET", &format!("jobs/{a}"), Value::Null), (400, Value::Null));
    book
}
