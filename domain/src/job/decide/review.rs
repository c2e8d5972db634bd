//! A person looks at delivered work.

use crate::job::command::{Approve, Reject};
use crate::job::event::{End, Fact};
use crate::job::refusal::Refusal;
use crate::job::state::{Job, LeaseStatus, RunResult, Stage};

/// Ships delivered work, leased or not. Refuses while approvals are missing.
pub(super) fn ship(job: &Job) -> Result<Vec<Fact>, Refusal> {
    if job.stage == Stage::Shipped {
        return Ok(Vec::new());
    }
    if !job.stage.is_delivered() {
        return Err(super::illegal(job, Stage::Shipped));
    }
    let missing = job.approvals_missing();
    if missing > 0 {
        return Err(Refusal::ApprovalsMissing { missing });
    }
    Ok(vec![Fact::Shipped { end: taken(job, super::end::delivered(job)) }])
}

/// Refuses delivered work: back to the queue with the note, or failed. Uses no attempt.
pub(super) fn reject(job: &Job, reject: &Reject) -> Result<Vec<Fact>, Refusal> {
    let to = if reject.is_final { Stage::Failed } else { Stage::Queued };
    let said = job.notes.last().is_some_and(|note| note.text == reject.note);
    if job.stage == to && said {
        return Ok(Vec::new());
    }
    if !job.stage.is_delivered() {
        return Err(super::illegal(job, to));
    }
    let end = taken(job, RunResult::Cancelled);
    Ok(vec![Fact::Rejected { note: reject.note.clone(), is_final: reject.is_final, end }])
}

/// Counts a distinct reviewer; touches neither lease nor epoch.
pub(super) fn approve(job: &Job, approve: &Approve) -> Result<Vec<Fact>, Refusal> {
    if job.approved_by.contains(&approve.reviewer) {
        return Ok(Vec::new());
    }
    if !matches!(job.stage, Stage::Building | Stage::Review | Stage::Testing) {
        return Err(super::illegal(job, Stage::Shipped));
    }
    Ok(vec![Fact::Approved { reviewer: approve.reviewer.clone(), note: approve.note.clone() }])
}

/// The end of a run whose lease is taken by an operator's order, where one is held.
pub(super) fn taken(job: &Job, result: RunResult) -> Option<End> {
    job.held().map(|_| End::bumped(job, result, LeaseStatus::Evicted))
}
