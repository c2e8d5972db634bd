//! Parents and children: a composite job waits for its children, then completes by itself or is claimed to put together
//! what they made.

use crate::job::command::{Adopt, Outcome};
use crate::job::event::{End, Fact};
use crate::job::refusal::Refusal;
use crate::job::state::{BlockedReason, Job, LeaseStatus, RunResult, Stage};
use crate::mutant::Mutant;

/// The dependencies have settled: what the job waits for now is its children.
pub(super) fn children_open(job: &Job) -> Vec<Fact> {
    match job.blocked_reason {
        Some(BlockedReason::Dependencies) => vec![Fact::Blocked { reason: BlockedReason::Children }],
        Some(BlockedReason::Children | BlockedReason::NeedsInput | BlockedReason::DependencyFailed) | None => {
            Vec::new()
        }
    }
}

/// Everything that it waits for has settled: it is queued, or ends by itself.
pub(super) fn children_met(job: &Job, outcome: Outcome) -> Vec<Fact> {
    let waits = matches!(
        job.blocked_reason,
        Some(BlockedReason::Dependencies | BlockedReason::Children | BlockedReason::DependencyFailed)
    );
    // Whoever overruled that a child has not shipped took the end of its parent in hand.
    let by_itself = job.spec.auto_complete && job.settled.as_ref().is_none_or(Vec::is_empty);
    let outcome = if Mutant::FailedChildShips.is_planted() { Outcome::Shipped } else { outcome };
    match (waits, by_itself, outcome) {
        (false, _, _) => Vec::new(),
        (true, false, _) => vec![Fact::Ready {}],
        (true, true, Outcome::Shipped) => vec![Fact::Shipped { end: None }],
        (true, true, Outcome::Settled) => vec![Fact::Failed { end: None }],
    }
}

/// The job waits for more children. By its holder, before it has delivered: the run ends `released`. What it waited for
/// until it was queued is not looked at again.
pub(super) fn adopt(job: &Job, adopt: &Adopt) -> Result<Vec<Fact>, Refusal> {
    let has_waited =
        !Mutant::OverruledAgain.is_planted() && job.deps_met && (job.children > 0 || !job.spec.depends_on.is_empty());
    let added = |end| {
        let settled = has_waited.then(|| adopt.ended.clone());
        Ok(vec![Fact::ChildrenAdded { children: adopt.children, settled, end }])
    };
    let Some(fence) = &adopt.fence else {
        let waits = job.stage == Stage::Queued
            || job.stage == Stage::Blocked && job.blocked_reason != Some(BlockedReason::NeedsInput);
        return match waits {
            true => added(None),
            false => Err(super::illegal(job, Stage::Blocked)),
        };
    };
    super::fenced(job, fence)?;
    if job.stage.is_delivered() {
        return Err(super::illegal(job, Stage::Blocked));
    }
    added(Some(End::bumped(job, RunResult::Released, LeaseStatus::Released)))
}
