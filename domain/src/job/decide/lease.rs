//! A claim: lease, epoch + 1, run opened.

use crate::Timestamp;
use crate::job::command::Lease;
use crate::job::event::Fact;
use crate::job::refusal::Refusal;
use crate::job::state::{Job, Stage};

/// Grants a lease on a queued job. Refuses one whose pause is not over.
pub(super) fn decide(job: &Job, lease: Lease, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    if job.stage != Stage::Queued {
        return Err(super::illegal(job, Stage::Assigned));
    }
    if let Some(until) = job.not_before.filter(|until| *until > now) {
        return Err(Refusal::NotReady { until });
    }
    Ok(vec![lease.granted(job.epoch.next(), job.runs + 1)])
}
