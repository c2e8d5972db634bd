//! Follows the log from its beginning to its end: what each change made of its record. Every check looks things up here.
#![allow(clippy::wildcard_enum_match_arm, reason = "a rule names what it looks at; the rest is none of its business")]

mod board;
mod law;
mod preempt;
mod review;
mod state;
mod terms;

use std::collections::HashMap;

use crate::case::Case;
use crate::fact::{By, Card, Fact, Weights, What};
use crate::findings::{Findings, Place};
use crate::names::Name;
use crate::words::{Outcome, Stage};

use board::{Board, Families};
pub(crate) use law::word;
use review::Review;
pub(crate) use state::State;
use terms::Terms;

/// Somebody who is fenced leaves one event in this time; the clock is read twice.
const MINUTE_MS: i64 = 59_900;
/// Failures on one factory after which another one is preferred.
const MANY: u32 = 2;

/// A change of a job: the events that carry one `rev`.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) job: Name,
    /// Its events: the first and the last by their index.
    pub(crate) first: usize,
    pub(crate) last: usize,
    pub(crate) at: i64,
    pub(crate) by: By,
    /// The job after it.
    pub(crate) state: State,
}

/// A lease from its grant to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    pub(crate) job: Name,
    pub(crate) epoch: u64,
    pub(crate) holder: Name,
    pub(crate) ttl_sec: u32,
    pub(crate) claim: Option<Name>,
    pub(crate) run: Name,
    pub(crate) ordinal: u32,
    /// The changes that granted and ended it.
    pub(crate) granted: usize,
    pub(crate) ended: Option<usize>,
}

/// A change of a factory.
#[derive(Clone, Debug)]
pub(crate) struct CardChange {
    pub(crate) rev: u64,
    pub(crate) fact: usize,
    pub(crate) at: i64,
    pub(crate) card: Card,
    pub(crate) draining: bool,
    pub(crate) presence: Presence,
}

/// Whether a factory was heard lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Online,
    Stale,
    Offline,
}

/// The log, followed.
#[derive(Debug, Default)]
pub(crate) struct Track {
    pub(crate) changes: Vec<Change>,
    /// The changes of each job, in order.
    pub(crate) jobs: HashMap<Name, Vec<usize>>,
    pub(crate) leases: Vec<Lease>,
    by_epoch: HashMap<(Name, u64), usize>,
    pub(crate) factories: HashMap<Name, Vec<CardChange>>,
    /// The events of the product itself, by their index, and whether it is paused after it.
    pub(crate) gates: Vec<(usize, bool)>,
    /// When somebody was last fenced, by job, epoch and factory.
    fenced: HashMap<(Name, u64, Option<Name>), i64>,
    /// When the limit of the jobs in review was reached, from when to when.
    pub(crate) shut: Vec<(i64, i64)>,
    /// The weights of the product, by the events that changed them.
    pub(crate) weights: Vec<(i64, Weights)>,
    /// For each job the seats that were made free for it: when and whose.
    pub(crate) cleared: HashMap<Name, Vec<(i64, Name)>>,
    /// How often each job has failed on each factory since its last requeue.
    failures: HashMap<Name, Vec<(Name, u32)>>,
    pub(crate) families: Families,
    /// The highest `rev` of the product.
    pub(crate) gate_rev: u64,
}

impl Track {
    /// Follows the log, and notes what is out of order in it.
    pub(crate) fn of(case: &Case<'_>, findings: &mut Findings) -> Self {
        let mut track = Self::default();
        let (mut board, mut terms, mut review) = (Board::of(case), Terms::of(case), Review::default());
        let mut begin = 0;
        while begin < case.facts.len() {
            let group = group(&case.facts[begin..]);
            let facts = &case.facts[begin..begin + group];
            let first = &facts[0];
            match (first.job, first.factory) {
                (Some(job), _) if first.rev.is_none() => track.aside(case, findings, job, begin),
                (Some(job), _) => {
                    let beside = (&mut board, &mut terms, &mut review);
                    track.change(case, findings, beside, (job, begin, facts));
                }
                (None, Some(factory)) => track.card(case, findings, (factory, begin, facts)),
                (None, None) => track.gate(case, findings, &mut review, (begin, facts)),
            }
            begin += group;
        }
        track.shut = review.ends();
        track.families = board.families();
        track
    }

    /// The change that made this `rev` of a job.
    pub(crate) fn made(&self, job: Name, rev: u64) -> Option<usize> {
        let changes = self.jobs.get(&job)?;
        let at = changes.binary_search_by_key(&rev, |change| self.changes[*change].state.rev).ok()?;
        Some(changes[at])
    }

    /// The change of its job after this one.
    pub(crate) fn next(&self, change: usize) -> Option<usize> {
        let Change { job, state, .. } = &self.changes[change];
        let changes = self.jobs.get(job)?;
        let at = changes.binary_search_by_key(&state.rev, |change| self.changes[*change].state.rev).ok()?;
        changes.get(at + 1).copied()
    }

    /// The job as it stood before a change.
    pub(crate) fn before(&self, change: usize) -> Option<&State> {
        let Change { job, state, .. } = &self.changes[change];
        let changes = self.jobs.get(job)?;
        let at = changes.binary_search_by_key(&state.rev, |change| self.changes[*change].state.rev).ok()?;
        Some(&self.changes[*changes.get(at.checked_sub(1)?)?].state)
    }

    /// The job as it stands at the end.
    pub(crate) fn last(&self, job: Name) -> Option<&Change> {
        self.jobs.get(&job).and_then(|changes| changes.last()).map(|change| &self.changes[*change])
    }

    /// The lease of a job under an epoch.
    pub(crate) fn lease(&self, job: Name, epoch: u64) -> Option<&Lease> {
        self.by_epoch.get(&(job, epoch)).map(|lease| &self.leases[*lease])
    }

    /// The factory as its `rev` left it.
    pub(crate) fn factory(&self, factory: Name, rev: u64) -> Option<&CardChange> {
        let changes = self.factories.get(&factory)?;
        changes.binary_search_by_key(&rev, |change| change.rev).ok().map(|at| &changes[at])
    }

    /// An event that changes no record.
    fn aside(&mut self, case: &Case<'_>, findings: &mut Findings, job: Name, at: usize) {
        let fact = &case.facts[at];
        let place = Place::job(job).seq(fact.seq);
        if !fact.what.is_aside() {
            case.broken(findings, "I13", place, format!("{} carries no rev", word(fact)));
        }
        match (&fact.what, self.last(job).map(|change| change.state)) {
            (_, None) => case.broken(findings, "lifecycle", place, format!("{} before it was created", word(fact))),
            (What::Fenced { epoch, .. }, Some(state)) if *epoch > state.epoch => {
                case.broken(findings, "I3", place, format!("fenced under epoch {epoch}, which was never granted"));
            }
            (What::Fenced { epoch, factory }, Some(_)) => {
                let quiet = self.fenced.insert((job, *epoch, *factory), fact.at).filter(|last| {
                    let upset = case.upsets().any(|mark| (*last..=fact.at).contains(&mark.at));
                    (0..MINUTE_MS).contains(&(fact.at - last)) && !case.jumped && !upset
                });
                if let Some(last) = quiet {
                    let what = format!("fenced {} ms after the last time, for the same", fact.at - last);
                    case.broken(findings, "I3", place, what);
                }
            }
            (What::Parked, Some(_)) => {
                if let Some(change) = self.jobs.get(&job).and_then(|changes| changes.last().copied()) {
                    self.changes[change].state.parked = true;
                }
            }
            (_, Some(_)) => {}
        }
    }

    fn change(
        &mut self,
        case: &Case<'_>,
        findings: &mut Findings,
        (board, terms, review): (&mut Board, &mut Terms, &mut Review),
        (job, begin, facts): (Name, usize, &[Fact]),
    ) {
        let first = &facts[0];
        let known = self.last(job).map(|change| change.state);
        let place = Place::job(job).seq(first.seq);
        if known.is_none() && !matches!(first.what, What::Created(..)) {
            case.broken(findings, "lifecycle", place, format!("{} before it was created", word(first)));
        }
        let spec = case.specs.get(&job);
        let pause = spec.filter(|spec| spec.rev == 1).map(|spec| spec.not_before);
        let before = known.unwrap_or_else(|| State::new(first.at, pause));
        let rev = first.rev.unwrap_or(before.rev + 1);
        if rev != before.rev + 1 {
            case.broken(findings, "I13", place, format!("rev {rev} after {}", before.rev));
        }
        let mut state = before;
        for (fact, index) in facts.iter().zip(begin..) {
            let place = Place::job(job).seq(fact.seq);
            let broken = [
                law::law(&state, fact),
                board.law(case, self, (job, &state), fact),
                terms.law(case, job, &state, fact),
                preempt::law(case, self, &state, (job, fact)),
                review.law(case, fact),
            ];
            for (rule, what) in broken.into_iter().flatten() {
                case.broken(findings, rule, place, what);
            }
            self.lease_of(job, index, fact, &state);
            if let (What::Preempted(_, Some(by)), Some(held)) = (&fact.what, state.held()) {
                self.cleared.entry(*by).or_default().push((fact.at, held.holder));
            }
            self.failed(job, fact, &mut state);
            board.note(job, &state, &fact.what);
            state.apply(fact);
        }
        if state.held().is_none() && matches!(state.stage, Stage::Assigned | Stage::Building) {
            case.broken(findings, "lifecycle", place, format!("nobody holds it in {:?}", state.stage));
        }
        state.rev = rev.max(before.rev + 1);
        state.updated_at = first.at;
        board.take(case, job, &before, &state);
        review.moves(before.stage, state.stage, first.at);
        self.jobs.entry(job).or_default().push(self.changes.len());
        let last = begin + facts.len() - 1;
        self.changes.push(Change { job, first: begin, last, at: first.at, by: first.by, state });
    }

    /// Opens and closes leases. The change that does so is the next one to be entered.
    fn lease_of(&mut self, job: Name, index: usize, fact: &Fact, state: &State) {
        let change = self.changes.len();
        debug_assert!(self.changes.last().is_none_or(|last| last.last < index));
        if fact.what.end().is_some()
            && let Some(held) = state.held()
            && let Some(lease) = self.by_epoch.get(&(job, held.epoch))
        {
            self.leases[*lease].ended = Some(change);
        }
        if let What::Leased(grant) = &fact.what {
            self.by_epoch.insert((job, grant.epoch), self.leases.len());
            self.leases.push(Lease {
                job,
                epoch: grant.epoch,
                holder: grant.factory,
                ttl_sec: grant.ttl_sec,
                claim: grant.claim,
                run: grant.run,
                ordinal: grant.ordinal,
                granted: change,
                ended: None,
            });
        }
    }

    /// Counts on which factories a job fails.
    fn failed(&mut self, job: Name, fact: &Fact, state: &mut State) {
        if let What::Requeued(_) = fact.what {
            self.failures.remove(&job);
            return;
        }
        let failed = fact.what.end().is_some_and(|end| matches!(end.outcome, Outcome::Failed | Outcome::TimedOut));
        let Some(lease) = state.held().filter(|_| failed) else { return };
        let counts = self.failures.entry(job).or_default();
        let at = counts.iter().position(|(on, _)| *on == lease.holder).unwrap_or_else(|| {
            counts.push((lease.holder, 0));
            counts.len() - 1
        });
        counts[at].1 += 1;
        if counts[at].1 >= MANY {
            state.excludes = Some(lease.holder);
        }
    }

    fn card(&mut self, case: &Case<'_>, findings: &mut Findings, (factory, begin, facts): (Name, usize, &[Fact])) {
        let first = &facts[0];
        let place = Place::default().seq(first.seq);
        let name = case.text(factory);
        let changes = self.factories.entry(factory).or_default();
        let before = changes.last().cloned();
        let rev = first.rev.unwrap_or_default();
        let due = before.as_ref().map_or(1, |change| change.rev + 1);
        if rev != due {
            case.broken(findings, "I13", place, format!("factory {name} has rev {rev} where {due} was due"));
        }
        let registers = matches!(first.what, What::Registered(_));
        if registers == before.is_some() {
            case.broken(findings, "lifecycle", place, format!("{} of factory {name}", word(first)));
        }
        let mut now = before.unwrap_or(CardChange {
            rev,
            fact: begin,
            at: first.at,
            card: Card::default(),
            draining: false,
            presence: Presence::Online,
        });
        for fact in facts {
            if let Some(what) = of_factory(&mut now, fact) {
                case.broken(findings, "lifecycle", place, format!("factory {name} {what}"));
            }
        }
        changes.push(CardChange { rev: rev.max(due), fact: begin, at: first.at, ..now });
    }

    fn gate(
        &mut self,
        case: &Case<'_>,
        findings: &mut Findings,
        review: &mut Review,
        (begin, facts): (usize, &[Fact]),
    ) {
        let place = Place::default().seq(facts[0].seq);
        for (fact, index) in facts.iter().zip(begin..) {
            let paused = matches!(fact.what, What::Paused | What::Estop);
            if !paused && !matches!(fact.what, What::Resumed | What::Settings { .. }) {
                continue;
            }
            let rev = fact.rev.unwrap_or_default();
            if rev != self.gate_rev + 1 {
                let what = format!("the product has rev {rev} after {}", self.gate_rev);
                case.broken(findings, "I13", place, what);
            }
            self.gate_rev = rev;
            match fact.what {
                What::Settings { review_limit, weights } => {
                    review_limit.iter().for_each(|limit| review.limit(*limit, fact.at));
                    self.weights.extend(weights.map(|weights| (fact.at, weights)));
                }
                _ => self.gates.push((index, paused)),
            }
        }
    }
}

/// What an event makes of a factory, and what is wrong with it.
fn of_factory(now: &mut CardChange, fact: &Fact) -> Option<&'static str> {
    match &fact.what {
        What::Registered(card) | What::Changed(card) => now.card = (**card).clone(),
        What::Stale if now.presence == Presence::Online => now.presence = Presence::Stale,
        What::Stale => return Some("went stale and was not online"),
        What::Offline if now.presence == Presence::Stale => now.presence = Presence::Offline,
        What::Offline => return Some("went offline and was not stale"),
        What::Online if now.presence == Presence::Online => return Some("came online and was so"),
        What::Online => now.presence = Presence::Online,
        What::Draining if now.draining => return Some("drains and did so"),
        What::Draining => now.draining = true,
        What::Undrained if !now.draining => return Some("was resumed and did not drain"),
        What::Undrained => now.draining = false,
        _ => {}
    }
    None
}

/// How many events from here on belong to one change.
fn group(facts: &[Fact]) -> usize {
    let first = &facts[0];
    if first.rev.is_none() {
        return 1;
    }
    let record = (first.job, first.factory, first.rev);
    facts.iter().take_while(|fact| (fact.job, fact.factory, fact.rev) == record).count()
}
