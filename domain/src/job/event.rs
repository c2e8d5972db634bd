//! What became true of a job. Events are the only effect of a command; `apply` turns them into state.

use serde::{Deserialize, Serialize};

use super::command::{Lease, Report};
use super::decision::Decision;
use super::insights::Insights;
use super::spec::Spec;
use super::state::{BlockedReason, Checkpoint, LeaseStatus, Priority, Run, RunResult, Stage, VerifyResult};
use crate::{Epoch, FactoryId, JobId, RunId, Timestamp};

/// A fact about a job. Its serialised form is the event's `data`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Fact {
    /// It was submitted.
    Created {
        /// Its title.
        title: String,
        /// Its urgency.
        priority: Priority,
        /// The job that it is a part of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent_id: Option<JobId>,
    },
    /// It entered the queue: at submit, or when its dependencies settled.
    Ready {},
    /// It waits for something that is no factory.
    Blocked {
        /// For what.
        reason: BlockedReason,
    },
    /// It was given children, and waits for them.
    ChildrenAdded {
        /// How many.
        children: u32,
        /// What it waited for before had settled or was overruled: its dependencies count no more, nor do these of its
        /// earlier children, which had ended without shipping.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settled: Option<Vec<JobId>>,
        /// How the run ended, where its holder gave them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<End>,
    },
    /// A factory got it.
    Leased {
        /// The factory.
        factory: FactoryId,
        /// The run that opened.
        run_id: RunId,
        /// The run's ordinal.
        attempt: u32,
        /// The new epoch.
        epoch: Epoch,
        /// The engine that was chosen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        engine: Option<String>,
        /// The lease's length in seconds.
        ttl_sec: u32,
        /// The claim's own id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claim_id: Option<String>,
        /// How the scheduler came to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<Decision>,
    },
    /// Its holder reported a stage, or something new about it.
    Staged {
        /// The stage it is in now.
        stage: Stage,
        /// What was reported of the run.
        #[serde(flatten)]
        said: Box<Said>,
    },
    /// Work in progress was saved.
    Checkpointed {
        /// Where.
        checkpoint: Checkpoint,
    },
    /// The lease was given back or taken away without using an attempt.
    Released {
        /// The stage it is in now.
        stage: Stage,
        /// How the run ended.
        end: End,
        /// When the usage limit of the run's engine ends, where its holder said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resets_at: Option<Timestamp>,
    },
    /// The lease was taken for a more urgent job; it is queued again and no attempt is used.
    Preempted {
        /// How the run ended.
        end: End,
        /// The job that it made room for.
        for_job: JobId,
    },
    /// The lease ran out. Delivered work stays where it is; otherwise a retry or a dead letter follows.
    LeaseExpired {
        /// How the run ended.
        end: End,
    },
    /// A write under a dead lease was refused.
    Fenced {
        /// The epoch it came with.
        epoch: Epoch,
        /// Who sent it, where it said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        factory: Option<FactoryId>,
    },
    /// The run used an attempt and another one follows.
    Retried {
        /// How the run ended, where nothing has said so before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<End>,
        /// Attempts used since the last requeue.
        attempt: u32,
        /// When the next may begin.
        not_before: Timestamp,
    },
    /// The last attempt is used up.
    DeadLettered {
        /// How the run ended, where nothing has said so before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<End>,
        /// Attempts used since the last requeue.
        attempt: u32,
    },
    /// It ended without success, not to be tried again.
    Failed {
        /// How the run ended, where one was going on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<End>,
    },
    /// The run ended with a question.
    NeedsInput {
        /// The question.
        question: String,
        /// How the run ended.
        end: End,
    },
    /// The question was answered; it is queued again.
    Answered {
        /// The answer.
        text: String,
    },
    /// An operator put it back; its attempts are reset.
    Requeued {
        /// The new epoch.
        epoch: Epoch,
        /// The checkpoint was forgotten.
        fresh: bool,
        /// It waits for its dependencies again.
        blocked: bool,
        /// Words for the next run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// How the run ended, where one was going on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<End>,
    },
    /// A reviewer refused the work.
    Rejected {
        /// Why.
        note: String,
        /// There is no next run.
        #[serde(rename = "final")]
        is_final: bool,
        /// How the run ended, where one was going on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<End>,
    },
    /// A reviewer approved.
    Approved {
        /// Who.
        reviewer: String,
        /// Their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// An operator ended it.
    Cancelled {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// How the run ended, where one was going on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<End>,
    },
    /// Done.
    Shipped {
        /// How the run ended, where one was going on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<End>,
    },
    /// An operator changed what was asked for.
    Edited {
        /// The members that changed.
        changed: Vec<String>,
        /// The spec as it is now; kept with the job, not in the log.
        #[serde(skip)]
        spec: Option<Box<Spec>>,
    },
    /// It would have been granted, if anything were.
    Shadowed {
        /// To whom.
        factory: FactoryId,
        /// How that was decided.
        decision: Box<Decision>,
    },
    /// It keeps failing inside the coordinator and is left alone until an operator ends its lease.
    Parked {},
}

/// What a report told of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Said {
    /// How the engine's process ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// What `verify` said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify_result: Option<VerifyResult>,
    /// How the run went, as far as it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<RunResult>,
    /// Why, in the factory's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The run's totals so far.
    #[serde(skip_serializing_if = "is_empty")]
    pub insights: Insights,
}

fn is_empty(insights: &Insights) -> bool {
    *insights == Insights::default()
}

impl Said {
    /// What a report says of its run.
    pub fn of(report: &Report) -> Self {
        Self {
            exit: report.exit,
            verify_result: report.verify_result,
            result: report.result,
            reason: report.reason.clone(),
            insights: report.insights.clone(),
        }
    }

    /// The run with what was said written into it.
    #[must_use]
    pub fn told(&self, mut run: Run) -> Run {
        run.exit = self.exit.or(run.exit);
        run.verify_result = self.verify_result.or(run.verify_result);
        run.result = self.result.or(run.result);
        run.insights = run.insights.merged(&self.insights);
        run
    }
}

/// How a run and its lease ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct End {
    /// The run's result.
    pub result: RunResult,
    /// How the lease ended.
    pub lease: LeaseStatus,
    /// The job's epoch from now on.
    pub epoch: Epoch,
    /// What the last report said of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Box<Said>>,
}

impl Fact {
    /// The event's type, as on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Created { .. } => "job.created",
            Self::Ready {} => "job.ready",
            Self::Blocked { .. } => "job.blocked",
            Self::ChildrenAdded { .. } => "job.children_added",
            Self::Leased { .. } => "job.leased",
            Self::Staged { .. } => "job.stage",
            Self::Checkpointed { .. } => "job.checkpoint",
            Self::Released { .. } => "job.released",
            Self::Preempted { .. } => "job.preempted",
            Self::LeaseExpired { .. } => "job.lease_expired",
            Self::Fenced { .. } => "job.fenced",
            Self::Retried { .. } => "job.retry",
            Self::DeadLettered { .. } => "job.dead_lettered",
            Self::Failed { .. } => "job.failed",
            Self::NeedsInput { .. } => "job.needs_input",
            Self::Answered { .. } => "job.answered",
            Self::Requeued { .. } => "job.requeued",
            Self::Rejected { .. } => "job.rejected",
            Self::Approved { .. } => "job.approved",
            Self::Cancelled { .. } => "job.cancelled",
            Self::Shipped { .. } => "job.shipped",
            Self::Edited { .. } => "job.edited",
            Self::Shadowed { .. } => "job.shadowed",
            Self::Parked {} => "job.parked",
        }
    }

    /// How the run ended, if this ended one.
    pub fn end(&self) -> Option<&End> {
        match self {
            Self::Released { end, .. }
            | Self::Preempted { end, .. }
            | Self::LeaseExpired { end }
            | Self::NeedsInput { end, .. } => Some(end),
            Self::Failed { end }
            | Self::Retried { end, .. }
            | Self::DeadLettered { end, .. }
            | Self::Requeued { end, .. }
            | Self::Rejected { end, .. }
            | Self::Cancelled { end, .. }
            | Self::ChildrenAdded { end, .. }
            | Self::Shipped { end, .. } => end.as_ref(),
            Self::Created { .. }
            | Self::Ready {}
            | Self::Blocked { .. }
            | Self::Leased { .. }
            | Self::Staged { .. }
            | Self::Checkpointed { .. }
            | Self::Fenced { .. }
            | Self::Answered { .. }
            | Self::Approved { .. }
            | Self::Edited { .. }
            | Self::Shadowed { .. }
            | Self::Parked {} => None,
        }
    }
}

impl Lease {
    /// The fact of this grant under a new epoch.
    pub fn granted(self, epoch: Epoch, attempt: u32) -> Fact {
        Fact::Leased {
            factory: self.factory,
            run_id: self.run,
            attempt,
            epoch,
            engine: self.engine,
            ttl_sec: self.ttl_sec,
            claim_id: self.claim_id,
            decision: self.decision,
        }
    }
}
