//! Batches: what is true of a submit is true of each of its entries.

use serde_json::{Value, json};

use crate::book::{Book, job};

/// A batch of three that was answered.
fn sent() -> Book {
    let mut book = Book::new();
    book.mark("started").batch(&[(&job(1), "k-a"), (&job(2), "k-b"), (&job(3), "k-c")]);
    book
}

/// The entries' answers.
fn results(book: &mut Book) -> &mut Vec<Value> {
    book.last()["answer"]["results"].as_array_mut().expect("results")
}

/// The event log without what it says of a job.
fn forget(book: &mut Book, id: &str) {
    book.events.retain(|event| event["jobId"] != *id);
    for (at, event) in book.events.iter_mut().enumerate() {
        event["seq"] = (at + 1).into();
    }
    book.jobs.remove(id);
}

pub(super) fn entry_lost() -> Book {
    let mut book = sent();
    forget(&mut book, &job(2));
    book
}

pub(super) fn batch_lost() -> Book {
    let mut book = sent();
    book.mark("ended").mark("started").submit(&job(4), "k-d");
    [1, 2, 3].map(job).iter().for_each(|id| forget(&mut book, id));
    book
}

pub(super) fn entry_twice() -> Book {
    let mut book = sent();
    book.batch(&[(&job(4), "k-c"), (&job(5), "k-d")]);
    book
}

pub(super) fn entry_mismatch() -> Book {
    let mut book = sent();
    book.batch_again();
    results(&mut book)[1] = json!({"status": 422, "problem": {"code": "idempotency-mismatch"}});
    book
}

pub(super) fn entries_swapped() -> Book {
    let mut book = sent();
    results(&mut book).swap(0, 1);
    book
}

pub(super) fn entry_late() -> Book {
    let mut book = sent();
    let (batch, later) = (book.events.len(), job(4));
    // Asked after the batch was answered, at the same time by the clock, and before one of its entries in the log.
    book.wait(-10).submit(&later, "k-d");
    let last = book.events.split_off(batch);
    book.events.splice(4..4, last);
    for (at, event) in book.events.iter_mut().enumerate() {
        event["seq"] = (at + 1).into();
    }
    book
}

pub(super) fn other_stage() -> Book {
    let mut book = sent();
    results(&mut book)[2]["job"]["stage"] = "blocked".into();
    book
}

pub(super) fn unanswered() -> Book {
    let mut book = sent();
    book.batch_again();
    results(&mut book).pop();
    book
}

pub(super) fn nameless() -> Book {
    let mut book = sent();
    book.batch_again();
    results(&mut book)[1].as_object_mut().expect("an object").remove("job");
    book
}

pub(super) fn not_done() -> Book {
    let mut book = sent();
    results(&mut book)[1] = json!({"status": 503, "problem": {"code": "overloaded"}});
    book
}

pub(super) fn unasked() -> Book {
    let mut book = sent();
    book.last()["body"]["jobs"].as_array_mut().expect("entries").pop();
    results(&mut book).pop();
    book
}
