//! What was asked for and is not kept: attempts, pauses, approvals, the words of an order, leases that are to end at once.

use serde_json::{Value, json};

use super::held;
use crate::book::{Book, job, time};

/// 2026-11-21T00:00:00.000Z.
const T0: i64 = 1_795_219_200_000;

/// A job with these members in the hands of f1, which is building.
fn built(members: Value) -> (Book, String) {
    let a = job(1);
    let mut book = Book::new();
    book.mark("started").beat("f1", 1, &[]).submit_with(&a, "k-a", members).claim("f1", &a, "c-1");
    book.report("f1", &a, "building");
    (book, a)
}

pub(super) fn endless() -> Book {
    let (mut book, a) = built(json!({"retry": {"maxAttempts": 1, "backoffSec": 30}}));
    book.wait(90_100).expire(&a);
    book
}

pub(super) fn given_up() -> Book {
    let (mut book, a) = held();
    book.wait(90_100).expire(&a);
    let last = book.events.last_mut().expect("an event");
    last["type"] = "job.dead_lettered".into();
    last["data"] = json!({"attempt": 1});
    let at = last["at"].clone();
    let ended = book.jobs.get_mut(&a).expect("a job");
    ended["stage"] = "dead_letter".into();
    ended["finishedAt"] = at;
    for member in ["notBefore", "queuedAt"] {
        ended.as_object_mut().expect("an object").remove(member);
    }
    book
}

pub(super) fn short_pause() -> Book {
    let (mut book, a) = held();
    book.wait(90_100).expire(&a);
    let until = book.now() + 20_000;
    book.events.last_mut().expect("an event")["data"]["notBefore"] = (T0 + until).into();
    book.jobs.get_mut(&a).expect("a job")["notBefore"] = time(until).into();
    book
}

pub(super) fn unapproved() -> Book {
    let (mut book, a) = built(json!({"approvals": {"required": 1, "reviewers": ["bob"], "by": []}}));
    approve(&mut book, &a, &["ada"]);
    book.ship("f1", &a);
    book
}

pub(super) fn approved_twice() -> Book {
    let (mut book, a) = built(json!({}));
    approve(&mut book, &a, &["ada"]);
    approve(&mut book, &a, &["ada", "ada"]);
    book
}

/// The last of these approves.
fn approve(book: &mut Book, id: &str, by: &[&str]) {
    let last = by.last().expect("a reviewer");
    let mut approvals = book.job(id)["approvals"].clone();
    approvals["by"] = json!(by);
    let rev = book.change(id, json!({"approvals": approvals}));
    book.job_event(id, Some(rev), "job.approved", &format!("operator:{last}"), json!({"reviewer": last}));
    let answer = book.job(id);
    book.op(last, ("POST", &format!("jobs/{id}/approve"), json!({"by": last})), (200, answer));
}

pub(super) fn not_fresh() -> Book {
    let (mut book, a) = held();
    book.requeue(&a);
    book.last()["body"] = json!({"fresh": true});
    book
}

pub(super) fn other_words() -> Book {
    let (mut book, a) = built(json!({}));
    approve(&mut book, &a, &["ada"]);
    book.last()["body"]["note"] = "well done".into();
    book
}

pub(super) fn left_out() -> Book {
    let (mut book, a) = held();
    book.wait(10_000).beat("f1", 1, &[]).wait(1_000).beat("f1", 1, &[]).wait(5_000).look(&a);
    book
}

pub(super) fn stopped() -> Book {
    let (mut book, _) = held();
    book.gate = Some((true, 1));
    book.event(None, 1, "product.estop", "operator:ada", json!({"gate": "estop"}));
    book.op("ada", ("POST", "estop", json!({})), (200, json!({"productId": "acme", "paused": true})));
    book
}
