//! What a grant has to look at beyond its job: dependencies, seats, the gates, the jobs that run under one key.

use std::collections::{HashMap, HashSet};

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
    /// The parts of each job, whenever they came.
    children: HashMap<Name, Vec<Name>>,
    /// When each job was made.
    born: HashMap<Name, i64>,
    /// Jobs for which everything that they waited for before they were last given children counts no more, with those
    /// of their children that it is said of.
    settled: HashMap<Name, Vec<Name>>,
    /// Jobs that an operator has put into the queue though a dependency or a child had failed.
    overruled: HashSet<Name>,
}

/// Who is a part of whom at the end of the log, and which parts a job no longer waits for: its dependencies with them.
#[derive(Debug, Default)]
pub(crate) struct Families {
    pub(crate) parts: HashMap<Name, Vec<Name>>,
    pub(crate) settled: HashMap<Name, Vec<Name>>,
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
        let mut board = Self { limits, ..Self::default() };
        for fact in case.facts {
            let (What::Created(_, parent), Some(job)) = (&fact.what, fact.job) else { continue };
            board.born.insert(job, fact.at);
            parent.iter().for_each(|parent| board.children.entry(*parent).or_default().push(job));
        }
        board
    }

    /// What is wrong with an event, looking beyond its job.
    pub(super) fn law(&self, case: &Case<'_>, track: &Track, (job, state): (Name, &State), fact: &Fact) -> Vec<Broken> {
        let spec = case.specs.get(&job);
        match (&fact.what, spec) {
            (What::Leased(grant), _) => {
                let mut broken = self.granted(case, track, spec, fact, grant);
                broken.extend(grant.decision.and_then(decided));
                let spec = spec.filter(|_| !self.overruled.contains(&job));
                broken.extend(spec.and_then(|spec| self.open(track, job, spec, "granted")));
                broken
            }
            (What::Ready, Some(spec)) => self.open(track, job, spec, "ready").into_iter().collect(),
            (What::Shipped(None), Some(spec)) if fact.by == By::Coordinator => self.by_itself(track, job, spec),
            (What::Adopted { settled, .. }, Some(spec)) => {
                let settled = settled.as_deref();
                self.settles(case, track, (job, state), (spec, settled))
                    .into_iter()
                    .map(|what| ("family", what))
                    .collect()
            }
            (What::Failed(None) | What::Blocked(Reason::DependencyFailed), Some(spec)) => self.failed(job, spec, fact),
            (What::Created(..), Some(spec)) => spec
                .depends_on
                .iter()
                // Jobs that are made as one may wait for each other, whichever comes first.
                .filter(|dep| !track.jobs.contains_key(dep) && self.born.get(dep) != Some(&fact.at))
                .map(|dep| ("I9", format!("waits for {}, which did not exist", case.text(*dep))))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Takes in what an event says of what a job in this state waits for.
    pub(super) fn note(&mut self, job: Name, state: &State, what: &What) {
        match what {
            What::Requeued(requeue) => {
                let failed = state.stage == Stage::Failed && state.failed_by_dependency;
                if !requeue.blocked && (failed || state.reason == Some(Reason::DependencyFailed)) {
                    self.overruled.insert(job);
                }
            }
            What::Adopted { settled, .. } => {
                self.overruled.remove(&job);
                settled.iter().for_each(|settled| drop(self.settled.insert(job, settled.clone())));
            }
            _ => {}
        }
    }

    /// Who is a part of whom, and which parts count no more.
    pub(super) fn families(self) -> Families {
        Families { parts: self.children, settled: self.settled }
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

    /// A job is ready, and granted, when its dependencies and children have settled. What has settled once may have been
    /// requeued since.
    fn open(&self, track: &Track, job: Name, spec: &Spec, how: &str) -> Option<Broken> {
        let settled = |dep: &Name| {
            let ended = self.ended.get(dep).copied().unwrap_or_default();
            ended.shipped || (ended.otherwise && spec.policy == Policy::Ignore)
        };
        let overruled = self.settled.get(&job);
        let met = match spec.mode {
            _ if overruled.is_some() => true,
            Mode::All => spec.depends_on.iter().all(settled),
            Mode::Any => spec.depends_on.is_empty() || spec.depends_on.iter().any(settled),
        };
        let counts = |part: &&Name| overruled.is_none_or(|overruled| !overruled.contains(part));
        let parts = self.children.get(&job).into_iter().flatten().filter(counts);
        let open = parts.filter(|part| track.jobs.contains_key(part) && !settled(part)).count();
        if open > 0 {
            return Some(("I9", format!("{how} while {open} of its children have not settled")));
        }
        if met {
            return None;
        }
        let open = spec.depends_on.iter().filter(|dep| !settled(dep)).count();
        let new = if track.jobs.contains_key(&job) { "" } else { " from its beginning" };
        Some(("I9", format!("{how}{new} while {open} of its dependencies have not settled")))
    }

    /// Whoever completes by itself has parts, and ships only if all of them have.
    fn by_itself(&self, track: &Track, job: Name, spec: &Spec) -> Vec<Broken> {
        let parts = self.children.get(&job).map(Vec::as_slice).unwrap_or_default();
        let shipped = |part: &&Name| self.ended.get(part).is_some_and(|ended| ended.shipped);
        let left = parts.iter().filter(|part| !shipped(part)).count();
        if parts.is_empty() || left > 0 {
            return vec![("family", format!("shipped by itself, and {left} of its {} children have not", parts.len()))];
        }
        self.open(track, job, spec, "shipped by itself").into_iter().collect()
    }

    /// A job that is given children waits no more for what it had waited for until it was queued, and says so.
    fn settles(
        &self,
        case: &Case<'_>,
        track: &Track,
        (job, state): (Name, &State),
        (spec, settled): (&Spec, Option<&[Name]>),
    ) -> Option<String> {
        let ended = |part: &&Name| self.ended.get(part).is_some_and(|ended| ended.otherwise);
        match settled {
            Some(_) if state.stage == Stage::Blocked => Some("waits no more for what it still waited for".to_owned()),
            Some(settled) => {
                let open = settled.iter().find(|part| !ended(part))?;
                Some(format!("waits no more for {}, which has not ended", case.text(*open)))
            }
            None if state.stage == Stage::Blocked => None,
            None => {
                let had = self.children.get(&job).into_iter().flatten().any(|part| track.jobs.contains_key(part));
                let waits = had || !spec.depends_on.is_empty();
                waits.then(|| "is given children, and waits again for what had settled".to_owned())
            }
        }
    }

    fn failed(&self, job: Name, spec: &Spec, fact: &Fact) -> Vec<Broken> {
        let overruled = self.settled.get(&job);
        let failed = |dep: &Name| self.ended.get(dep).is_some_and(|ended| ended.otherwise);
        let of_dependencies = match spec.mode {
            _ if overruled.is_some() => false,
            Mode::All => spec.depends_on.iter().any(failed),
            Mode::Any => !spec.depends_on.is_empty() && spec.depends_on.iter().all(failed),
        };
        let parts = self.children.get(&job).map(Vec::as_slice).unwrap_or_default();
        let counts = |part: &&Name| overruled.is_none_or(|overruled| !overruled.contains(part));
        let any = of_dependencies || parts.iter().filter(counts).any(failed);
        // A parent that completes by itself fails where it ignores that a part has.
        if matches!(fact.what, What::Failed(_)) && spec.policy == Policy::Ignore && parts.iter().any(failed) {
            return Vec::new();
        }
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
