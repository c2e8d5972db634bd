//! Everything that a claim is decided by, in one value: what is ready, what is offered or running, who has a free
//! seat, who waits. Picks take a job off the index and count its seat and key as offered until the offer ends.

mod bid;
mod entries;
mod evict;
mod explain;
mod gate;
mod observe;
mod pick;
mod press;
mod serve;
mod waits;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::evictions::Evictions;
use super::index::{ClassNo, Index};
use super::locks::LockNo;
use super::seats::{SeatNo, Seats};
use super::supply::Claim;
use super::waiters::{WaiterNo, Waiters};
use super::weights::Weights;
use crate::factory::Factory;
use crate::job::state::{BlockedReason, Priority};
use crate::{FactoryId, JobId, Timestamp, Usd};

use entries::{Entries, Entry};
pub use evict::Order;
pub use explain::{Explained, Position, Stance};
pub use waits::Waits;

/// What a product's operator and the node's switches say of claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// No job is handed out.
    pub paused: bool,
    /// How many jobs may wait for review before no more are handed out.
    pub review_limit: Option<u32>,
    /// What the terms of the score weigh.
    pub weights: Weights,
    /// What a job without a budget of its own is taken to cost.
    pub estimate: Usd,
    /// Keeps the best runners-up of each claim.
    pub keeps_top: bool,
    /// Urgent jobs may evict others.
    pub preemption: bool,
}

/// Where a job stands that nobody runs, as far as claims are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Ready,
    Delayed(Timestamp),
    Offered(SeatNo),
}

/// A job that a factory holds.
#[derive(Debug)]
struct Running {
    seat: SeatNo,
    key: Option<String>,
    priority: Priority,
    tenure: super::standing::Tenure,
    delivered: bool,
}

/// The state that claims are decided by. Derived; rebuilt from jobs and factories at any time.
#[derive(Debug, Default)]
pub struct Board {
    rules: Rules,
    /// The gate is closed ahead of its commit.
    closing: bool,
    index: Index,
    entries: Entries,
    delayed: BTreeSet<(Timestamp, JobId)>,
    running: BTreeMap<JobId, Running>,
    /// Ready jobs that may evict others, by class.
    urgent: BTreeMap<ClassNo, BTreeSet<(Timestamp, JobId)>>,
    /// Jobs that wait for something that is no factory, and how many of each kind.
    blocked: HashMap<JobId, BlockedReason>,
    blocked_counts: [usize; 3],
    /// Those of them that are not to begin before a time.
    blocked_until: BTreeMap<JobId, Timestamp>,
    reviewing: BTreeSet<JobId>,
    /// How many jobs wait for a job, where some do.
    dependents: HashMap<JobId, u8>,
    seats: Seats,
    waiters: Waiters,
    /// Factories that got room since the waiting claims were last looked at.
    roomy: BTreeSet<SeatNo>,
    /// Entries that have failed twice on some factory.
    excluding: usize,
    evictions: Evictions,
    /// Something has happened since evictions were last looked for that may make one possible, or end one.
    pressed: bool,
    /// When somebody may be evicted next for an urgent job for which nobody may be now.
    evictable: Option<Timestamp>,
}

impl Board {
    /// The card of a factory.
    pub fn factory(&self, id: &FactoryId) -> Option<&Arc<Factory>> {
        self.seats.card(id)
    }

    /// Lets a claim wait for a job.
    pub fn park(&mut self, claim: Claim, now: Timestamp) -> WaiterNo {
        self.index.watch(true);
        self.waiters.park(claim, &mut self.seats, now)
    }

    /// Ends a claim's waiting.
    pub fn unpark(&mut self, no: WaiterNo) {
        self.waiters.take(no);
    }

    /// When time alone changes something next: a pause is over, an engine can be used again, an eviction goes on or can
    /// begin.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let pause = self.delayed.first().map(|(at, _)| *at);
        [pause, self.seats.next_reset(), self.evictions.next_due(), self.evictable].into_iter().flatten().min()
    }

    /// Seats of a factory that are taken.
    pub fn seats_used(&self, factory: &FactoryId) -> u32 {
        self.seats.used(factory)
    }

    /// Jobs on offer: of one factory, or of all.
    pub fn offered(&self, of: Option<&FactoryId>) -> u32 {
        self.seats.offered(of)
    }

    /// How many jobs are ready.
    pub fn ready(&self) -> usize {
        self.index.ready()
    }

    /// How many claims wait.
    pub fn waiting(&self) -> usize {
        self.waiters.len()
    }

    /// A job that can be picked, where it is one.
    fn ready_entry(&self, job: JobId) -> Option<Entry> {
        self.entries.get(job).filter(|entry| entry.place == Place::Ready)
    }

    fn is_open(&self, lock: Option<LockNo>) -> bool {
        lock.is_none_or(|lock| self.index.locks().is_open(lock))
    }
}
