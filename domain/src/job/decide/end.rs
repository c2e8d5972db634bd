//! The ways in which a lease ends without a final report.

use crate::job::command::{Fence, Preempt, Release};
use crate::job::event::{End, Fact};
use crate::job::limits::Reason;
use crate::job::refusal::Refusal;
use crate::job::state::{Job, LeaseStatus, Priority, RunResult, Stage};
use crate::mutant::Mutant;
use crate::{Epoch, Timestamp};

impl End {
    /// An end by anything but the holder's own final report: the epoch moves on.
    pub(super) fn bumped(job: &Job, result: RunResult, lease: LeaseStatus) -> Self {
        Self { result, lease, epoch: job.epoch.next(), said: None }
    }
}

/// How the run of delivered work ends when its lease goes.
pub(super) fn delivered(job: &Job) -> RunResult {
    match job.run.as_ref().and_then(|run| run.result) {
        Some(RunResult::NoChanges) => RunResult::NoChanges,
        _ => RunResult::Succeeded,
    }
}

/// The lease goes without using an attempt: delivered work keeps its stage, anything else is queued at once.
fn given_back(job: &Job, result: RunResult, lease: LeaseStatus, resets_at: Option<Timestamp>) -> Vec<Fact> {
    let (stage, result) = if job.stage.is_delivered() { (job.stage, delivered(job)) } else { (Stage::Queued, result) };
    vec![Fact::Released { stage, end: End::bumped(job, result, lease), resets_at }]
}

/// An attempt is used: another one follows, or the job is a dead letter.
pub(super) fn attempt_used(job: &Job, end: Option<End>, now: Timestamp) -> Fact {
    let attempt = job.attempt + 1;
    if attempt >= job.spec.retry.max_attempts {
        return Fact::DeadLettered { end, attempt };
    }
    Fact::Retried { end, attempt, not_before: job.backoff(attempt, now) }
}

/// The holder gives the lease back. Repeating it, or releasing after the own final report, changes nothing.
pub(super) fn release(job: &Job, release: &Release) -> Result<Vec<Fact>, Refusal> {
    let gave_back = job.lease.as_ref().is_some_and(|lease| lease.status == LeaseStatus::Released);
    if gave_back && super::names_lease(job, &release.fence) {
        return Ok(Vec::new());
    }
    super::fenced(job, &release.fence)?;
    if !matches!(release.result, RunResult::Released | RunResult::Quota | RunResult::Preempted) {
        return Err(Refusal::Unfit { member: "result", why: "must be released, quota or preempted" });
    }
    let resets_at = release.resets_at.filter(|_| release.result == RunResult::Quota);
    Ok(given_back(job, release.result, LeaseStatus::Released, resets_at))
}

/// Whether a renewal would be in order; it leaves no fact. Whoever gave the lease back is told so, and is not fenced.
pub(super) fn renew(job: &Job, fence: &Fence) -> Result<Vec<Fact>, Refusal> {
    let gave_back = job.lease.as_ref().is_some_and(|lease| lease.status == LeaseStatus::Released);
    if gave_back && super::names_lease(job, fence) {
        return Err(Refusal::LeaseEnded { stage: job.stage });
    }
    super::fenced(job, fence).map(|()| Vec::new())
}

/// The lease has run out: delivered work stays, anything else is lost and uses an attempt.
pub(super) fn expire(job: &Job, epoch: Epoch, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    super::current(job, epoch)?;
    let end = |result| Fact::LeaseExpired { end: End::bumped(job, result, LeaseStatus::Expired) };
    if job.stage.is_delivered() {
        return Ok(vec![end(delivered(job))]);
    }
    Ok(vec![end(RunResult::Lost), attempt_used(job, None, now)])
}

/// The grant never reached its factory.
pub(super) fn reclaim(job: &Job, epoch: Epoch) -> Result<Vec<Fact>, Refusal> {
    super::current(job, epoch)?;
    Ok(given_back(job, RunResult::Released, LeaseStatus::Evicted, None))
}

/// A limit has passed and the factory kept silent. Nothing happens if none has.
pub(super) fn limit(job: &Job, epoch: Epoch, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    super::current(job, epoch)?;
    let end = |result| Some(End::bumped(job, result, LeaseStatus::Evicted));
    Ok(match job.limit().filter(|(at, _)| *at <= now) {
        Some((_, Reason::RunTimeout)) => vec![attempt_used(job, end(RunResult::TimedOut), now)],
        Some((_, Reason::WallBudget)) => vec![Fact::Failed { end: end(RunResult::OverBudget) }],
        Some((_, Reason::LeaseExpiry)) | None => Vec::new(),
    })
}

/// A more urgent job takes the seat: the job is queued at once and no attempt is used. Delivered work stays as it is,
/// and nothing is more urgent than a critical job.
pub(super) fn preempt(job: &Job, preempt: Preempt) -> Result<Vec<Fact>, Refusal> {
    super::current(job, preempt.epoch)?;
    let is_most_urgent = job.spec.priority == Priority::Critical && !Mutant::EqualsEvicted.is_planted();
    if job.stage.is_delivered() || is_most_urgent {
        return Ok(Vec::new());
    }
    let end = End::bumped(job, RunResult::Preempted, LeaseStatus::Evicted);
    Ok(vec![Fact::Preempted { end, for_job: preempt.for_job }])
}

/// The product is stopped: a held lease ends, no attempt is used.
pub(super) fn evict(job: &Job) -> Vec<Fact> {
    match job.held() {
        Some(_) => given_back(job, RunResult::Released, LeaseStatus::Evicted, None),
        None => Vec::new(),
    }
}
