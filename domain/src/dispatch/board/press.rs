//! Urgent jobs that find no free seat: whom each of them evicts.
//! Looked at only when something has happened that can change the answer, and once for jobs of a class.

use std::collections::{BTreeMap, BTreeSet};

use super::{Board, Entry};
use crate::dispatch::class::DemandNo;
use crate::dispatch::evictions::Victim;
use crate::dispatch::index::ClassNo;
use crate::dispatch::preempt::{Candidate, Cost, Preemption, select_with_preemption};
use crate::dispatch::seats::SeatNo;
use crate::dispatch::supply::Claim;
use crate::job::state::Priority;
use crate::mutant::Mutant;
use crate::{JobId, Timestamp};

/// Whoever could run the jobs of a demand, as far as that is the same for all of them: worked out once in one go.
pub(super) type Fitting = BTreeMap<DemandNo, Vec<SeatNo>>;

/// How many urgent jobs of a class are looked at in one go.
const MOST_URGENT: usize = 64;

impl Board {
    /// Begins evictions for urgent jobs that cannot be placed, those that wait longest first.
    pub fn begin_evictions(&mut self, now: Timestamp) {
        let is_on = self.rules.preemption || Mutant::PreemptionUnasked.is_planted();
        let pressed = self.pressed || self.evictable.is_some_and(|at| at <= now);
        if !is_on || !pressed {
            return;
        }
        // Once the gate opens it is looked at again.
        (self.pressed, self.evictable) = (false, None);
        if self.shut().is_some() {
            return;
        }
        let mut hopeless: BTreeSet<ClassNo> = BTreeSet::new();
        let mut fitting = Fitting::new();
        for (job, no) in self.urgent_jobs() {
            if hopeless.contains(&no) {
                continue;
            }
            let candidates = self.candidates(job, &mut fitting, now);
            let protected = candidates.iter().map(|one| one.cost.protected_ms()).filter(|ms| *ms > 0).min();
            if let Some(Preemption { evict, .. }) = select_with_preemption(Priority::Critical, candidates) {
                let seat = self.seats.number(&evict.factory);
                self.evictions.begin(job, Victim { job: evict.job, epoch: evict.epoch, seat }, now);
                continue;
            }
            let shunned = self.evictions.shuns_until(job, now);
            if shunned.is_none() {
                hopeless.insert(no);
            }
            let until = protected.map(|ms| now.plus_ms(ms));
            self.evictable = [self.evictable, until, shunned].into_iter().flatten().min();
        }
    }

    /// Ready urgent jobs for which nothing is under way and that no key holds: of each class the oldest, oldest first.
    fn urgent_jobs(&self) -> Vec<(JobId, ClassNo)> {
        let mut all = Vec::new();
        for (class, jobs) in &self.urgent {
            let free = jobs.iter().filter(|(_, job)| {
                let open = self.ready_entry(*job).is_some_and(|entry| self.is_open(entry.spot.lock));
                open && self.evictions.of(*job).is_none()
            });
            all.extend(free.take(MOST_URGENT).map(|(since, job)| (*since, *job, *class)));
        }
        all.sort_unstable();
        all.into_iter().map(|(_, job, class)| (job, class)).collect()
    }

    /// Keeps the list of ready jobs that may evict others.
    pub(super) fn hurry(&mut self, entry: &Entry, is_ready: bool) {
        let class = self.index.class(entry.class);
        if class.is_none_or(|class| class.kind.merit.priority != Priority::Critical) {
            return;
        }
        let rank = (entry.spot.rank.queued_at, entry.spot.rank.job);
        let of_class = self.urgent.entry(entry.class).or_default();
        if is_ready {
            of_class.insert(rank);
            self.pressed = true;
        } else {
            of_class.remove(&rank);
        }
        if of_class.is_empty() {
            self.urgent.remove(&entry.class);
        }
    }

    /// What runs where a ready urgent job could, and is not to give way yet. Nothing, if the job can be placed.
    fn candidates(&self, job: JobId, fitting: &mut Fitting, now: Timestamp) -> Vec<Candidate> {
        let eligible = BTreeSet::from_iter(self.eligible(job, fitting, now));
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

    /// Factories that are well and could run a ready job if they had a free seat: it has not failed on them twice, and they
    /// have not left a seat unused that was kept for it.
    pub(super) fn eligible(&self, job: JobId, fitting: &mut Fitting, now: Timestamp) -> Vec<SeatNo> {
        let class = self.ready_entry(job).and_then(|entry| self.index.class(entry.class));
        let Some(class) = class else { return Vec::new() };
        let demand = class.kind.demand;
        let fitting = fitting.entry(demand).or_insert_with(|| self.fitting(demand, now));
        let takes = |seat: &SeatNo| !self.evictions.shuns(job, *seat, now) && !self.excludes(class, *seat, now);
        fitting.iter().copied().filter(takes).collect()
    }

    /// Factories that are well and have what jobs of a demand ask for.
    fn fitting(&self, demand: DemandNo, now: Timestamp) -> Vec<SeatNo> {
        let Some(needs) = self.index.needs_of(demand) else { return Vec::new() };
        let well = self.seats.cards().filter(|(seat, _)| self.seats.is_well(*seat));
        let fits = |card: &crate::factory::Factory| {
            self.seats.supply(card, &Claim::plain(card.id.clone()), now).rejects(needs).is_none()
        };
        well.filter(|(_, card)| fits(card)).map(|(seat, _)| seat).collect()
    }
}
