//! Decisions as deliberate bugs would take them; see `mutant`. Test builds only.

#![allow(clippy::wildcard_enum_match_arm, reason = "a bug is about one fact; the others stay as they are")]

use super::command::{Command, Prior, Report};
use super::decide;
use super::event::{End, Fact};
use super::refusal::Refusal;
use super::state::{BlockedReason, Job, Stage};
use crate::Timestamp;
use crate::mutant::Mutant;

/// The decision that the planted bug takes; none where it has no say in this one.
pub(super) fn bent(job: &Job, command: &Command, now: Timestamp) -> Option<Result<Vec<Fact>, Refusal>> {
    let mutant = Mutant::planted()?;
    let right = |job: &Job, command: Command| decide::decide(job, command, now);
    let bend = |with: &dyn Fn(Fact) -> Fact| {
        let facts = right(job, command.clone());
        Some(facts.map(|facts| facts.into_iter().map(with).collect()))
    };
    let kept = |fact: Fact| with_end(fact, |end| end.epoch = job.epoch);
    match (mutant, command) {
        (Mutant::GrantKeepsEpoch, Command::Lease(lease)) => {
            right(job, command.clone()).is_ok().then(|| Ok(vec![lease.clone().granted(job.epoch, job.runs + 1)]))
        }
        (Mutant::ExpiryKeepsEpoch, Command::Expire(_))
        | (Mutant::ReleaseKeepsEpoch, Command::Release(_))
        | (Mutant::PreemptionKeepsEpoch, Command::Preempt(_)) => bend(&kept),
        (Mutant::OrderKeepsEpoch, Command::Requeue(_) | Command::Cancel(_) | Command::Reject(_) | Command::Evict) => {
            bend(&|fact| match kept(fact) {
                Fact::Requeued { fresh, blocked, note, end, .. } => {
                    Fact::Requeued { epoch: job.epoch, fresh, blocked, note, end }
                }
                other => other,
            })
        }
        (Mutant::ReportUnfenced | Mutant::ReportFromAnybody | Mutant::RepeatApplied, Command::Report(report)) => {
            unfenced(job, report, mutant).map(|report| right(job, Command::Report(Box::new(report))))
        }
        (Mutant::MismatchAccepted, Command::Report(report)) if report.prior == Prior::Other => Some(Ok(Vec::new())),
        (Mutant::RepeatRefused, Command::Report(report)) => {
            let repeat = job.held().is_none() && right(job, command.clone()).is_ok_and(|facts| facts.is_empty());
            repeat.then(|| {
                Err(Refusal::IllegalTransition { from: job.stage, to: report.stage.unwrap_or(Stage::Shipped) })
            })
        }
        (Mutant::ReleaseUnfenced, Command::Release(release)) => {
            let mut release = release.clone();
            release.fence.epoch = job.held()?.epoch;
            release.fence.factory = None;
            Some(right(job, Command::Release(release)))
        }
        (Mutant::StageGoesBack, Command::Report(report)) => {
            report.stage.filter(|stage| stage.is_leased() && *stage < job.stage && job.held().is_some())?;
            let mut earlier = job.clone();
            // Before every stage of a factory: all of them are forward from there, and none repeats.
            earlier.stage = Stage::Queued;
            Some(right(&earlier, command.clone()))
        }
        (mutant, command) => lifecycle(mutant, job, command, now),
    }
}

/// Bugs in the lifecycle itself.
fn lifecycle(mutant: Mutant, job: &Job, command: &Command, now: Timestamp) -> Option<Result<Vec<Fact>, Refusal>> {
    let right = |job: &Job| decide::decide(job, command.clone(), now);
    let bend = |with: &dyn Fn(Fact) -> Fact| Some(right(job).map(|facts| facts.into_iter().map(with).collect()));
    match (mutant, command) {
        (Mutant::ExpiryLosesWork, Command::Expire(_)) | (Mutant::ReleaseLosesWork, Command::Release(_)) => {
            let mut undelivered = job.clone();
            undelivered.stage = Stage::Building;
            job.stage.is_delivered().then(|| right(&undelivered))
        }
        (Mutant::ExpiryIsFree, Command::Expire(_)) => bend(&|fact| match fact {
            Fact::Retried { end, not_before, .. } => Fact::Retried { end, not_before, attempt: job.attempt },
            other => other,
        }),
        (Mutant::ReleaseCosts, Command::Release(_)) => bend(&|fact| match fact {
            Fact::Released { stage: Stage::Queued, end, .. } => {
                Fact::Retried { end: Some(end), attempt: job.attempt + 1, not_before: now }
            }
            other => other,
        }),
        (Mutant::PreemptionCosts, Command::Preempt(_)) => bend(&|fact| match fact {
            Fact::Preempted { end, .. } => Fact::Retried { end: Some(end), attempt: job.attempt + 1, not_before: now },
            other => other,
        }),
        (Mutant::AttemptsEndless, Command::Expire(_) | Command::Report(_)) => bend(&|fact| match fact {
            Fact::DeadLettered { end, attempt } => {
                Fact::Retried { end, attempt, not_before: job.backoff(attempt, now) }
            }
            other => other,
        }),
        (Mutant::BackoffIgnored, Command::Expire(_) | Command::Report(_)) => bend(&|fact| match fact {
            Fact::Retried { end, attempt, .. } => Fact::Retried { end, attempt, not_before: now },
            other => other,
        }),
        (Mutant::ApprovalsIgnored, Command::Ship | Command::Report(_)) => {
            let mut approved = job.clone();
            approved.approved_by = vec![String::from("nobody"); 100];
            Some(right(&approved))
        }
        (Mutant::DelayIgnored, Command::Lease(_)) => {
            let mut due = job.clone();
            due.not_before = None;
            Some(right(&due))
        }
        (Mutant::ReviewerCountsTwice, Command::Approve(_)) => {
            let mut unseen = job.clone();
            unseen.approved_by.clear();
            Some(right(&unseen))
        }
        (Mutant::ShippedIsCancelled, Command::Cancel(_)) if job.stage == Stage::Shipped => {
            Some(Ok(vec![Fact::Cancelled { reason: None, end: None }]))
        }
        (Mutant::QuestionIgnored, Command::Report(_)) => bend(&|fact| match fact {
            Fact::NeedsInput { end, .. } => Fact::Released { stage: Stage::Queued, end, resets_at: None },
            other => other,
        }),
        (Mutant::FailureUnblocks, Command::DependencyFailed) => {
            (job.blocked_reason == Some(BlockedReason::Dependencies)).then(|| Ok(vec![Fact::Ready {}]))
        }
        (Mutant::FreshKeepsCheckpoint, Command::Requeue(_)) => bend(&|fact| match fact {
            Fact::Requeued { epoch, blocked, note, end, .. } => {
                Fact::Requeued { epoch, fresh: false, blocked, note, end }
            }
            other => other,
        }),
        _ => None,
    }
}

/// The report as a coordinator reads it that does not look at its fence, or at what it knows already.
fn unfenced(job: &Job, report: &Report, mutant: Mutant) -> Option<Report> {
    let mut report = report.clone();
    match mutant {
        Mutant::ReportUnfenced => report.fence.epoch = job.held()?.epoch,
        Mutant::ReportFromAnybody => report.fence.factory = None,
        _ if report.prior == Prior::Same => report.prior = Prior::Unknown,
        _ => return None,
    }
    Some(report)
}

/// The fact with the end of its run changed.
fn with_end(mut fact: Fact, change: impl Fn(&mut End)) -> Fact {
    match &mut fact {
        Fact::Released { end, .. }
        | Fact::Preempted { end, .. }
        | Fact::LeaseExpired { end }
        | Fact::NeedsInput { end, .. } => change(end),
        Fact::Failed { end }
        | Fact::Retried { end, .. }
        | Fact::DeadLettered { end, .. }
        | Fact::Requeued { end, .. }
        | Fact::Rejected { end, .. }
        | Fact::Cancelled { end, .. }
        | Fact::Shipped { end, .. } => end.iter_mut().for_each(change),
        _ => {}
    }
    fact
}
