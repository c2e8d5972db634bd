//! Evictions under way: each is judged again when something happens that can end it, and when it is due.
//! What they free is kept for the urgent job, and given back if that does not come for it.

use super::Board;
use super::press::Fitting;
use crate::dispatch::evictions::{Phase, Victim};
use crate::dispatch::seats::SeatNo;
use crate::job::state::Priority;
use crate::mutant::Mutant;
use crate::{Epoch, FactoryId, JobId, Timestamp};

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
    /// Follows the evictions that are under way: to be called before waiting claims are served, for a seat that has been
    /// freed is kept first. Answers those that are due; one that has not happened is answered again a second later.
    pub fn follow_evictions(&mut self, now: Timestamp) -> Vec<Order> {
        let (mut due, mut fitting) = (Vec::new(), Fitting::new());
        for (job, phase) in self.evictions.iter().collect::<Vec<_>>() {
            due.extend(self.follow(job, phase, &mut fitting, now));
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
        self.pressed = true;
        if let Some(Phase::Kept { seat, .. }) = self.evictions.end(job) {
            self.seats.count_reserved(seat, false);
            self.roomy.insert(seat);
            self.seat_changed(seat, now);
        }
    }

    fn follow(&mut self, job: JobId, phase: Phase, fitting: &mut Fitting, now: Timestamp) -> Option<Order> {
        if !self.is_urgent(job) {
            self.placed(job, now);
            return None;
        }
        match phase {
            // Nothing has happened that could end it.
            Phase::Evicting { due, .. } if !self.pressed && due > now => None,
            Phase::Evicting { victim, due } => self.follow_victim(job, (victim, due), fitting, now),
            Phase::Kept { seat, .. } if !self.seats.is_well(seat) || !self.has_open_key(job) => {
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

    /// Orders the eviction where it is due. It is over where its ground is gone: the gate or a key is closed, the victim
    /// is as urgent or has delivered, its factory could not run the job any more, or a seat has become free.
    fn follow_victim(
        &mut self,
        job: JobId,
        (victim, due): (Victim, Timestamp),
        fitting: &mut Fitting,
        now: Timestamp,
    ) -> Option<Order> {
        let runs = self.running.get(&victim.job).filter(|running| running.tenure.epoch == victim.epoch);
        let Some(running) = runs else {
            self.keep(job, victim.seat, now);
            return None;
        };
        let gives_way = running.priority < Priority::Critical || Mutant::EqualsEvicted.is_planted();
        let stands = gives_way && !running.delivered && self.shut().is_none() && self.has_open_key(job);
        let eligible = if stands { self.eligible(job, fitting, now) } else { Vec::new() };
        if !eligible.contains(&victim.seat) || eligible.iter().any(|seat| self.seats.has_room(*seat)) {
            self.evictions.end(job);
            self.pressed = true;
            return None;
        }
        (due <= now).then(|| {
            self.evictions.ordered(job, now);
            Order { evict: victim.job, epoch: victim.epoch, by: job }
        })
    }

    /// The seat that an eviction has freed is kept for the job, if it is still there.
    fn keep(&mut self, job: JobId, seat: SeatNo, now: Timestamp) {
        if !self.seats.is_well(seat) || !self.seats.has_room(seat) {
            self.evictions.end(job);
            self.pressed = true;
            return;
        }
        self.evictions.keep(job, seat, now);
        self.seats.count_reserved(seat, true);
        self.roomy.insert(seat);
        self.seat_changed(seat, now);
    }

    /// The job is ready and may evict others.
    fn is_urgent(&self, job: JobId) -> bool {
        let class = self.ready_entry(job).and_then(|entry| self.index.class(entry.class));
        class.is_some_and(|class| class.kind.merit.priority == Priority::Critical)
    }

    fn has_open_key(&self, job: JobId) -> bool {
        self.ready_entry(job).is_some_and(|entry| self.is_open(entry.spot.lock))
    }
}
