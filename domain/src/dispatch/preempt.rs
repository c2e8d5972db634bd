//! Whom an urgent job may evict, and who costs the least.
//! Pure: knows neither seats nor evictions under way.

use crate::job::state::Priority;
use crate::mutant::Mutant;
use crate::{Epoch, FactoryId, JobId};

/// How long the run of a job that was preempted once is left alone; it doubles with each further time.
const PROTECTED_MS: u64 = 5 * 60_000;
/// How long it is left alone at most.
const MOST_PROTECTED_MS: u64 = 24 * 3_600_000;

/// A running job that might make room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The job.
    pub job: JobId,
    /// Its epoch.
    pub epoch: Epoch,
    /// Whose seat it takes.
    pub factory: FactoryId,
    /// What ending it would cost.
    pub cost: Cost,
}

/// What ending a run would cost. Compared member by member: the first that differs decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// How urgent the job is.
    pub priority: Priority,
    /// How often it was preempted since its last requeue.
    pub preempted: u32,
    /// Work that no checkpoint holds, in milliseconds.
    pub unsaved_ms: u64,
    /// How long the run has lasted, in milliseconds.
    pub running_ms: u64,
}

/// Why a running job is evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grounds {
    /// No eligible factory has a free seat, and only this one and dearer ones are less urgent.
    NoFreeSeat,
}

/// An eviction that makes room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preemption {
    /// Who makes room.
    pub evict: Candidate,
    /// Why.
    pub reason: Grounds,
    /// What it costs.
    pub breakdown: Cost,
}

impl Cost {
    /// For how many more milliseconds the run is left alone: a job that was preempted is, the longer the more often.
    pub fn protected_ms(&self) -> u64 {
        if self.preempted == 0 || Mutant::ProtectionIgnored.is_planted() {
            return 0;
        }
        let doublings = self.preempted.saturating_sub(1).min(32);
        let protected = PROTECTED_MS.saturating_mul(1 << doublings).min(MOST_PROTECTED_MS);
        protected.saturating_sub(self.running_ms)
    }
}

/// The cheapest of the jobs that may be evicted for one of that urgency: strictly less urgent, and not protected.
pub fn select_with_preemption(
    priority: Priority,
    candidates: impl IntoIterator<Item = Candidate>,
) -> Option<Preemption> {
    let less_urgent = |cost: &Cost| match Mutant::EqualsEvicted.is_planted() {
        true => cost.priority <= priority,
        false => cost.priority < priority,
    };
    let may_go = candidates.into_iter().filter(|one| less_urgent(&one.cost) && one.cost.protected_ms() == 0);
    let evict = may_go.min_by_key(|one| (one.cost, one.job))?;
    Some(Preemption { breakdown: evict.cost, evict, reason: Grounds::NoFreeSeat })
}
