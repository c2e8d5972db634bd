//! A good history breaks no rule; each planted one breaks exactly its own.

use std::collections::BTreeSet;

use checker::{RULES, SEEN};
use serde_json::json;

use super::book::{Book, job};
use super::plants::scheduler::good;
use super::plants::{PLANTS, families};

/// An ordinary day: work that ships, a factory that falls silent, a job that waits for another.
pub(crate) fn day() -> Book {
    let (a, b) = (job(1), job(2));
    let mut book = Book::new();
    book.mark("started").beat("f1", 2, &[]).beat("f2", 1, &[]);
    book.submit(&a, "k-a").submit_with(&b, "k-b", json!({"dependsOn": [a]}));
    book.claim("f1", &a, "c-1").report("f1", &a, "building").again().renew("f1", &a);
    book.wait(40_000).beat("f1", 2, &[(&a, 1)]).report("f1", &a, "review").look(&a);
    book.ship("f1", &a).again().ready(&b).claim("f2", &b, "c-2").again();
    book.wait(90_100).expire(&b).look(&b).stale("f2", &b, 1).beat("f2", 1, &[(&b, 1)]);
    book.wait(40_000).claim("f1", &b, "c-3").release("f1", &b).look(&b);
    book.set("settings", json!({"estimateUsd": "0.5"})).set("weights", json!({"age": 300}));
    book.pause().nothing("f1").set("weights", json!({"age": 200})).resume().claim("f1", &b, "c-4").requeue(&b).look(&b);
    book
}

#[test]
fn a_good_history_breaks_no_rule() {
    let verdict = day().verdict();
    let found: Vec<String> = verdict.violations.iter().map(ToString::to_string).collect();
    assert!(verdict.is_good(), "{}", found.join("\n"));
    let counts = verdict.counts;
    assert_eq!((counts.jobs, counts.grants, counts.expiries, counts.marks), (2, 4, 1, 1));
    assert_eq!((counts.unknown, counts.not_done), (0, 0));
    for name in ["dependency unblocked", "expired then re-granted", "fenced event", "repeated report", "repeated claim"]
    {
        assert!(verdict.seen.contains_key(name), "{name} was not seen: {:?}", verdict.seen);
    }
    assert_eq!(verdict.seen.len() + verdict.unseen().len(), SEEN.len());
}

#[test]
fn a_batch_is_as_many_writes_as_it_makes_jobs() {
    let mut book = Book::new();
    let all = [(&*job(1), "k-a"), (&*job(2), "k-b"), (&*job(3), "k-c")];
    book.mark("started").beat("f1", 2, &[]).batch(&all).batch_again().claim("f1", &job(2), "c-1");
    // Whether one without an answer was done is for the log to say.
    book.batch(&[(&job(4), "k-d"), (&job(5), "k-e")]).unanswered();
    let verdict = book.verdict();
    assert!(verdict.is_good(), "{:?}", verdict.violations);
    assert_eq!((verdict.counts.acknowledged, verdict.counts.unknown, verdict.counts.jobs), (4, 1, 5));
    let seen = |name: &str| verdict.seen.get(name).copied().unwrap_or_default();
    assert_eq!((seen("duplicate submit"), seen("unknown outcome that was committed")), (3, 2));
}

#[test]
fn a_waiting_claim_may_miss_a_grant_where_writes_are_slow() {
    let overlooked = |slow_ms: i64| {
        let (a, b) = (job(1), job(2));
        let mut book = Book::new();
        book.mark("started").beat("f1", 2, &[]).beat("f2", 1, &[]).submit(&a, "k-a").claim("f1", &a, "c-1");
        book.submit(&b, "k-b").nothing("f2");
        book.last()["body"]["waitSec"] = 1.into();
        let until = book.last()["until"].as_i64().expect("a time");
        book.wait(-10).report("f1", &a, "building");
        book.last()["until"] = (until + slow_ms).into();
        book.verdict().broken
    };
    assert!(overlooked(700).is_empty());
    assert_eq!(overlooked(50).keys().copied().collect::<Vec<_>>(), ["I20"]);
}

#[test]
fn a_preemption_as_it_should_be_breaks_no_rule() {
    let verdict = good().verdict();
    let found: Vec<String> = verdict.violations.iter().map(ToString::to_string).collect();
    assert!(verdict.is_good(), "{}", found.join("\n"));
    for name in ["preempted by eviction", "kept seat taken", "stale report after a preemption"] {
        assert!(verdict.seen.contains_key(name), "{name} was not seen: {:?}", verdict.seen);
    }
}

#[test]
fn families_as_they_should_be_break_no_rule() {
    let verdict = families::good().verdict();
    let found: Vec<String> = verdict.violations.iter().map(ToString::to_string).collect();
    assert!(verdict.is_good(), "{}", found.join("\n"));
    for name in [
        "shipped by itself",
        "decomposed by its holder",
        "children added",
        "children added to what had waited",
        "parent unblocked",
        "cancelled with its parent",
    ] {
        assert!(verdict.seen.contains_key(name), "{name} was not seen: {:?}", verdict.seen);
    }
}

#[test]
fn each_planted_fault_breaks_its_rule_and_no_other() {
    let mut wrong = Vec::new();
    for (rule, name, plant) in PLANTS {
        let verdict = plant().verdict();
        let broken: BTreeSet<_> = verdict.broken.keys().copied().collect();
        if broken != BTreeSet::from([*rule]) {
            let found: Vec<String> = verdict.violations.iter().map(ToString::to_string).collect();
            wrong.push(format!("{rule}, {name}:\n    {}", found.join("\n    ")));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_planted_fault() {
    let planted: BTreeSet<_> = PLANTS.iter().map(|(rule, ..)| *rule).collect();
    // What only a data directory shows is planted in one.
    let rules: BTreeSet<_> = RULES.iter().copied().filter(|rule| *rule != "data").collect();
    assert_eq!(planted, rules);
}

#[test]
fn a_violation_is_one_clear_line() {
    let a = job(1);
    let mut book = day();
    book.jobs.get_mut(&a).expect("a job")["attempt"] = 7.into();
    let verdict = book.verdict();
    assert_eq!(
        verdict.violations[0].to_string(),
        format!("I23 acme job {a} seq 10: the dump has attempt 7 where 0 was due")
    );
}

#[test]
fn who_limits_reviews_has_claims_that_get_nothing() {
    let overlooked = |members| {
        let mut book = Book::new();
        book.mark("started").beat("f1", 1, &[]).beat("f2", 1, &[]).set("settings", members);
        book.submit(&job(2), "k-b").claim("f2", &job(2), "c-2").report("f2", &job(2), "review");
        book.submit(&job(1), "k-a").nothing("f1");
        book.verdict().broken.keys().copied().collect::<Vec<_>>()
    };
    assert_eq!(overlooked(json!({"reviewLimit": null, "recordScores": true})), ["I20"]);
    assert_eq!(overlooked(json!({"reviewLimit": 2})), ["I20"]);
    assert!(overlooked(json!({"reviewLimit": 1})).is_empty());
}
