//! What a coordinator would have done that loses sight of who is a part of whom.

use serde_json::{Value, json};

use crate::book::{Book, job};

/// A parent with these members, and two children.
fn family(members: Value) -> (Book, [String; 3]) {
    let [parent, a, b] = [job(1), job(2), job(3)];
    let mut book = Book::new();
    book.mark("started").wait(62_000).beat("f1", 3, &[]);
    book.family(&parent, members, &[(&a, "k-a"), (&b, "k-b")]);
    (book, [parent, a, b])
}

/// Families as they should be: a parent that ships by itself, one that is put together after a failure was overruled,
/// one that is decomposed, one that is cancelled with its child.
pub(crate) fn good() -> Book {
    let (mut book, [parent, a, b]) = family(json!({"autoComplete": true}));
    book.claim("f1", &a, "c-1").ship("f1", &a).claim("f1", &b, "c-2").ship("f1", &b).ships_by_itself(&parent);
    let [parent, a, b, c] = [job(4), job(5), job(6), job(7)];
    book.submit(&parent, "k-4").claim("f1", &parent, "c-3").adopt(&parent, (&a, "k-5"), None);
    book.claim("f1", &a, "c-4").fail("f1", &a).blocked(&parent).requeue(&parent);
    book.adopt(&parent, (&b, "k-6"), Some(&[&a])).claim("f1", &b, "c-5").ship("f1", &b).ready(&parent);
    book.claim("f1", &parent, "c-6").ship("f1", &parent);
    let parent = job(8);
    book.submit(&parent, "k-8").adopt(&parent, (&c, "k-7"), None).cancel(&parent).cancelled(&c, "coordinator");
    book.wait(10_000).look(&c);
    book
}

pub(super) fn granted_early() -> Book {
    // From its beginning it is taken for a job without children.
    let (mut book, [parent, ..]) = family(json!({"kind": "leaf"}));
    book.claim("f1", &parent, "c-1");
    book
}

pub(super) fn ready_early() -> Book {
    let (mut book, [parent, a, _]) = family(json!({}));
    book.claim("f1", &a, "c-1").ship("f1", &a).ready(&parent);
    book
}

pub(super) fn unblocked_twice() -> Book {
    let (mut book, [parent, a, b]) = family(json!({}));
    book.claim("f1", &a, "c-1").ship("f1", &a).claim("f1", &b, "c-2").ship("f1", &b).ready(&parent).ready(&parent);
    book
}

pub(super) fn not_unblocked() -> Book {
    let (mut book, [parent, a, b]) = family(json!({}));
    book.claim("f1", &a, "c-1").ship("f1", &a).claim("f1", &b, "c-2").ship("f1", &b).mark("healed");
    book.wait(10_000).look(&parent);
    book
}

pub(super) fn shipped_with_a_failed_child() -> Book {
    let (mut book, [parent, a, b]) = family(json!({"autoComplete": true, "onDepFailure": "ignore"}));
    book.claim("f1", &a, "c-1").ship("f1", &a).claim("f1", &b, "c-2").fail("f1", &b).ships_by_itself(&parent);
    book
}

pub(super) fn left_behind() -> Book {
    let (mut book, [parent, a, b]) = family(json!({}));
    book.cancel(&parent).cancelled(&a, "coordinator").wait(10_000).look(&b);
    book
}

pub(super) fn overruled_by_nobody() -> Book {
    let (mut book, [parent, a, _]) = family(json!({}));
    book.claim("f1", &a, "c-1").fail("f1", &a).adopt(&parent, (&job(4), "k-c"), Some(&[&a]));
    book
}

pub(super) fn overruled_again() -> Book {
    let (mut book, [parent, a, _]) = family(json!({}));
    book.claim("f1", &a, "c-1").fail("f1", &a).blocked(&parent).requeue(&parent);
    book.adopt(&parent, (&job(4), "k-c"), None);
    book
}

pub(super) fn forgotten() -> Book {
    let parent = job(1);
    let mut book = Book::new();
    book.mark("started").submit(&parent, "k-p").adopt(&parent, (&job(2), "k-a"), None);
    book.adopt(&parent, (&job(3), "k-b"), None);
    let (settled, event) = (json!([job(2)]), 3);
    // What is given up is open still, and it is the job's first children: it was queued.
    book.events[event - 1]["data"]["settled"] = settled;
    book
}

pub(super) fn unasked() -> Book {
    let (mut book, [parent, ..]) = family(json!({}));
    book.adopt(&parent, (&job(4), "k-c"), None);
    book.last()["path"] = format!("/api/fleet/jobs/{}/children", job(9)).into();
    book
}
