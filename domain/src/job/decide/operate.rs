//! Orders of operators and of the coordinator that concern no factory.

use super::review::taken;
use crate::job::command::{Answer, Cancel, Requeue};
use crate::job::event::Fact;
use crate::job::refusal::Refusal;
use crate::job::spec::OnDepFailure;
use crate::job::state::{BlockedReason, Job, RunResult, Stage};

/// What waits for dependencies is queued; anything else is past that.
pub(super) fn dependencies_met(job: &Job) -> Vec<Fact> {
    match job.blocked_reason {
        Some(BlockedReason::Dependencies | BlockedReason::DependencyFailed) => vec![Fact::Ready {}],
        Some(BlockedReason::NeedsInput) | None => Vec::new(),
    }
}

/// A dependency ended without shipping, and the job's policy does not ignore that.
pub(super) fn dependency_failed(job: &Job) -> Vec<Fact> {
    match (job.blocked_reason, job.spec.on_dep_failure) {
        (Some(BlockedReason::Dependencies), OnDepFailure::Fail) => vec![Fact::Failed { end: None }],
        (Some(BlockedReason::Dependencies), OnDepFailure::Block) => {
            vec![Fact::Blocked { reason: BlockedReason::DependencyFailed }]
        }
        _ => Vec::new(),
    }
}

/// The answer joins the notes; the job returns to the queue.
pub(super) fn answer(job: &Job, answer: Answer) -> Result<Vec<Fact>, Refusal> {
    if job.blocked_reason == Some(BlockedReason::NeedsInput) {
        return Ok(vec![Fact::Answered { text: answer.text }]);
    }
    let said = job.notes.last().is_some_and(|note| note.text == answer.text);
    if job.stage == Stage::Queued && said {
        return Ok(Vec::new());
    }
    Err(super::illegal(job, Stage::Queued))
}

/// Back into the queue with fresh attempts. A failed dependency is overruled; an open one is waited for again.
pub(super) fn requeue(job: &Job, requeue: Requeue) -> Result<Vec<Fact>, Refusal> {
    let legal = match job.stage {
        Stage::Failed | Stage::DeadLetter | Stage::Cancelled => true,
        Stage::Blocked => job.blocked_reason != Some(BlockedReason::Dependencies),
        Stage::Queued if job.attempt == 0 && !requeue.fresh && requeue.note.is_none() => return Ok(Vec::new()),
        Stage::Queued | Stage::Shipped => false,
        Stage::Assigned | Stage::Building | Stage::Review | Stage::Testing => true,
    };
    if !legal {
        return Err(super::illegal(job, Stage::Queued));
    }
    let failed_by_it = job.stage == Stage::Failed && !job.deps_met;
    let overruled = failed_by_it || job.blocked_reason == Some(BlockedReason::DependencyFailed);
    Ok(vec![Fact::Requeued {
        epoch: job.epoch.next(),
        fresh: requeue.fresh,
        blocked: !job.deps_met && !overruled,
        note: requeue.note,
        end: taken(job, RunResult::Cancelled),
    }])
}

/// Ends a job that has not ended.
pub(super) fn cancel(job: &Job, cancel: Cancel) -> Result<Vec<Fact>, Refusal> {
    if job.stage == Stage::Cancelled {
        return Ok(Vec::new());
    }
    if job.stage.is_terminal() {
        return Err(super::illegal(job, Stage::Cancelled));
    }
    Ok(vec![Fact::Cancelled { reason: cancel.reason, end: taken(job, RunResult::Cancelled) }])
}
