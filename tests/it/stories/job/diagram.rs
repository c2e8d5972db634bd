//! The diagram in the head of the job's module says exactly what the commands can do.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::Timestamp;
use domain::job::spec::{OnDepFailure, Retry};
use domain::job::{Job, Spec, transition};

use super::every::orders;
use super::starts::limited;
use crate::support::job::{queued, waiting};
use crate::support::order::{by, lease};

const SOURCE: &str = include_str!("../../../../domain/src/job/mod.rs");

/// Moves between different stages, with the commands that make them.
type Moves = BTreeMap<(String, String), BTreeSet<String>>;

/// What the diagram draws. Moves into the lifecycle and out of it are told apart by `[*]`.
fn drawn() -> Moves {
    let mut moves = Moves::new();
    for line in SOURCE.lines() {
        let Some((from, rest)) = line.trim_start_matches("//!").trim().split_once(" --> ") else { continue };
        let Some((to, words)) = rest.split_once(": ") else { continue };
        if from == "[*]" {
            continue;
        }
        let words: BTreeSet<String> = words.split(", ").map(str::to_owned).collect();
        let double = moves.insert((from.to_owned(), to.to_owned()), words);
        assert!(double.is_none(), "{from} --> {to} is drawn twice");
    }
    moves
}

/// Everything of a job that decides where it can go, apart from times, words and counters without a limit.
fn mark(job: &Job) -> String {
    let lease = job.lease.as_ref().map(|lease| (lease.status, lease.reached, lease.epoch == job.epoch));
    let run = job.run.as_ref().and_then(|run| run.result);
    format!(
        "{:?} {:?} {lease:?} {run:?} {} {} {} {:?}",
        job.stage,
        job.blocked_reason,
        job.attempt,
        job.deps_met,
        job.not_before.is_some(),
        (job.spec.on_dep_failure, job.spec.timeout_sec),
    )
}

fn starts() -> Vec<Job> {
    let twice = Spec { retry: Retry { max_attempts: 2, backoff_sec: 1 }, ..limited() };
    let mut starts = vec![queued(twice.clone()), queued(Spec { timeout_sec: None, ..twice.clone() })];
    for on_dep_failure in [OnDepFailure::Block, OnDepFailure::Fail, OnDepFailure::Ignore] {
        starts.push(waiting(Spec { on_dep_failure, ..twice.clone() }));
    }
    starts
}

/// What the commands do, from a submit on, until nothing new is found.
fn done() -> Moves {
    let mut moves = Moves::new();
    let mut seen = BTreeSet::new();
    let mut open: VecDeque<(Job, i64)> = starts().into_iter().map(|job| (job, 0)).collect();
    while let Some((job, since)) = open.pop_front() {
        let others = orders(&job).into_iter().filter(|(_, order)| order.name() != "lease");
        for (secs, order) in others.chain([(3_600, lease("f1"))]) {
            let now = Timestamp(since + secs * 1_000);
            let (name, by) = (order.name(), by(&order));
            let Ok(step) = transition(&job, order, &by, now) else { continue };
            if step.next.stage != job.stage {
                let way = (job.stage.to_string(), step.next.stage.to_string());
                moves.entry(way).or_default().insert(name.to_owned());
            }
            if seen.insert(mark(&step.next)) {
                open.push_back((step.next, now.0));
            }
        }
    }
    moves
}

fn told(moves: &Moves) -> String {
    let line = |((from, to), by): (&(String, String), &BTreeSet<String>)| {
        format!("{from} --> {to}: {}\n", by.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
    };
    moves.iter().map(line).collect()
}

#[test]
fn the_diagram_draws_what_the_commands_do() {
    let drawn = drawn();
    assert!(drawn.len() > 30, "the diagram is read");
    pretty(&told(&drawn), &told(&done()));
}

/// Names every line that only one of them has.
fn pretty(drawn: &str, done: &str) {
    let (left, right): (BTreeSet<&str>, BTreeSet<&str>) = (drawn.lines().collect(), done.lines().collect());
    let only = |a: &BTreeSet<&str>, b: &BTreeSet<&str>| a.difference(b).copied().collect::<Vec<_>>().join("\n  ");
    assert!(left == right, "only drawn:\n  {}\nonly done:\n  {}", only(&left, &right), only(&right, &left));
}
