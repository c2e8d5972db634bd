//! I20's bound: under the usual weights no fresh job is granted while another one that asks for the same has waited for
//! twenty hours longer. Age counts up to a day.
//!
//! A job that is on offer to somebody is passed over for the moment, and the log says nothing of an offer that came to
//! nothing. So only who is passed over again, a minute later or more, is told.

use std::collections::{BTreeSet, HashMap};

use super::calm::Calm;
use crate::case::Case;
use crate::fact::What;
use crate::findings::{Findings, Place};
use crate::names::Name;
use crate::shown::Spec;
use crate::track::{Change, State, Track};
use crate::words::{Priority, Stage};

/// The bound, and from where on age no longer counts.
const BOUND_MS: i64 = 20 * 3_600_000;
const DAY_MS: i64 = 24 * 3_600_000;
/// No offer lasts longer.
const OFFER_MS: i64 = 60_000;

type Wants<'a> = (&'a [Name], Option<Name>, &'a [Name]);

/// Jobs that ask for the same and wait, by when they were queued.
#[derive(Default)]
struct Queue {
    waiting: BTreeSet<(i64, Name)>,
    /// Who was passed over first, and when.
    passed: Option<(Name, i64)>,
}

pub(super) fn check(case: &Case<'_>, track: &Track, calm: &Calm, findings: &mut Findings) {
    if track.weights.iter().any(|(_, weights)| !weights.usual) || weighs(case) {
        return;
    }
    let mut queues: HashMap<Wants<'_>, Queue> = HashMap::new();
    for (at, change) in track.changes.iter().enumerate() {
        let Some(spec) = case.specs.get(&change.job) else { continue };
        let queue = queues.entry((&spec.capabilities, spec.class, &spec.engines)).or_default();
        let before = track.before(at);
        if let Some(since) = before.and_then(|before| waits(before, spec)) {
            queue.waiting.remove(&(since, change.job));
        }
        if let Some(since) = waits(&change.state, spec) {
            queue.waiting.insert((since, change.job));
        }
        let granted = matches!(case.facts[change.last].what, What::Leased(_));
        if let Some(fresh) = before.filter(|_| granted).and_then(|before| before.queued_at) {
            passed(case, calm, queue, (change, fresh), findings);
        }
    }
}

/// A grant to a job that was queued then.
fn passed(case: &Case<'_>, calm: &Calm, queue: &mut Queue, (change, fresh): (&Change, i64), findings: &mut Findings) {
    let age = |since: i64| (change.at - since).min(DAY_MS);
    let oldest = queue.waiting.first().copied().filter(|(since, _)| age(*since) > age(fresh).saturating_add(BOUND_MS));
    // Who gets the seat that another was evicted for does not stand in line.
    let Some((since, job)) = oldest.filter(|_| change.state.priority.is_some_and(|p| p != Priority::Critical)) else {
        return;
    };
    match queue.passed.filter(|(first, _)| *first == job) {
        Some((_, first)) if change.at - first > OFFER_MS => {
            if calm.is_calm(first, change.at) {
                let hours = (change.at - since) / 3_600_000;
                let what = format!("has waited for {hours} h, and {} is granted again", case.text(change.job));
                case.broken(findings, "I20", Place::job(job).seq(case.facts[change.last].seq), what);
            }
            queue.passed = None;
        }
        Some(_) => {}
        None => queue.passed = Some((job, change.at)),
    }
}

/// Since when a job can be had by everybody who has what it asks for, if it can.
fn waits(state: &State, spec: &Spec) -> Option<i64> {
    let free = spec.lock.is_none() && !state.needs_edited && !state.parked && state.excludes.is_none();
    let at_once = state.not_before == Some(None);
    state.queued_at.filter(|_| state.stage == Stage::Queued && free && at_once)
}

/// Some claim brings weights of its own.
fn weighs(case: &Case<'_>) -> bool {
    case.deeds.iter().any(|deed| matches!(&deed.ask, crate::deed::Ask::Claim(claim) if claim.weighs))
}
