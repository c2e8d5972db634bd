//! Faults that are planted into histories: what a broken coordinator would have done.

use serde_json::{Value, json};

use super::book::{Book, job};
use super::rules::day;

/// A rule, a fault that breaks it, and the history that shows it.
type Plant = (&'static str, &'static str, fn() -> Book);

/// Every fault.
pub const PLANTS: &[Plant] = &[
    ("I1", "granted while it is held", granted_twice),
    ("I1", "one grant told to two claims", told_twice),
    ("I2", "an epoch is left out", epoch_skipped),
    ("I2", "a release leaves the epoch", epoch_kept),
    ("I3", "the holder is turned away", holder_refused),
    ("I3", "a dead lease is renewed", dead_renewed),
    ("I3", "a held lease is told lost", told_lost),
    ("I3", "a refusal with an epoch that never was", odd_epoch),
    ("I4", "an acknowledged report is gone", report_lost),
    ("I4", "a rev is shown that never was", rev_invented),
    ("I5", "a key makes two jobs", key_twice),
    ("I5", "a repeated submit is refused as another", submit_mismatch),
    ("I6", "a repeated report is fenced", repeat_fenced),
    ("I6", "a repeated claim is told that there is nothing", claim_forgotten),
    ("I6", "a claim is granted twice", claim_twice),
    ("I6", "a report is taken for a repeat", false_repeat),
    ("I7", "a shipped job is cancelled", cancelled_after_end),
    ("I8", "a job is missing", job_missing),
    ("I9", "ready before its dependency", ready_early),
    ("I13", "a hole in the log", hole),
    ("I13", "a rev is left out", rev_skipped),
    ("I15", "expired too early", early),
    ("I15", "expired too late", late),
    ("I15", "never expired", never),
    ("I15", "renewed for less than promised", short_renewal),
    ("I17", "a read goes back", stale_read),
    ("I17", "a read of another job goes back", stale_read_elsewhere),
    ("I20", "a ready job is overlooked", overlooked),
    ("I20", "nobody is told that a dependency settled", not_unblocked),
    ("I23", "the record is not what the log says", other_record),
    ("I23", "the run is missing", run_missing),
    ("answer", "another stage is shown", other_stage),
    ("answer", "another result of a run", other_run),
    ("conformity", "a 500", internal),
    ("conformity", "a refusal without a code", no_code),
    ("grant", "more jobs than seats", seats),
    ("grant", "granted while paused", paused),
    ("grant", "granted to who cannot do it", unfit),
    ("grant", "two jobs of one key", locked),
    ("lifecycle", "a stage goes backward", backward),
    ("lifecycle", "granted before its pause was over", hasty),
    ("origin", "nobody asked for it", unasked),
    ("origin", "a claim was carried out that was told overload", not_done),
    ("origin", "fenced for nothing", fenced),
    ("unreadable", "a run that is none", junk),
];

/// A job in the hands of f1.
fn held() -> (Book, String) {
    let a = job(1);
    let mut book = Book::new();
    book.mark("started").beat("f1", 1, &[]).beat("f2", 1, &[]).submit(&a, "k-a").claim("f1", &a, "c-1");
    (book, a)
}

fn granted_twice() -> Book {
    let (mut book, a) = held();
    book.claim("f2", &a, "c-2");
    book
}

fn told_twice() -> Book {
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

fn epoch_skipped() -> Book {
    let (mut book, a) = held();
    book.release("f1", &a);
    book.jobs.get_mut(&a).expect("a job")["leaseEpoch"] = 5.into();
    book.claim("f2", &a, "c-2");
    let shown = book.lines.len() - 2;
    assert_eq!(book.lines[shown]["op"]["answer"]["leaseEpoch"], 2, "the release showed what was true");
    book
}

fn epoch_kept() -> Book {
    let (mut book, a) = held();
    let before = book.job(&a);
    book.release("f1", &a);
    book.events.last_mut().expect("an event")["data"]["end"]["epoch"] = before["leaseEpoch"].clone();
    book.jobs.get_mut(&a).expect("a job")["leaseEpoch"] = 1.into();
    book.last()["answer"]["leaseEpoch"] = 1.into();
    book
}

fn holder_refused() -> Book {
    let (mut book, a) = held();
    book.refused("f1", &a, 1);
    book
}

fn dead_renewed() -> Book {
    let (mut book, a) = held();
    book.release("f1", &a).renew("f1", &a);
    book.last()["body"]["leaseEpoch"] = 1.into();
    book.last()["answer"]["leaseEpoch"] = 1.into();
    book
}

fn told_lost() -> Book {
    let (mut book, a) = held();
    book.beat("f1", 1, &[(&a, 1)]);
    book.last()["answer"]["renewed"] = json!([]);
    book.last()["answer"]["lost"] = json!([{"jobId": a, "leaseEpoch": 1}]);
    book
}

fn odd_epoch() -> Book {
    let (mut book, a) = held();
    book.release("f1", &a).refused("f1", &a, 1);
    book.last()["answer"]["leaseEpoch"] = 9.into();
    book
}

fn report_lost() -> Book {
    let (mut book, a) = held();
    let before = book.job(&a);
    book.report("f1", &a, "building");
    book.events.pop();
    book.jobs.insert(a, before);
    book
}

fn rev_invented() -> Book {
    let (mut book, a) = held();
    book.look(&a);
    book.last()["answer"]["rev"] = 9.into();
    book
}

fn key_twice() -> Book {
    let (mut book, _) = held();
    book.submit(&job(2), "k-a");
    book
}

fn submit_mismatch() -> Book {
    let (mut book, _) = held();
    book.submit(&job(2), "k-b");
    let body = book.last()["body"].clone();
    book.op("ada", ("POST", "jobs", body), (422, json!({"code": "idempotency-mismatch"})));
    book
}

fn repeat_fenced() -> Book {
    let (mut book, a) = held();
    book.report("f1", &a, "review");
    let body = book.last()["body"].clone();
    book.ship("f1", &a);
    let problem = json!({"code": "stale-lease", "leaseEpoch": 1});
    book.op("f1", ("PATCH", &format!("jobs/{a}"), body), (409, problem));
    book
}

fn claim_forgotten() -> Book {
    let (mut book, _) = held();
    let body = book.last()["body"].clone();
    book.op("f1", ("POST", "claim", body), (204, Value::Null));
    book
}

fn claim_twice() -> Book {
    let mut book = Book::new();
    book.mark("started").beat("f1", 2, &[]).submit(&job(1), "k-a").submit(&job(2), "k-b");
    book.claim("f1", &job(1), "c-1").claim("f1", &job(2), "c-1");
    book
}

fn false_repeat() -> Book {
    let (mut book, a) = held();
    book.reported("f1", &a, "review");
    book.last()["answer"]["repeated"] = true.into();
    book
}

fn cancelled_after_end() -> Book {
    let (mut book, a) = held();
    book.ship("f1", &a);
    let at = super::book::time(book.now() + 1);
    let rev = book.change(&a, json!({"stage": "cancelled", "finishedAt": at}));
    book.job_event(&a, Some(rev), "job.cancelled", "operator:ada", json!({}));
    let answer = book.job(&a);
    book.op("ada", ("POST", &format!("jobs/{a}/cancel"), json!({})), (200, answer));
    book
}

fn job_missing() -> Book {
    let (mut book, _) = held();
    book.submit(&job(2), "k-b");
    book.jobs.remove(&job(2));
    book
}

fn ready_early() -> Book {
    let (mut book, a) = held();
    book.submit_with(&job(2), "k-b", json!({"dependsOn": [a]})).ready(&job(2));
    book
}

fn hole() -> Book {
    let mut book = day();
    let fenced = book.events.iter().position(|event| event["type"] == "job.fenced").expect("one");
    book.events.remove(fenced);
    book
}

fn rev_skipped() -> Book {
    let (mut book, a) = held();
    book.jobs.get_mut(&a).expect("a job")["rev"] = 7.into();
    book.report("f1", &a, "building");
    book
}

fn early() -> Book {
    let (mut book, a) = held();
    book.wait(80_000).expire(&a);
    book
}

fn late() -> Book {
    let (mut book, a) = held();
    book.wait(120_000).expire(&a);
    book
}

fn never() -> Book {
    let (mut book, a) = held();
    book.wait(120_000).look(&a);
    book
}

fn short_renewal() -> Book {
    let (mut book, a) = held();
    book.renew("f1", &a);
    let at = super::book::time(book.now() + 60_000);
    book.last()["answer"]["leaseExpiresAt"] = at.into();
    book
}

fn stale_read() -> Book {
    let (mut book, a) = held();
    let before = book.job(&a);
    book.report("f1", &a, "building").look(&a);
    book.last()["answer"] = before;
    book
}

fn stale_read_elsewhere() -> Book {
    let (mut book, a) = held();
    let before = book.job(&a);
    // Nobody was told of the report, but of a job that was made after it.
    book.report("f1", &a, "building").unanswered().submit(&job(2), "k-b").look(&a);
    book.last()["answer"] = before;
    book
}

fn overlooked() -> Book {
    let (mut book, _) = held();
    book.submit(&job(2), "k-b").nothing("f2");
    book
}

fn not_unblocked() -> Book {
    let (mut book, a) = held();
    book.submit_with(&job(2), "k-b", json!({"dependsOn": [a]})).ship("f1", &a).mark("healed");
    book.wait(10_000).look(&job(2));
    book
}

fn other_record() -> Book {
    let (mut book, a) = held();
    book.jobs.get_mut(&a).expect("a job")["checkpoint"] = json!({"wipBranch": "w"});
    book
}

fn run_missing() -> Book {
    let (mut book, a) = held();
    book.ship("f1", &a);
    book.runs.clear();
    book
}

fn other_stage() -> Book {
    let (mut book, a) = held();
    book.look(&a);
    book.last()["answer"]["stage"] = "building".into();
    book
}

fn other_run() -> Book {
    let (mut book, a) = held();
    book.ship("f1", &a);
    let mut run = book.runs[0].clone();
    run["result"] = "failed".into();
    book.op("bob", ("GET", &format!("jobs/{a}/runs"), Value::Null), (200, json!({"data": [run]})));
    book
}

fn internal() -> Book {
    let (mut book, a) = held();
    book.op("bob", ("GET", &format!("jobs/{a}"), Value::Null), (500, json!({"code": "internal"})));
    book
}

fn no_code() -> Book {
    let (mut book, a) = held();
    book.op("bob", ("GET", &format!("jobs/{a}"), Value::Null), (404, Value::Null));
    book
}

fn seats() -> Book {
    let (mut book, _) = held();
    book.submit(&job(2), "k-b").claim("f1", &job(2), "c-2");
    book
}

fn paused() -> Book {
    let (mut book, _) = held();
    book.submit(&job(2), "k-b").pause().claim("f2", &job(2), "c-2");
    book
}

fn unfit() -> Book {
    let (mut book, _) = held();
    book.submit_with(&job(2), "k-b", json!({"capabilities": ["os:linux"]})).claim("f2", &job(2), "c-2");
    book
}

fn locked() -> Book {
    let mut book = Book::new();
    let lock = json!({"concurrencyKey": "repo"});
    book.beat("f1", 2, &[]).submit_with(&job(1), "k-a", lock.clone()).submit_with(&job(2), "k-b", lock);
    book.claim("f1", &job(1), "c-1").claim("f1", &job(2), "c-2");
    book
}

fn backward() -> Book {
    let (mut book, a) = held();
    book.report("f1", &a, "review").report("f1", &a, "building");
    book
}

fn hasty() -> Book {
    let (mut book, a) = held();
    book.wait(90_100).expire(&a).wait(10_000).claim("f2", &a, "c-2");
    book
}

fn unasked() -> Book {
    let (mut book, a) = held();
    book.report("f1", &a, "building");
    book.lines.pop();
    book
}

fn not_done() -> Book {
    let (mut book, _) = held();
    let op = book.last();
    op["status"] = 503.into();
    op["answer"] = json!({"code": "overloaded"});
    book
}

fn fenced() -> Book {
    let (mut book, a) = held();
    book.release("f1", &a).stale("f1", &a, 1);
    book.lines.pop();
    book
}

fn junk() -> Book {
    let (mut book, _) = held();
    book.runs.push(json!({"endedAt": 7}));
    book
}
