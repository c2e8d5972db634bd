//! The job as it stands: stage, lease, epoch, the running run and the counters.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::insights::Insights;
use super::spec::{Kind, Spec};
use crate::{Epoch, FactoryId, JobId, ProductId, RunId, Timestamp, Usd};

/// A unit of work for an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The product it belongs to.
    pub product: ProductId,
    /// What was asked for.
    pub spec: Arc<Spec>,
    /// Which edition of the spec this is: 1 at submit, +1 for each edit.
    pub edition: u32,
    /// Where it stands.
    pub stage: Stage,
    /// Why it is blocked, while it is.
    pub blocked_reason: Option<BlockedReason>,
    /// The fencing token; only grows.
    pub epoch: Epoch,
    /// The lease that is held, or the last one that was.
    pub lease: Option<Lease>,
    /// The run that is going on.
    pub run: Option<Run>,
    /// How many runs were ever opened.
    pub runs: u32,
    /// Attempts used since the last requeue.
    pub attempt: u32,
    /// Not to be claimed before this instant: as submitted, or the end of a backoff.
    pub not_before: Option<Timestamp>,
    /// Its dependencies and children have settled, or an operator has overruled them.
    pub deps_met: bool,
    /// How many children it was ever given.
    pub children: u32,
    /// What counts no more, since it was given children after all that it waited for had settled or was overruled: its
    /// dependencies, and these of its earlier children, which had ended without shipping.
    pub settled: Option<Vec<JobId>>,
    /// The newest work in progress.
    pub checkpoint: Option<Checkpoint>,
    /// The factory whose report made it.
    pub saved_by: Option<FactoryId>,
    /// When it was made.
    pub saved_at: Option<Timestamp>,
    /// The distinct reviewers that approved.
    pub approved_by: Vec<String>,
    /// Words of reviewers and operators for the next run.
    pub notes: Vec<Note>,
    /// The question it is blocked on.
    pub question: Option<String>,
    /// How the last run ended.
    pub result: Option<RunResult>,
    /// What its ended runs used since the last requeue.
    pub spent: Spent,
    /// Runs that ended `failed` or `timed_out` since the last requeue, by factory.
    pub failed_on: BTreeMap<FactoryId, u32>,
    /// Runs that ended `preempted` since the last requeue.
    pub preempted: u32,
    /// +1 for each saved change.
    pub rev: u64,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it last entered the queue.
    pub queued_at: Option<Timestamp>,
    /// When it reached a terminal stage.
    pub finished_at: Option<Timestamp>,
}

impl Job {
    /// What it is made of: children make it composite, whatever was asked for.
    pub fn kind(&self) -> Kind {
        if self.children > 0 { Kind::Composite } else { self.spec.kind }
    }

    /// The lease, if it is held.
    pub fn held(&self) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| lease.status == LeaseStatus::Held)
    }

    /// How many approvals are still missing.
    pub fn approvals_missing(&self) -> u32 {
        let named = &self.spec.approvals.reviewers;
        let counted = self.approved_by.iter().filter(|by| named.is_empty() || named.contains(by)).count();
        self.spec.approvals.required.saturating_sub(u32::try_from(counted).unwrap_or(u32::MAX))
    }
}

/// Where a job stands in its lifecycle, in forward order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Waits for something that is no factory.
    Blocked,
    /// Waits for a factory.
    Queued,
    /// A factory has it.
    Assigned,
    /// The factory works on it.
    Building,
    /// The work waits for a person's eye.
    Review,
    /// The work is being verified.
    Testing,
    /// Done.
    Shipped,
    /// Ended without success, not to be tried again.
    Failed,
    /// Ended because its attempts are used up.
    DeadLetter,
    /// Ended by an operator.
    Cancelled,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 10] = [
        Self::Blocked,
        Self::Queued,
        Self::Assigned,
        Self::Building,
        Self::Review,
        Self::Testing,
        Self::Shipped,
        Self::Failed,
        Self::DeadLetter,
        Self::Cancelled,
    ];

    /// The stage's word, as on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Queued => "queued",
            Self::Assigned => "assigned",
            Self::Building => "building",
            Self::Review => "review",
            Self::Testing => "testing",
            Self::Shipped => "shipped",
            Self::Failed => "failed",
            Self::DeadLetter => "dead_letter",
            Self::Cancelled => "cancelled",
        }
    }

    /// The job has ended.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Shipped | Self::Failed | Self::DeadLetter | Self::Cancelled)
    }

    /// A stage that a factory works in.
    pub fn is_leased(self) -> bool {
        matches!(self, Self::Assigned | Self::Building | Self::Review | Self::Testing)
    }

    /// The work is done and saved; losing the lease loses nothing.
    pub fn is_delivered(self) -> bool {
        matches!(self, Self::Review | Self::Testing)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a job is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockedReason {
    /// A dependency has not settled.
    Dependencies,
    /// Its dependencies have settled, and a child has not.
    Children,
    /// A factory asked a question.
    NeedsInput,
    /// A dependency or a child ended without shipping.
    DependencyFailed,
}

/// How urgent a job is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When nothing else is there.
    Low,
    /// As usual.
    #[default]
    Normal,
    /// Before the usual.
    High,
    /// Before everything.
    Critical,
}

/// The time-bounded right of one factory to work on a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The factory.
    pub holder: FactoryId,
    /// The epoch that it was granted under.
    pub epoch: Epoch,
    /// When it runs out unless renewed. Soft: the product's map has the newest.
    pub expires_at: Timestamp,
    /// Its length in seconds.
    pub ttl_sec: u32,
    /// How often it was renewed. Soft.
    pub renewals: u32,
    /// Whether it is held, or how it ended.
    pub status: LeaseStatus,
    /// The furthest stage that was reported under it.
    pub reached: Stage,
}

/// Whether a lease is held, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseStatus {
    /// Its holder may work.
    Held,
    /// Its holder gave it back, or ended it by a final report.
    Released,
    /// It ran out.
    Expired,
    /// It was taken away.
    Evicted,
}

/// One attempt of a job by one factory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Its ordinal among the job's runs, from 1.
    pub attempt: u32,
    /// Who runs it.
    pub factory: FactoryId,
    /// The epoch it runs under.
    pub epoch: Epoch,
    /// The engine that the scheduler chose, if the job or the factory names any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// How the engine's process ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// What `verify` said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_result: Option<VerifyResult>,
    /// How it ended; `no_changes` already while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<RunResult>,
    /// The furthest stage that it reported.
    pub reached: Stage,
    /// Its totals so far.
    #[serde(default)]
    pub insights: Insights,
}

/// What `verify` said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerifyResult {
    /// It accepted the work.
    Passed,
    /// It refused the work.
    Failed,
    /// There was nothing to run.
    Skipped,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunResult {
    /// The work is delivered.
    Succeeded,
    /// There was nothing to change.
    NoChanges,
    /// The work did not succeed.
    Failed,
    /// It took longer than allowed.
    TimedOut,
    /// It cost more than allowed.
    OverBudget,
    /// It ended with a question.
    NeedsInput,
    /// The engine's usage limit ended it.
    Quota,
    /// Its factory was not heard from.
    Lost,
    /// An operator ended it.
    Cancelled,
    /// A more urgent job took its seat.
    Preempted,
    /// Its factory gave it back.
    Released,
}

/// Work in progress that a later run can resume from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// The ref that holds it.
    pub wip_branch: String,
    /// The commit that it grew from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wip_base: Option<String>,
    /// The commit that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wip_commit: Option<String>,
    /// What the next run should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A reviewer's or an operator's words for the next run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When they were said.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// The words.
    pub text: String,
}

/// What a job's ended runs used since its last requeue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Wall clock in milliseconds.
    pub wall_ms: u64,
    /// Known cost.
    pub usd: Usd,
}
