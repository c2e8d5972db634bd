//! What a fact makes of a job. Cannot fail; the only place that changes a job.

use std::collections::BTreeMap;

use super::event::{End, Fact, Said};
use super::state::{BlockedReason, Job, Lease, LeaseStatus, Note, Run, RunResult, Spent, Stage};
use crate::mutant::Mutant;
use crate::{By, JobId, Timestamp};

/// How many notes a job keeps; older ones are dropped first.
const MAX_NOTES: usize = 50;

/// The job after a fact became true at `at`, caused by `by`.
pub fn apply(mut job: Job, fact: &Fact, by: &By, at: Timestamp) -> Job {
    if let Some(end) = fact.end() {
        job = ended(job, fact, end, at);
    }
    match fact {
        Fact::Created { .. }
        | Fact::LeaseExpired { .. }
        | Fact::Fenced { .. }
        | Fact::Shadowed { .. }
        | Fact::Parked {} => job,
        Fact::Ready {} => queued(Job { deps_met: true, ..job }, at),
        Fact::Blocked { reason } => {
            Job { stage: Stage::Blocked, blocked_reason: Some(*reason), queued_at: None, ..job }
        }
        Fact::ChildrenAdded { children, settled, .. } => adopted(job, *children, settled.as_ref()),
        Fact::Leased { .. } => leased(job, fact, at),
        Fact::Staged { stage, said } => staged(job, *stage, said),
        Fact::Checkpointed { checkpoint } => Job {
            checkpoint: Some(checkpoint.clone()),
            saved_by: job.held().map(|lease| lease.holder.clone()),
            saved_at: Some(at),
            ..job
        },
        Fact::Preempted { .. } if Mutant::PreemptionLosesWork.is_planted() => {
            queued(Job { checkpoint: None, ..job }, at)
        }
        Fact::Released { stage: Stage::Queued, .. } | Fact::Preempted { .. } => queued(job, at),
        Fact::Released { stage, .. } => Job { stage: *stage, ..job },
        Fact::Retried { not_before, .. } => Job { not_before: Some(*not_before), ..queued(job, at) },
        Fact::DeadLettered { .. } => finished(job, Stage::DeadLetter, at),
        Fact::Failed { .. } => finished(job, Stage::Failed, at),
        Fact::NeedsInput { question, .. } => Job {
            stage: Stage::Blocked,
            blocked_reason: Some(BlockedReason::NeedsInput),
            question: Some(question.clone()),
            ..job
        },
        Fact::Answered { text } => queued(noted(job, Some(text), by, at), at),
        Fact::Requeued { epoch, fresh, blocked, note, .. } => {
            job.epoch = *epoch;
            job.deps_met = !blocked;
            if *fresh {
                job = Job { checkpoint: None, saved_by: None, saved_at: None, ..job };
            }
            requeued(noted(job, note.as_ref(), by, at), at)
        }
        Fact::Rejected { note, is_final, .. } => {
            let job = Job { approved_by: Vec::new(), ..noted(job, Some(note), by, at) };
            if *is_final { finished(job, Stage::Failed, at) } else { queued(job, at) }
        }
        Fact::Approved { reviewer, note } => {
            job = noted(job, note.as_ref(), by, at);
            job.approved_by.push(reviewer.clone());
            job
        }
        Fact::Cancelled { .. } => finished(job, Stage::Cancelled, at),
        Fact::Shipped { .. } => finished(job, Stage::Shipped, at),
        Fact::Edited { spec, .. } => match spec {
            Some(spec) => Job { spec: std::sync::Arc::new((**spec).clone()), edition: job.edition + 1, ..job },
            None => job,
        },
    }
}

/// The stage that a fact counts as reached by the lease's holder.
pub(super) fn reached(fact: &Fact) -> Option<Stage> {
    match fact {
        Fact::Staged { stage, .. } => Some(*stage),
        Fact::Shipped { end: Some(end) } if end.lease == LeaseStatus::Released => Some(Stage::Shipped),
        Fact::NeedsInput { .. } => Some(Stage::Blocked),
        Fact::Retried { end: Some(end), .. }
        | Fact::DeadLettered { end: Some(end), .. }
        | Fact::Failed { end: Some(end) } => (end.lease == LeaseStatus::Released).then_some(Stage::Failed),
        Fact::Released { end, .. } => (end.result == RunResult::Quota && end.said.is_some()).then_some(Stage::Failed),
        Fact::Created { .. }
        | Fact::Ready {}
        | Fact::Blocked { .. }
        | Fact::ChildrenAdded { .. }
        | Fact::Leased { .. }
        | Fact::Checkpointed { .. }
        | Fact::Preempted { .. }
        | Fact::LeaseExpired { .. }
        | Fact::Fenced { .. }
        | Fact::Retried { end: None, .. }
        | Fact::DeadLettered { end: None, .. }
        | Fact::Failed { end: None }
        | Fact::Answered { .. }
        | Fact::Requeued { .. }
        | Fact::Rejected { .. }
        | Fact::Approved { .. }
        | Fact::Cancelled { .. }
        | Fact::Shipped { .. }
        | Fact::Edited { .. }
        | Fact::Shadowed { .. }
        | Fact::Parked {} => None,
    }
}

/// It waits for its children; where it waited for dependencies already, first for those.
fn adopted(job: Job, children: u32, settled: Option<&Vec<JobId>>) -> Job {
    let reason = match job.blocked_reason {
        Some(reason @ (BlockedReason::Dependencies | BlockedReason::DependencyFailed)) => reason,
        Some(BlockedReason::Children | BlockedReason::NeedsInput) | None => BlockedReason::Children,
    };
    Job {
        stage: Stage::Blocked,
        blocked_reason: Some(reason),
        deps_met: false,
        children: job.children.saturating_add(children),
        settled: settled.cloned().or(job.settled),
        queued_at: None,
        ..job
    }
}

fn leased(mut job: Job, fact: &Fact, at: Timestamp) -> Job {
    let Fact::Leased { factory, run_id, attempt, epoch, engine, ttl_sec, claim_id: _, decision: _ } = fact else {
        return job;
    };
    job.stage = Stage::Assigned;
    job.epoch = *epoch;
    job.runs = *attempt;
    job.not_before = None;
    job.lease = Some(Lease {
        holder: factory.clone(),
        epoch: *epoch,
        expires_at: at.plus_secs(u64::from(*ttl_sec)),
        ttl_sec: *ttl_sec,
        renewals: 0,
        status: LeaseStatus::Held,
        reached: Stage::Assigned,
    });
    job.run = Some(Run {
        id: *run_id,
        attempt: *attempt,
        factory: factory.clone(),
        epoch: *epoch,
        engine: engine.clone(),
        started_at: at,
        ended_at: None,
        exit: None,
        verify_result: None,
        result: None,
        reached: Stage::Assigned,
        insights: super::Insights::default(),
    });
    job
}

fn staged(mut job: Job, stage: Stage, said: &Said) -> Job {
    job.stage = stage;
    if let Some(lease) = &mut job.lease {
        lease.reached = stage;
    }
    job.run = job.run.map(|run| Run { reached: stage, ..said.told(run) });
    job
}

/// Ends run and lease, and counts what the run used.
fn ended(mut job: Job, fact: &Fact, end: &End, at: Timestamp) -> Job {
    job.epoch = end.epoch;
    job.result = Some(end.result);
    if let Some(lease) = &mut job.lease {
        lease.status = end.lease;
        lease.reached = reached(fact).unwrap_or(lease.reached);
    }
    if matches!(end.result, RunResult::Failed | RunResult::TimedOut | RunResult::Lost) {
        job.attempt += 1;
    }
    job.preempted += u32::from(end.result == RunResult::Preempted);
    if let Some(run) = job.run.take() {
        if matches!(end.result, RunResult::Failed | RunResult::TimedOut) {
            *job.failed_on.entry(run.factory.clone()).or_default() += 1;
        }
        let run = end.said.as_ref().map_or(run.clone(), |said| said.told(run));
        job.spent = Spent {
            wall_ms: job.spent.wall_ms + at.ms_since(run.started_at),
            usd: job.spent.usd.plus(run.insights.cost_usd.unwrap_or_default()),
        };
    }
    job
}

fn queued(job: Job, at: Timestamp) -> Job {
    Job { stage: Stage::Queued, blocked_reason: None, question: None, queued_at: Some(at), finished_at: None, ..job }
}

/// Back to the beginning: attempts, failures, limits and approvals count anew.
fn requeued(job: Job, at: Timestamp) -> Job {
    let job = Job {
        attempt: 0,
        spent: Spent::default(),
        failed_on: BTreeMap::new(),
        preempted: 0,
        not_before: None,
        approved_by: Vec::new(),
        result: None,
        ..job
    };
    if job.deps_met {
        return queued(job, at);
    }
    Job {
        stage: Stage::Blocked,
        blocked_reason: Some(BlockedReason::Dependencies),
        question: None,
        queued_at: None,
        finished_at: None,
        ..job
    }
}

fn finished(job: Job, stage: Stage, at: Timestamp) -> Job {
    Job { stage, blocked_reason: None, question: None, queued_at: None, finished_at: Some(at), ..job }
}

fn noted(mut job: Job, text: Option<&String>, by: &By, at: Timestamp) -> Job {
    if let Some(text) = text {
        job.notes.push(Note { at, by: by.to_string(), text: text.clone() });
        let extra = job.notes.len().saturating_sub(MAX_NOTES);
        job.notes.drain(..extra);
    }
    job
}
