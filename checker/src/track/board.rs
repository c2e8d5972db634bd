//! What a grant has to look at beyond its job: dependencies, seats, the gates, the jobs that run under one key.

use std::collections::HashMap;

use super::law::Broken;
use super::state::State;
use super::{Track, word};
use crate::case::Case;
use crate::fact::{By, Decision, Fact, Grant, What};
use crate::names::Name;
use crate::shown::Spec;
use crate::words::{Mode, Policy, Reason, Stage};

/// How long a grant may be on its way.
const UNDER_WAY_MS: i64 = 60_000;
/// A decision takes so much room at most.
const MOST_BYTES: usize = 300;

/// What is held, and what has settled, at this point of the log.
#[derive(Debug, Default)]
pub(super) struct Board {
    seats: HashMap<Name, u32>,
    locks: HashMap<Name, u32>,
    /// The largest limit that any job of a key names: each looks at its own when it is picked.
    limits: HashMap<Name, u32>,
    ended: HashMap<Name, Ended>,
}

/// How a job has ended so far.
#[derive(Clone, Copy, Debug, Default)]
struct Ended {
    shipped: bool,
    otherwise: bool,
}

impl Board {
    pub(super) fn of(case: &Case<'_>) -> Self {
        let mut limits: HashMap<Name, u32> = HashMap::new();
        for spec in case.specs.values() {
            if let Some(lock) = spec.lock {
                let limit = limits.entry(lock).or_default();
                *limit = spec.lock_limit.max(*limit);
            }
        }
        Self { limits, ..Self::default() }
    }

    /// What is wrong with an event, looking beyond its job.
    pub(super) fn law(&self, case: &Case<'_>, track: &Track, job: Name, fact: &Fact) -> Vec<Broken> {
        let spec = case.specs.get(&job);
        match (&fact.what, spec) {
            (What::Leased(grant), _) => {
                let mut broken = self.granted(case, track, spec, fact, grant);
                broken.extend(grant.decision.and_then(decided));
                broken
            }
            (What::Ready, Some(spec)) => self.ready(track, job, spec),
            (What::Failed(None) | What::Blocked(Reason::DependencyFailed), Some(spec)) => self.failed(spec, fact),
            (What::Created(_), Some(spec)) => spec
                .depends_on
                .iter()
                .filter(|dep| !track.jobs.contains_key(dep))
                .map(|dep| ("I9", format!("waits for {}, which did not exist", case.text(*dep))))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Takes in what a change made of a job.
    pub(super) fn take(&mut self, case: &Case<'_>, job: Name, before: &State, after: &State) {
        let lock = case.specs.get(&job).and_then(|spec| spec.lock);
        if let Some(held) = before.held() {
            count(&mut self.seats, held.holder, false);
            lock.into_iter().for_each(|lock| count(&mut self.locks, lock, false));
        }
        if let Some(held) = after.held() {
            count(&mut self.seats, held.holder, true);
            lock.into_iter().for_each(|lock| count(&mut self.locks, lock, true));
        }
        if after.stage.is_terminal() {
            let ended = self.ended.entry(job).or_default();
            ended.shipped |= after.stage == Stage::Shipped;
            ended.otherwise |= after.stage != Stage::Shipped;
        }
    }

    fn granted(&self, case: &Case<'_>, track: &Track, spec: Option<&Spec>, fact: &Fact, grant: &Grant) -> Vec<Broken> {
        let mut broken = Vec::new();
        if track.gates.last().is_some_and(|(_, paused)| *paused) {
            broken.push(("grant", "granted while the product is paused".to_owned()));
        }
        let name = case.text(grant.factory);
        let cards = track.factories.get(&grant.factory).map(Vec::as_slice).unwrap_or_default();
        if cards.is_empty() {
            broken.push(("grant", format!("granted to {name}, which never registered")));
        }
        // A drain that an operator orders waits for what is on offer; one by failures does not.
        let last_drain = cards.iter().rfind(|card| matches!(case.facts[card.fact].what, What::Draining));
        if cards.last().is_some_and(|card| card.draining)
            && last_drain.is_some_and(|card| matches!(case.facts[card.fact].by, By::Operator(_)))
        {
            broken.push(("grant", format!("granted to {name}, which drains")));
        }
        // The card may have changed while the grant was on its way.
        let recent = cards.partition_point(|card| card.at < fact.at.saturating_sub(UNDER_WAY_MS));
        let cards = &cards[recent.saturating_sub(1)..];
        let seats = cards.iter().map(|card| card.card.seats).max().unwrap_or(u32::MAX);
        let used = self.seats.get(&grant.factory).copied().unwrap_or(0);
        if used >= seats {
            broken.push(("grant", format!("{name} has {seats} seats, and {used} were taken")));
        }
        if let Some(lock) = spec.and_then(|spec| spec.lock) {
            let limit = self.limits.get(&lock).copied().unwrap_or(1);
            let running = self.locks.get(&lock).copied().unwrap_or(0);
            if running >= limit {
                let lock = case.text(lock);
                broken.push(("grant", format!("{running} jobs of the key {lock} ran where {limit} may")));
            }
        }
        broken
    }

    /// A job is ready when its dependencies have settled. What has settled once may have been requeued since.
    fn ready(&self, track: &Track, job: Name, spec: &Spec) -> Vec<Broken> {
        let settled = |dep: &Name| {
            let ended = self.ended.get(dep).copied().unwrap_or_default();
            ended.shipped || (ended.otherwise && spec.policy == Policy::Ignore)
        };
        let met = match spec.mode {
            Mode::All => spec.depends_on.iter().all(settled),
            Mode::Any => spec.depends_on.is_empty() || spec.depends_on.iter().any(settled),
        };
        if met {
            return Vec::new();
        }
        let open = spec.depends_on.iter().filter(|dep| !settled(dep)).count();
        let new = if track.jobs.contains_key(&job) { "" } else { " from its beginning" };
        vec![("I9", format!("ready{new} while {open} of its dependencies have not settled"))]
    }

    fn failed(&self, spec: &Spec, fact: &Fact) -> Vec<Broken> {
        let failed = |dep: &Name| self.ended.get(dep).is_some_and(|ended| ended.otherwise);
        let any = match spec.mode {
            Mode::All => spec.depends_on.iter().any(failed),
            Mode::Any => spec.depends_on.iter().all(failed),
        };
        let policy = match fact.what {
            What::Failed(_) => Policy::Fail,
            _ => Policy::Block,
        };
        if any && spec.policy == policy {
            return Vec::new();
        }
        vec![("I9", format!("{} though no dependency asks for it", word(fact)))]
    }
}

/// What is wrong with how a grant says that it was decided.
fn decided(decision: Decision) -> Option<Broken> {
    let Decision { considered, filtered, is_whole, bytes, .. } = decision;
    let what = if filtered >= considered {
        format!("its decision left out {filtered} of {considered} jobs, and it is one of them")
    } else if !is_whole {
        "its decision has not a share of every term".to_owned()
    } else if bytes > MOST_BYTES {
        format!("its decision takes {bytes} bytes")
    } else {
        return None;
    };
    Some(("decision", what))
}

fn count(counts: &mut HashMap<Name, u32>, name: Name, more: bool) {
    let count = counts.entry(name).or_default();
    *count = if more { *count + 1 } else { count.saturating_sub(1) };
}
