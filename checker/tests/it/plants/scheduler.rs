//! What a broken scheduler would have done: evictions, decisions, limits, starvation.

use serde_json::{Value, json};

use super::held;
use crate::book::{Book, job};

const SHARES: [f64; 9] = [33.33, 0.0, 0.0, 0.0, 0.0, 0.0, 5.0, 5.0, 5.0];

/// A job of that urgency in the hands of f1, and another one of the other, which has waited for so long.
fn pressed(low: &str, high: &str, waited: i64) -> (Book, String, String) {
    let (a, b) = (job(1), job(2));
    let mut book = Book::new();
    book.mark("started").beat("f1", 1, &[]).submit_with(&a, "k-a", json!({"priority": low}));
    book.claim("f1", &a, "c-1").wait(1_000).submit_with(&b, "k-b", json!({"priority": high})).wait(waited);
    (book, a, b)
}

/// An eviction as it should be: the victim is fenced, and goes on when the urgent job is done.
pub(crate) fn good() -> Book {
    let (mut book, a, b) = pressed("normal", "critical", 15_500);
    book.preempt(&a, &b).claim("f1", &b, "c-2").stale("f1", &a, 1).ship("f1", &b).claim("f1", &a, "c-3");
    book.decided(json!({"considered": 2, "filtered": {"concurrency_key": 1}, "shares": SHARES}));
    book.submit_with(&job(3), "k-c", json!({"priority": "critical"})).wait(80_000);
    book.beat("f1", 1, &[(&a, 3)]).wait(80_000).beat("f1", 1, &[(&a, 3)]).wait(80_000).beat("f1", 1, &[(&a, 3)]);
    book.wait(80_000).preempt(&a, &job(3));
    book
}

pub(super) fn epoch_kept() -> Book {
    let (mut book, a, b) = pressed("normal", "critical", 15_500);
    book.preempt_under(&a, &b, 1);
    book
}

pub(super) fn equal() -> Book {
    let (mut book, a, b) = pressed("critical", "critical", 15_500);
    book.preempt(&a, &b);
    book
}

pub(super) fn not_critical() -> Book {
    let (mut book, a, b) = pressed("low", "high", 15_500);
    book.preempt(&a, &b);
    book
}

pub(super) fn for_nobody() -> Book {
    let (mut book, a, _) = pressed("low", "critical", 15_500);
    book.preempt(&a, &job(9));
    book
}

pub(super) fn placed() -> Book {
    let (mut book, a, b) = pressed("low", "critical", 100);
    book.beat("f2", 1, &[]).claim("f2", &b, "c-2").wait(62_000).preempt(&a, &b);
    book
}

pub(super) fn no_grace() -> Book {
    let (mut book, a, b) = pressed("normal", "critical", 9_000);
    book.preempt(&a, &b);
    book
}

pub(super) fn unprotected() -> Book {
    let (mut book, a, b) = pressed("normal", "critical", 15_500);
    book.preempt(&a, &b).claim("f1", &a, "c-2").wait(60_000).preempt(&a, &b);
    book
}

pub(super) fn switched_off() -> Book {
    let (mut book, a, b) = pressed("normal", "critical", 15_500);
    book.lines[0]["mark"]["preemption"] = false.into();
    book.preempt(&a, &b);
    book
}

pub(super) fn starved() -> Book {
    let mut book = Book::new();
    book.mark("started").beat("f1", 1, &[]).submit(&job(1), "k-1").wait(20 * 3_600_000 + 300_000);
    for no in 2..5 {
        book.submit(&job(no), &format!("k-{no}"))
            .claim("f1", &job(no), &format!("c-{no}"))
            .ship("f1", &job(no))
            .wait(40_000);
    }
    book
}

fn decided(decision: Value) -> Book {
    let (mut book, _) = held();
    book.decided(decision);
    book
}

pub(super) fn miscounted() -> Book {
    decided(json!({"considered": 3, "filtered": {"capabilities": 2, "engine": 1}, "shares": SHARES}))
}

pub(super) fn no_share() -> Book {
    decided(json!({"considered": 3, "shares": SHARES[..8]}))
}

pub(super) fn too_long() -> Book {
    decided(json!({"considered": 3, "shares": SHARES, "why": "x".repeat(300)}))
}

pub(super) fn other_weights() -> Book {
    let mut shares = SHARES;
    shares[0] = 40.0;
    let (mut book, a) = (Book::new(), job(1));
    // Weights are judged in calm times: some while after the start.
    book.mark("started").wait(62_000).beat("f1", 1, &[]).submit(&a, "k-a").claim("f1", &a, "c-1");
    book.decided(json!({"considered": 1, "shares": shares}));
    book
}

pub(super) fn reviews() -> Book {
    let (mut book, a) = held();
    book.set("settings", json!({"reviewLimit": 1})).submit(&job(2), "k-b").report("f1", &a, "review");
    book.wait(62_000).claim("f2", &job(2), "c-2");
    book
}

pub(super) fn engine_limited() -> Book {
    let a = job(1);
    let mut book = Book::new();
    let at_limit = json!([{"name": "mock", "state": "unavailable", "resetsAt": "2026-11-21T00:01:00.000Z"}]);
    book.mark("started").beat_with("f1", 1, at_limit).submit_with(&a, "k-a", json!({"engines": ["mock"]}));
    book.claim("f1", &a, "c-1");
    book
}
