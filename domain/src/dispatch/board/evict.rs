//! Preemption: an urgent job that finds no free seat makes the cheapest of the less urgent ones give way.

use std::collections::BTreeSet;

use super::{Board, Entry};
use crate::dispatch::class::Class;
use crate::dispatch::evictions::{Phase, Victim};
use crate::dispatch::index::ClassNo;
use crate::dispatch::preempt::{Candidate, Cost, Preemption, select_with_preemption};
use crate::dispatch::seats::SeatNo;
use crate::dispatch::supply::Claim;
use crate::job::state::Priority;
use crate::mutant::Mutant;
use crate::{Epoch, FactoryId, JobId, Timestamp};

/// How many urgent jobs are looked at in one go.
const MOST_URGENT: usize = 64;

/// An eviction that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Who gives way.
    pub evict: JobId,
    /// Under which epoch it runs.
    pub epoch: Epoch,
    /// For whom.
    pub by: JobId,
}

impl Board {
    /// Follows the evictions that are under way and begins new ones. Answers those that are due.
    pub fn preempt(&mut self, now: Timestamp) -> Vec<Order> {
        let mut due = Vec::new();
        self.evictable = None;
        for (job, phase) in self.evictions.iter().collect::<Vec<_>>() {
            due.extend(self.follow(job, phase, now));
        }
        if (self.rules.preemption || Mutant::PreemptionUnasked.is_planted()) && self.shut().is_none() {
            self.begin_evictions(now);
        }
        due
    }

    /// The jobs of a factory that are to give way, and how many seconds each of them has left.
    pub fn to_give_way(&self, factory: &FactoryId, now: Timestamp) -> Vec<(JobId, Epoch, u64)> {
        let Some(of) = self.seats.known(factory) else { return Vec::new() };
        let victims = self.evictions.victims().filter(|(_, victim, _)| victim.seat == of);
        victims.map(|(_, victim, due)| (victim.job, victim.epoch, due.ms_since(now).div_ceil(1_000))).collect()
    }

    /// A job has found a seat, or has gone: whatever was under way for it is over.
    pub(super) fn placed(&mut self, job: JobId, now: Timestamp) {
        self.release(job, now);
        self.evictions.forget(job);
    }

    /// Ends what is under way for a job; a seat that was kept for it is there for everybody.
    fn release(&mut self, job: JobId, now: Timestamp) {
        if let Some(Phase::Kept { seat, .. }) = self.evictions.end(job) {
            self.seats.count_reserved(seat, false);
            self.roomy.insert(seat);
            self.seat_changed(seat, now);
        }
    }

    fn follow(&mut self, job: JobId, phase: Phase, now: Timestamp) -> Option<Order> {
        if self.ready_entry(job).is_none() {
            self.placed(job, now);
            return None;
        }
        match phase {
            Phase::Evicting { victim, due } => {
                let runs = self.running.get(&victim.job);
                if runs.is_none_or(|running| running.tenure.epoch != victim.epoch) {
                    self.keep(job, victim.seat, now);
                    return None;
                }
                if runs.is_some_and(|running| running.delivered) || self.can_be_placed(job, now) {
                    self.evictions.end(job);
                    return None;
                }
                (due <= now).then(|| {
                    self.evictions.ordered(job, now);
                    Order { evict: victim.job, epoch: victim.epoch, by: job }
                })
            }
            Phase::Kept { seat, .. } if !self.seats.is_well(seat) => {
                self.release(job, now);
                None
            }
            Phase::Kept { seat, until } if until <= now => {
                self.release(job, now);
                self.evictions.shun(job, seat, now);
                None
            }
            Phase::Kept { .. } => None,
        }
    }

    /// The seat that an eviction has freed is kept for the job, if it is still there.
    fn keep(&mut self, job: JobId, seat: SeatNo, now: Timestamp) {
        if !self.seats.is_well(seat) || !self.seats.has_room(seat) {
            self.evictions.end(job);
            return;
        }
        self.evictions.keep(job, seat, now);
        self.seats.count_reserved(seat, true);
        self.roomy.insert(seat);
        self.seat_changed(seat, now);
    }

    fn begin_evictions(&mut self, now: Timestamp) {
        let mut hopeless: BTreeSet<ClassNo> = BTreeSet::new();
        let urgent: Vec<JobId> = self.urgent.iter().take(MOST_URGENT).map(|(_, job)| *job).collect();
        for job in urgent {
            let Some(Entry { class, spot, .. }) = self.ready_entry(job).copied() else { continue };
            if self.evictions.of(job).is_some() || hopeless.contains(&class) || !self.is_open(spot.lock) {
                continue;
            }
            let candidates = self.candidates(job, now);
            let protected = candidates.iter().map(|one| one.cost.protected_ms()).filter(|ms| *ms > 0).min();
            if let Some(Preemption { evict, .. }) = select_with_preemption(Priority::Critical, candidates) {
                let seat = self.seats.number(&evict.factory);
                self.evictions.begin(job, Victim { job: evict.job, epoch: evict.epoch, seat }, now);
                continue;
            }
            let shunned = self.evictions.shuns_until(job, now);
            if shunned.is_none() {
                hopeless.insert(class);
            }
            let until = protected.map(|ms| now.plus_ms(ms));
            self.evictable = [self.evictable, until, shunned].into_iter().flatten().min();
        }
    }

    /// What runs where a ready urgent job could, and is not to give way yet. Nothing, if the job can be placed.
    fn candidates(&self, job: JobId, now: Timestamp) -> Vec<Candidate> {
        let class = self.ready_entry(job).and_then(|entry| self.index.class(entry.class));
        let eligible: BTreeSet<SeatNo> =
            class.map(|class| self.eligible(job, class, now).collect()).unwrap_or_default();
        if eligible.iter().any(|seat| self.seats.has_room(*seat)) {
            return Vec::new();
        }
        let giving: BTreeSet<JobId> = self.evictions.victims().map(|(_, victim, _)| victim.job).collect();
        let candidates = self
            .running
            .iter()
            .filter(|(job, running)| eligible.contains(&running.seat) && !running.delivered && !giving.contains(job));
        let candidates = candidates.map(|(job, running)| Candidate {
            job: *job,
            epoch: running.tenure.epoch,
            factory: running.tenure.holder.clone(),
            cost: Cost {
                priority: running.priority,
                preempted: running.tenure.preempted,
                unsaved_ms: now.ms_since(running.tenure.saved_at),
                running_ms: now.ms_since(running.tenure.since),
            },
        });
        candidates.collect()
    }

    /// Some eligible factory has a free seat.
    fn can_be_placed(&self, job: JobId, now: Timestamp) -> bool {
        let class = self.ready_entry(job).and_then(|entry| self.index.class(entry.class));
        class.is_some_and(|class| self.eligible(job, class, now).any(|seat| self.seats.has_room(seat)))
    }

    /// Factories that are well and could run the job if they had a free seat.
    fn eligible<'a>(&'a self, job: JobId, class: &'a Class, now: Timestamp) -> impl Iterator<Item = SeatNo> + 'a {
        let needs = self.index.needs(class);
        self.seats.cards().filter_map(move |(seat, card)| {
            let supply = self.seats.supply(card, &Claim::plain(card.id.clone()), now);
            let fits = needs.is_some_and(|needs| supply.rejects(needs).is_none());
            let takes = fits && self.seats.is_well(seat) && !self.evictions.shuns(job, seat, now);
            (takes && !self.excludes(class, seat, now)).then_some(seat)
        })
    }
}
