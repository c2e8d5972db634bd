//! How the board follows what is committed: where each job stands, and what that takes of seats and keys.

use super::{Board, Entry, Place, Running, SeatNo};
use crate::dispatch::class::{Rank, Spot};
use crate::dispatch::needs::Key;
use crate::dispatch::standing::Standing;
use crate::job::Stage;
use crate::job::state::Priority;
use crate::mutant::Mutant;
use crate::{JobId, Timestamp};

impl Board {
    /// Takes in the waiting jobs of a product that is being opened: as `observe` for each, in far less time and memory.
    pub fn fill(&mut self, waiting: &[Standing], now: Timestamp) {
        self.entries.reserve(waiting.len());
        let mut ready = Vec::with_capacity(waiting.len());
        for job in waiting {
            let plain = job.key.is_none() && job.due_at.is_none() && job.merit.priority != Priority::Critical;
            if !plain || !job.merit.failed_on.is_empty() || place(job, now) != Some(Place::Ready) {
                self.observe(job, now);
                continue;
            }
            let class = self.index.join(&job.needs, &job.merit, 0);
            let rank = Rank { queued_at: job.queued_at, job: job.job };
            let spot = Spot { rank, due_at: None, lock: None };
            ready.push((class, rank));
            self.entries.insert(Entry { class, spot, place: Place::Ready });
        }
        self.index.fill(ready);
    }

    /// Takes in a job as it was committed. An offer that is under way stays one until it ends.
    pub fn observe(&mut self, job: &Standing, now: Timestamp) {
        let was_shut = self.shut().is_some();
        let next = place(job, now);
        let offered =
            self.entries.get(job.job).map(|entry| entry.place).filter(|place| matches!(place, Place::Offered(_)));
        self.remove(job.job, now);
        match (&job.tenure, next) {
            (Some(_), _) => self.run(job, now),
            (None, Some(next)) => {
                let class =
                    self.index.join(&job.needs, &job.merit, self.dependents.get(&job.job).copied().unwrap_or(0));
                let lock = job.key.as_ref().map(|key| self.index.lock(key));
                let rank = Rank { queued_at: job.queued_at, job: job.job };
                let spot = Spot { rank, due_at: job.due_at, lock };
                self.excluding += usize::from(!job.merit.failed_on.is_empty());
                self.settle(Entry { class, spot, place: offered.unwrap_or(next) }, now);
            }
            (None, None) => {
                self.block(job);
                self.evictions.forget(job.job);
            }
        }
        if job.stage == Stage::Review {
            self.reviewing.insert(job.job);
        } else {
            self.reviewing.remove(&job.job);
        }
        self.reopened(was_shut, now);
    }

    /// Takes in how many jobs wait for this one, at most [`crate::dispatch::MOST_WAITING`].
    pub fn set_dependents(&mut self, job: JobId, count: u8, now: Timestamp) {
        if count == 0 {
            self.dependents.remove(&job);
        } else {
            self.dependents.insert(job, count);
        }
        let Some(entry) = self.entries.get(job) else { return };
        let Some(class) = self.index.class(entry.class).filter(|class| class.kind.waiting != count) else { return };
        let (kind, Some(needs)) = (class.kind.clone(), self.index.needs(class).cloned()) else { return };
        self.unsettle(&entry, now);
        let class = self.index.join(&needs, &kind.merit, count);
        self.index.leave(entry.class);
        self.settle(Entry { class, ..entry }, now);
    }

    /// Ends an offer that came to nothing: the job is ready again until it is next observed.
    pub fn end_offer(&mut self, job: JobId, now: Timestamp) {
        let Some(entry) = self.entries.get(job).filter(|entry| matches!(entry.place, Place::Offered(_))) else {
            return;
        };
        self.unsettle(&entry, now);
        self.settle(Entry { place: Place::Ready, ..entry }, now);
    }

    /// Ends an offer that is not to be made to anybody else for now: nobody who waits is served because of it.
    pub fn put_back(&mut self, job: JobId, now: Timestamp) {
        let before = self.roomy.clone();
        self.end_offer(job, now);
        self.index.unnote(job);
        self.roomy = before;
    }

    /// Takes a job off the board that is left alone; if it runs, it goes on taking its seat.
    pub fn set_aside(&mut self, job: JobId, now: Timestamp) {
        if !self.running.contains_key(&job) {
            self.remove(job, now);
        }
    }

    /// Takes a job off the board.
    pub fn clear(&mut self, job: JobId, now: Timestamp) {
        let was_shut = self.shut().is_some();
        self.remove(job, now);
        self.reviewing.remove(&job);
        self.evictions.forget(job);
        self.reopened(was_shut, now);
    }

    /// Moves jobs whose pause is over into the index, and looks again at engines that can be used again.
    pub fn wake(&mut self, now: Timestamp) {
        while let Some((_, job)) = self.delayed.first().copied().filter(|(at, _)| *at <= now) {
            let Some(entry) = self.entries.get(job) else { break };
            self.unsettle(&entry, now);
            self.settle(Entry { place: Place::Ready, ..entry }, now);
        }
        if self.seats.reset(now) {
            self.pressed = true;
            self.look_at_all(now);
        }
    }

    fn remove(&mut self, job: JobId, now: Timestamp) {
        if let Some(reason) = self.blocked.remove(&job) {
            self.blocked_counts[reason as usize] -= 1;
            self.blocked_until.remove(&job);
        }
        if let Some(entry) = self.entries.get(job) {
            self.unsettle(&entry, now);
            self.entries.remove(job);
            let failed = self.index.class(entry.class).is_some_and(|class| !class.kind.merit.failed_on.is_empty());
            self.excluding -= usize::from(failed);
            self.index.leave(entry.class);
            entry.spot.lock.iter().for_each(|lock| self.index.unlock(*lock));
        }
        if let Some(running) = self.running.remove(&job) {
            self.seats.count_run(running.seat, false);
            running.key.iter().for_each(|key| self.index.count_key(key, false));
            self.freed(running.seat, now);
        }
    }

    fn run(&mut self, job: &Standing, now: Timestamp) {
        let Some(tenure) = job.tenure.clone() else { return };
        let seat = self.seats.number(&tenure.holder);
        self.seats.count_run(seat, true);
        let key = job.key.as_ref().map(|Key { name, .. }| name.clone());
        key.iter().for_each(|key| self.index.count_key(key, true));
        let delivered = job.stage.is_delivered();
        self.running.insert(job.job, Running { seat, key, priority: job.merit.priority, tenure, delivered });
        self.seat_changed(seat, now);
    }

    fn block(&mut self, job: &Standing) {
        if let Some(reason) = job.blocked_reason {
            self.blocked.insert(job.job, reason);
            self.blocked_counts[reason as usize] += 1;
            self.blocked_until.extend(job.not_before.map(|at| (job.job, at)));
        }
    }

    /// Enters a place: into the order, or into seats and keys.
    pub(super) fn settle(&mut self, entry: Entry, now: Timestamp) {
        let job = entry.spot.rank.job;
        match entry.place {
            Place::Ready => {
                self.index.insert(entry.class, entry.spot);
                self.hurry(&entry, true);
            }
            Place::Delayed(at) => {
                self.delayed.insert((at, job));
            }
            Place::Offered(seat) => self.take_seat(&entry, seat, now),
        }
        self.entries.insert(entry);
    }

    /// Leaves a place; whoever gets room by that is noted.
    pub(super) fn unsettle(&mut self, entry: &Entry, now: Timestamp) {
        match entry.place {
            Place::Ready => {
                self.index.remove(entry.class, entry.spot);
                self.hurry(entry, false);
            }
            Place::Delayed(at) => {
                self.delayed.remove(&(at, entry.spot.rank.job));
            }
            Place::Offered(seat) => {
                self.seats.count_offer(seat, false);
                self.count_key(entry, false);
                self.freed(seat, now);
            }
        }
    }

    fn take_seat(&mut self, entry: &Entry, seat: SeatNo, now: Timestamp) {
        self.seats.count_offer(seat, true);
        self.count_key(entry, true);
        self.seat_changed(seat, now);
    }

    fn freed(&mut self, seat: SeatNo, now: Timestamp) {
        self.roomy.insert(seat);
        self.seat_changed(seat, now);
    }

    fn count_key(&mut self, entry: &Entry, begins: bool) {
        let key = entry.spot.lock.and_then(|lock| self.index.locks().key(lock));
        if let Some(name) = key.map(|key| key.name.clone()) {
            self.index.count_key(&name, begins);
        }
    }
}

/// Where a job that nobody holds stands by itself, without regard to offers. None: claims have nothing to do with it.
fn place(job: &Standing, now: Timestamp) -> Option<Place> {
    if job.tenure.is_some() || job.stage != Stage::Queued {
        return None;
    }
    Some(match job.not_before.filter(|at| *at > now && !Mutant::DelayIgnored.is_planted()) {
        Some(at) => Place::Delayed(at),
        None => Place::Ready,
    })
}
