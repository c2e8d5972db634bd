//! Says yes, with the facts that follow, or no. Changes nothing.

mod edit;
mod end;
mod lease;
mod operate;
mod report;
mod review;

use super::command::Command;
use super::event::Fact;
use super::refusal::Refusal;
use super::state::{Job, LeaseStatus, Stage};
use crate::{Epoch, Timestamp, job::command::Fence};

/// Decides a command. No facts means that its effect stands already.
///
/// Refuses writes under a dead lease, moves that the lifecycle does not have, and shipping without approvals.
pub fn decide(job: &Job, command: Command, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    match command {
        Command::Lease(lease) => lease::decide(job, lease, now),
        Command::Report(report) => report::decide(job, &report, now),
        Command::Release(release) => end::release(job, &release),
        Command::Renew(fence) => end::renew(job, &fence),
        Command::Expire(epoch) => end::expire(job, epoch, now),
        Command::Reclaim(epoch) => end::reclaim(job, epoch),
        Command::Limit(epoch) => end::limit(job, epoch, now),
        Command::Preempt(preempt) => end::preempt(job, preempt),
        Command::Evict => Ok(end::evict(job)),
        Command::DependenciesMet => Ok(operate::dependencies_met(job)),
        Command::DependencyFailed => Ok(operate::dependency_failed(job)),
        Command::Ship => review::ship(job),
        Command::Reject(reject) => review::reject(job, &reject),
        Command::Approve(approve) => review::approve(job, &approve),
        Command::Answer(answer) => operate::answer(job, answer),
        Command::Requeue(requeue) => operate::requeue(job, requeue),
        Command::Cancel(cancel) => operate::cancel(job, cancel),
        Command::Edit(edit) => edit::decide(job, *edit),
    }
}

/// The illegal move from where the job stands.
fn illegal(job: &Job, to: Stage) -> Refusal {
    Refusal::IllegalTransition { from: job.stage, to }
}

/// The job's lease is the one that the fence names, held or not.
fn names_lease(job: &Job, fence: &Fence) -> bool {
    job.lease.as_ref().is_some_and(|lease| {
        lease.epoch == fence.epoch && fence.factory.as_ref().is_none_or(|factory| *factory == lease.holder)
    })
}

/// Refuses a write that does not come from the holder under the current epoch.
fn fenced(job: &Job, fence: &Fence) -> Result<(), Refusal> {
    let held = job.held().is_some_and(|lease| lease.epoch == job.epoch);
    if held && names_lease(job, fence) {
        return Ok(());
    }
    Err(if ended_itself(job, fence) {
        Refusal::LeaseEnded { stage: job.stage }
    } else {
        Refusal::StaleLease { current: job.epoch }
    })
}

/// The lease that the fence names was ended by its holder's own final report, and nothing has happened since.
fn ended_itself(job: &Job, fence: &Fence) -> bool {
    names_lease(job, fence)
        && fence.epoch == job.epoch
        && job.lease.as_ref().is_some_and(|lease| lease.status == LeaseStatus::Released)
}

/// Refuses an order of the coordinator about a lease that is no longer held.
fn current(job: &Job, epoch: Epoch) -> Result<(), Refusal> {
    fenced(job, &Fence { epoch, factory: None })
}
