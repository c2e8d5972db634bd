//! When a job has to be looked at again, and why. A factory keeps its own limits; the coordinator acts where it does not.

use super::spec::JobBudget;
use super::state::Job;
use crate::{Timestamp, Usd};

/// Grace beyond a limit before the coordinator acts: the larger of this and a tenth of the limit.
const GRACE_MS: u64 = 30_000;

/// Why a job has to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Its lease runs out.
    LeaseExpiry,
    /// Its run has taken longer than `timeoutSec`.
    RunTimeout,
    /// Its runs have taken longer than `budget.wallSec`.
    WallBudget,
}

impl Job {
    /// When to look again, and why: the lease's end or a limit of the run, whichever comes first.
    pub fn deadline(&self) -> Option<(Timestamp, Reason)> {
        let lease = self.held().map(|lease| (lease.expires_at, Reason::LeaseExpiry));
        [lease, self.limit()].into_iter().flatten().min()
    }

    /// When the coordinator ends the run because a limit has passed. Delivered work has none.
    pub fn limit(&self) -> Option<(Timestamp, Reason)> {
        let run = self.run.as_ref().filter(|_| !self.stage.is_delivered())?;
        let timeout = self.spec.timeout_sec.map(|secs| (run.started_at.plus_ms(graced(secs)), Reason::RunTimeout));
        let wall = self.spec.budget.wall_sec.map(|secs| {
            let left = graced(secs).saturating_sub(self.spent.wall_ms);
            (run.started_at.plus_ms(left), Reason::WallBudget)
        });
        [timeout, wall].into_iter().flatten().min()
    }

    /// The known cost of its runs since the last requeue, with `cost` for the one that goes on.
    pub(super) fn overspends(&self, cost: Option<Usd>) -> bool {
        let JobBudget { usd: Some(limit), .. } = self.spec.budget else { return false };
        let known = self.spent.usd.plus(cost.unwrap_or_default());
        known.0 > limit.0.saturating_add(limit.0 / 10)
    }
}

/// A limit in seconds with its grace, in milliseconds.
fn graced(secs: u64) -> u64 {
    let limit = secs.saturating_mul(1_000);
    limit.saturating_add(GRACE_MS.max(limit / 10))
}
