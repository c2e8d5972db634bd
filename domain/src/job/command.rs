//! Orders that a job can be given.

use serde::Serialize;

use super::decision::Decision;
use super::insights::Insights;
use super::spec::Spec;
use super::state::{Checkpoint, RunResult, Stage, VerifyResult};
use crate::{Epoch, FactoryId, JobId, RunId, Timestamp};

/// An order to a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Grants a lease on a queued job.
    Lease(Lease),
    /// A report of the lease's holder.
    Report(Box<Report>),
    /// The holder gives the lease back.
    Release(Release),
    /// The holder asks for a renewal that the product's map does not know.
    Renew(Fence),
    /// The lease has run out.
    Expire(Epoch),
    /// The grant has not reached its factory: nobody took the answer, or two heartbeats did not list it.
    Reclaim(Epoch),
    /// A limit of the run has passed and its factory kept silent.
    Limit(Epoch),
    /// A more urgent job takes the seat.
    Preempt(Preempt),
    /// The product is stopped: every lease ends.
    Evict,
    /// Every dependency that matters has settled, and there are no children.
    DependenciesMet,
    /// A dependency or a child has ended without shipping.
    DependencyFailed,
    /// Every dependency that matters has settled, and a child has not.
    ChildrenOpen,
    /// Dependencies and children have settled.
    ChildrenMet(Outcome),
    /// The job is given children.
    Adopt(Adopt),
    /// An operator ships delivered work.
    Ship,
    /// A reviewer refuses delivered work.
    Reject(Reject),
    /// A reviewer approves.
    Approve(Approve),
    /// An operator answers the question.
    Answer(Answer),
    /// An operator puts the job back into the queue.
    Requeue(Requeue),
    /// An operator ends the job.
    Cancel(Cancel),
    /// An operator changes what was asked for.
    Edit(Box<Edit>),
}

/// A grant: to whom, as which run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lease {
    /// The factory.
    pub factory: FactoryId,
    /// The id of the run that it opens.
    pub run: RunId,
    /// The engine to use, where the job or the factory names any.
    pub engine: Option<String>,
    /// How long it lasts, in seconds.
    pub ttl_sec: u32,
    /// The claim's own id.
    pub claim_id: Option<String>,
    /// How the scheduler came to it.
    pub decision: Option<Decision>,
}

/// Who says it, under which epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fence {
    /// The epoch of the lease.
    pub epoch: Epoch,
    /// The factory, where it is known.
    pub factory: Option<FactoryId>,
}

/// What a factory says of its run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Who says it, under which epoch.
    pub fence: Fence,
    /// What is known of an earlier report like it.
    pub prior: Prior,
    /// The stage it has reached.
    pub stage: Option<Stage>,
    /// New work in progress.
    pub checkpoint: Option<Checkpoint>,
    /// The run's totals so far.
    pub insights: Insights,
    /// How the run ended.
    pub result: Option<RunResult>,
    /// How the engine's process ended.
    pub exit: Option<i32>,
    /// What `verify` said.
    pub verify_result: Option<VerifyResult>,
    /// Whether a failure is worth another attempt.
    pub retryable: bool,
    /// Why, in the factory's words.
    pub reason: Option<String>,
    /// What it needs to know before it can go on.
    pub question: Option<String>,
}

/// What the coordinator remembers of an earlier report under the same epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prior {
    /// It has no id, and nothing is known of its epoch but what the job says.
    None,
    /// It has an id that was not accepted before: it repeats nothing.
    Unknown,
    /// The same report id was accepted with the same content.
    Same,
    /// The same report id was accepted with other content.
    Other,
    /// An ended run of that epoch had reached this stage.
    Reached(Stage),
}

/// The holder gives the lease back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Release {
    /// Who says it, under which epoch.
    pub fence: Fence,
    /// Why: `released`, `quota` or `preempted`.
    pub result: RunResult,
    /// When the engine's usage limit ends, where that is the reason and it is known.
    pub resets_at: Option<Timestamp>,
}

/// A more urgent job takes the seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Preempt {
    /// The epoch of the lease that ends.
    pub epoch: Epoch,
    /// The job that it makes room for.
    pub for_job: JobId,
}

/// What the children of a job have come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All of them have shipped.
    Shipped,
    /// Some have ended otherwise, which the job ignores.
    Settled,
}

/// The job is given children: by an operator while nobody has it, or by its holder, whose run ends with that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adopt {
    /// How many.
    pub children: u32,
    /// Its earlier children that have ended without shipping.
    pub ended: Vec<JobId>,
    /// The holder who gives them.
    pub fence: Option<Fence>,
}

/// A reviewer refuses delivered work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reject {
    /// What the next run should do better.
    pub note: String,
    /// There is to be no next run.
    pub is_final: bool,
}

/// A reviewer approves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approve {
    /// Who.
    pub reviewer: String,
    /// Their words.
    pub note: Option<String>,
}

/// An operator answers the question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The answer.
    pub text: String,
}

/// An operator puts the job back into the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Requeue {
    /// Forgets the checkpoint.
    pub fresh: bool,
    /// Words for the next run.
    pub note: Option<String>,
}

/// An operator ends the job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cancel {
    /// Why.
    pub reason: Option<String>,
}

/// An operator changes what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// The spec as it is to be.
    pub spec: Spec,
    /// Names of the members that differ, as on the wire.
    pub changed: Vec<String>,
}

impl Command {
    /// The command's word, for journals and refusals.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Lease(_) => "lease",
            Self::Report(_) => "report",
            Self::Release(_) => "release",
            Self::Renew(_) => "renew",
            Self::Expire(_) => "expire",
            Self::Reclaim(_) => "reclaim",
            Self::Limit(_) => "limit",
            Self::Preempt(_) => "preempt",
            Self::Evict => "evict",
            Self::DependenciesMet => "dependencies_met",
            Self::DependencyFailed => "dependency_failed",
            Self::ChildrenOpen => "children_open",
            Self::ChildrenMet(_) => "children_met",
            Self::Adopt(_) => "adopt",
            Self::Ship => "ship",
            Self::Reject(_) => "reject",
            Self::Approve(_) => "approve",
            Self::Answer(_) => "answer",
            Self::Requeue(_) => "requeue",
            Self::Cancel(_) => "cancel",
            Self::Edit(_) => "edit",
        }
    }
}
