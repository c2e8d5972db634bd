//! What is fed: in any order, as values or as texts, and what cannot be read.

use checker::{Call, Checker, Moment, Recorder};
use serde_json::json;

use super::book::{Book, PRODUCT, job};
use super::rules::day;

#[test]
fn a_recorded_history_is_read_as_it_was_written() {
    let recorder = Recorder::default();
    recorder.mark(Moment::Started, 0);
    let call = Call {
        client: "ada".into(),
        product: PRODUCT.into(),
        method: "GET".into(),
        path: "/api/fleet/jobs/none".into(),
        ..Call::default()
    };
    let open = recorder.invoke(5, call.clone());
    recorder.again(&open);
    recorder.settle(open, 6, 404, json!({"code": "not-found"}).to_string());
    let _lost = recorder.invoke(7, call);
    let lines = recorder.take();
    let mut by_value = Checker::default();
    let mut by_text = Checker::default();
    for line in &lines {
        by_value.line(line);
        by_text.line_text(&serde_json::to_string(line).expect("a line")).expect("a line");
    }
    let (one, two) = (by_value.verdict(), by_text.verdict());
    assert!(one.is_good() && two.is_good());
    assert_eq!(one.counts, two.counts);
    assert_eq!((one.counts.ops, one.counts.refused, one.counts.unknown, one.counts.marks), (2, 1, 1, 1));
}

#[test]
fn text_that_is_no_evidence_is_refused() {
    let mut checker = Checker::default();
    assert!(checker.line_text("{}").is_err());
    assert!(checker.event_text("[]").is_err());
    assert!(checker.record_text("7").is_err());
}

#[test]
fn an_unknown_outcome_may_have_been_carried_out_or_not() {
    let mut book = day();
    book.submit(&job(7), "k-7").unanswered();
    let verdict = book.verdict();
    assert!(verdict.is_good(), "{:?}", verdict.violations);
    assert_eq!(verdict.seen["unknown outcome that was committed"], 1);

    let mut book = day();
    let (jobs, events) = (book.jobs.clone(), book.events.clone());
    book.submit(&job(7), "k-7").unanswered();
    (book.jobs, book.events) = (jobs, events);
    let verdict = book.verdict();
    assert!(verdict.is_good(), "{:?}", verdict.violations);
    assert_eq!(verdict.seen["unknown outcome that was not committed"], 1);
}

#[test]
fn a_history_alone_is_held_against_itself() {
    let mut book = Book::new();
    book.complete = false;
    book.beat("f1", 1, &[]).submit(&job(1), "k-a");
    let before = book.job(&job(1));
    book.claim("f1", &job(1), "c-1").look(&job(1));
    book.last()["answer"] = before;
    book.events.clear();
    book.jobs.clear();
    book.runs.clear();
    book.factories.clear();
    let verdict = book.verdict();
    assert_eq!(verdict.broken.keys().copied().collect::<Vec<_>>(), ["I17"]);
}
