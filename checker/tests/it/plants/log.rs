//! Logs and records that are not what they should be.

use serde_json::json;

use super::held;
use crate::book::{Book, job, time};
use crate::rules::day;

pub(super) fn cancelled_after_end() -> Book {
    let (mut book, a) = held();
    book.ship("f1", &a);
    let at = time(book.now() + 1);
    let rev = book.change(&a, json!({"stage": "cancelled", "finishedAt": at}));
    book.job_event(&a, Some(rev), "job.cancelled", "operator:ada", json!({}));
    let answer = book.job(&a);
    book.op("ada", ("POST", &format!("jobs/{a}/cancel"), json!({})), (200, answer));
    book
}

pub(super) fn job_missing() -> Book {
    let (mut book, _) = held();
    book.submit(&job(2), "k-b");
    book.jobs.remove(&job(2));
    book
}

pub(super) fn ready_early() -> Book {
    let (mut book, a) = held();
    book.submit_with(&job(2), "k-b", json!({"dependsOn": [a]})).ready(&job(2));
    book
}

pub(super) fn hole() -> Book {
    let mut book = day();
    let fenced = book.events.iter().position(|event| event["type"] == "job.fenced").expect("one");
    book.events.remove(fenced);
    book
}

pub(super) fn rev_skipped() -> Book {
    let (mut book, a) = held();
    book.jobs.get_mut(&a).expect("a job")["rev"] = 7.into();
    book.report("f1", &a, "building");
    book
}

pub(super) fn overlooked() -> Book {
    let (mut book, _) = held();
    book.submit(&job(2), "k-b").nothing("f2");
    book
}

pub(super) fn not_unblocked() -> Book {
    let (mut book, a) = held();
    book.submit_with(&job(2), "k-b", json!({"dependsOn": [a]})).ship("f1", &a).mark("healed");
    book.wait(10_000).look(&job(2));
    book
}

pub(super) fn other_record() -> Book {
    let (mut book, a) = held();
    book.jobs.get_mut(&a).expect("a job")["checkpoint"] = json!({"wipBranch": "w"});
    book
}

pub(super) fn run_missing() -> Book {
    let (mut book, a) = held();
    book.ship("f1", &a);
    book.runs.clear();
    book
}

pub(super) fn backward() -> Book {
    let (mut book, a) = held();
    book.report("f1", &a, "review").report("f1", &a, "building");
    book
}

pub(super) fn hasty() -> Book {
    let (mut book, a) = held();
    book.wait(90_100).expire(&a).wait(10_000).claim("f2", &a, "c-2");
    book
}

pub(super) fn unasked() -> Book {
    let (mut book, a) = held();
    book.report("f1", &a, "building");
    book.lines.pop();
    book
}

pub(super) fn not_done() -> Book {
    let (mut book, _) = held();
    let op = book.last();
    op["status"] = 503.into();
    op["answer"] = json!({"code": "overloaded"});
    book
}

pub(super) fn fenced() -> Book {
    let (mut book, a) = held();
    book.release("f1", &a).stale("f1", &a, 1);
    book.lines.pop();
    book
}

pub(super) fn junk() -> Book {
    let (mut book, _) = held();
    book.runs.push(json!({"endedAt": 7}));
    book
}

pub(super) fn settings_skipped() -> Book {
    let (mut book, _) = held();
    book.set("settings", json!({"reviewLimit": 2}));
    book.gate = Some((false, 2));
    book.set("weights", json!({"age": 1.5}));
    book
}

pub(super) fn settings_unasked() -> Book {
    let (mut book, _) = held();
    book.set("settings", json!({"reviewLimit": 2}));
    book.gate = Some((false, 2));
    book.event(None, 2, "product.settings", "operator:ada", json!({"reviewLimit": null}));
    book
}
