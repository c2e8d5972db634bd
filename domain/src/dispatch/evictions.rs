//! Evictions under way and the seats that they have made free: one for each urgent job at a time.
//!
//! Nothing here ends a lease: a deadline orders the eviction, and what is committed says whether it has happened.

use std::collections::BTreeMap;

use super::seats::SeatNo;
use crate::mutant::Mutant;
use crate::{Epoch, JobId, Timestamp};

/// How long a factory has to save the work of a job that is to be evicted.
pub const GRACE_MS: u64 = 15_000;
/// How long to wait before an eviction that has not happened is ordered again.
const ORDER_AGAIN_MS: u64 = 1_000;
/// How long a freed seat is kept for the job that it was freed for.
const KEPT_MS: u64 = 60_000;
/// How long a factory that did not take the job is left out of its evictions; it doubles with each further time.
const SHUNNED_MS: u64 = 5 * 60_000;

/// A job that is to make room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Victim {
    pub(super) job: JobId,
    pub(super) epoch: Epoch,
    pub(super) seat: SeatNo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The victim's factory has been told; the eviction is ordered at `due`, and again from then on.
    Evicting { victim: Victim, due: Timestamp },
    /// A seat of the factory is kept until then.
    Kept { seat: SeatNo, until: Timestamp },
}

#[derive(Clone, Copy, Debug)]
struct Shunned {
    until: Timestamp,
    times: u32,
}

/// The evictions of a product, by the job for which each of them is.
#[derive(Debug, Default)]
pub(super) struct Evictions {
    open: BTreeMap<JobId, Phase>,
    shunned: BTreeMap<(JobId, SeatNo), Shunned>,
}

impl Evictions {
    /// Begins an eviction: the grace runs from now.
    pub(super) fn begin(&mut self, preemptor: JobId, victim: Victim, now: Timestamp) {
        let grace = if Mutant::GraceIgnored.is_planted() { 0 } else { GRACE_MS };
        self.open.insert(preemptor, Phase::Evicting { victim, due: now.plus_ms(grace) });
    }

    /// The seat is free: it is kept for the job for a while.
    pub(super) fn keep(&mut self, preemptor: JobId, seat: SeatNo, now: Timestamp) {
        self.open.insert(preemptor, Phase::Kept { seat, until: now.plus_ms(KEPT_MS) });
    }

    /// The eviction was ordered; it is ordered again unless it happens.
    pub(super) fn ordered(&mut self, preemptor: JobId, now: Timestamp) {
        if let Some(Phase::Evicting { due, .. }) = self.open.get_mut(&preemptor) {
            *due = now.plus_ms(ORDER_AGAIN_MS);
        }
    }

    /// Ends what is under way for a job.
    pub(super) fn end(&mut self, preemptor: JobId) -> Option<Phase> {
        self.open.remove(&preemptor)
    }

    /// Leaves a factory that did not take the job out for a while.
    pub(super) fn shun(&mut self, preemptor: JobId, seat: SeatNo, now: Timestamp) {
        let times = self.shunned.get(&(preemptor, seat)).map_or(0, |shunned| shunned.times);
        let until = now.plus_ms(SHUNNED_MS << times.min(8));
        self.shunned.insert((preemptor, seat), Shunned { until, times: times + 1 });
    }

    /// The factory is left out for that job.
    pub(super) fn shuns(&self, preemptor: JobId, seat: SeatNo, now: Timestamp) -> bool {
        self.shunned.get(&(preemptor, seat)).is_some_and(|shunned| shunned.until > now)
    }

    /// When the next factory that is left out for that job no longer is.
    pub(super) fn shuns_until(&self, preemptor: JobId, now: Timestamp) -> Option<Timestamp> {
        let of_it = self.shunned.range((preemptor, SeatNo::MIN)..=(preemptor, SeatNo::MAX));
        of_it.map(|(_, shunned)| shunned.until).filter(|until| *until > now).min()
    }

    /// Forgets which factories a job that has gone left out.
    pub(super) fn forget(&mut self, preemptor: JobId) {
        self.shunned.retain(|(job, _), _| *job != preemptor);
    }

    /// What is under way for a job.
    pub(super) fn of(&self, preemptor: JobId) -> Option<Phase> {
        self.open.get(&preemptor).copied()
    }

    /// Everything that is under way.
    pub(super) fn iter(&self) -> impl Iterator<Item = (JobId, Phase)> {
        self.open.iter().map(|(preemptor, phase)| (*preemptor, *phase))
    }

    /// The factory of which a seat is kept for the job.
    pub(super) fn seat_kept(&self, preemptor: JobId) -> Option<SeatNo> {
        match self.of(preemptor)? {
            Phase::Kept { seat, .. } => Some(seat),
            Phase::Evicting { .. } => None,
        }
    }

    /// The jobs that a seat of the factory is kept for.
    pub(super) fn kept(&self, of: SeatNo) -> impl Iterator<Item = JobId> {
        self.iter()
            .filter(move |(_, phase)| matches!(phase, Phase::Kept { seat, .. } if *seat == of))
            .map(|(job, _)| job)
    }

    /// The victims.
    pub(super) fn victims(&self) -> impl Iterator<Item = (JobId, Victim, Timestamp)> {
        self.iter().filter_map(|(preemptor, phase)| match phase {
            Phase::Evicting { victim, due } => Some((preemptor, victim, due)),
            Phase::Kept { .. } => None,
        })
    }

    /// When the next of them has to be looked at.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let due = |phase: &Phase| match phase {
            Phase::Evicting { due, .. } => *due,
            Phase::Kept { until, .. } => *until,
        };
        self.open.values().map(due).min()
    }
}
