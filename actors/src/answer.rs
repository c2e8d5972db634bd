//! What callers get: what was done, or why it was not.

use std::sync::Arc;

use domain::dispatch::{Claim, Waits};
use domain::factory::{Descriptor, Engine, Factory, Health};
use domain::job::command::{Fence, Report};
use domain::job::{Command, Decision, Job, Run, Spec};
use domain::product::Renewal;
use domain::profile::Profile;
use domain::{By, Epoch, FactoryId, JobId, Timestamp, factory, job};
use tokio::sync::oneshot;

use crate::store::{Fault, Why};

/// Where an answer goes. A dropped port answers `OutcomeUnknown`.
pub(crate) type Port<T> = oneshot::Sender<Result<T, NotDone>>;

/// Answers. A caller that has gone needs no answer: what was committed stays.
pub(crate) fn answer<T>(port: Port<T>, outcome: Result<T, NotDone>) {
    let _ = port.send(outcome);
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// This product has no such job.
    #[error("no such job")]
    NotFound,
    /// This product has no such factory.
    #[error("no such factory")]
    UnknownFactory,
    /// The job said no.
    #[error(transparent)]
    Refused(job::Refusal),
    /// The factory may not claim.
    #[error(transparent)]
    Factory(factory::Refusal),
    /// The write came under a dead lease.
    #[error("the lease is gone: the job's epoch is {current}")]
    Fenced {
        /// The job's epoch.
        current: Epoch,
        /// The usage that came with it was charged all the same.
        usage_accepted: bool,
    },
    /// The record has changed since the caller looked.
    #[error("the record has rev {rev} by now")]
    Precondition {
        /// Its `rev`.
        rev: u64,
    },
    /// The idempotency key was used for other content.
    #[error("the key was used for another submit: {job}")]
    KeyMismatch {
        /// The job that has the key.
        job: JobId,
    },
    /// Some dependencies do not exist in this product.
    #[error("unknown dependencies")]
    UnknownDependency {
        /// Which.
        ids: Vec<JobId>,
    },
    /// A job would wait for itself.
    #[error("dependencies go round in a circle")]
    Cycle {
        /// The job, those between, and the job again.
        path: Vec<JobId>,
    },
    /// The product has too much in flight.
    #[error("too many requests of this product are in flight")]
    TooMany {
        /// When to try again, in seconds.
        retry_after_sec: u32,
    },
    /// The node has too much in flight, or the owner of the state is being restarted.
    #[error("overloaded")]
    Overloaded {
        /// When to try again, in seconds.
        retry_after_sec: u32,
    },
    /// The node is shutting down.
    #[error("shutting down")]
    Stopping,
    /// No space is left for the data. Nothing was changed.
    #[error("no space left for the data")]
    Full,
    /// The database cannot be reached. Nothing was changed.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// It may or may not have been done.
    #[error("the outcome is not known")]
    OutcomeUnknown,
}

impl From<factory::Refusal> for NotDone {
    fn from(refusal: factory::Refusal) -> Self {
        if refusal == factory::Refusal::Unknown { Self::UnknownFactory } else { Self::Factory(refusal) }
    }
}

impl From<Why> for NotDone {
    fn from(why: Why) -> Self {
        match why {
            Why::Full => Self::Full,
            Why::Unavailable(what) => Self::Unavailable(what),
        }
    }
}

impl From<Fault> for NotDone {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::KeyTaken { job, .. } => Self::KeyMismatch { job },
            Fault::NotWritten(why) => why.into(),
            Fault::Lost => Self::OutcomeUnknown,
        }
    }
}

/// An order of an operator, or the holder's release.
#[derive(Clone, Debug)]
pub struct Order {
    /// The order.
    pub command: Command,
    /// Who gives it.
    pub by: By,
    /// Refused unless the job has this `rev`.
    pub if_rev: Option<u64>,
}

/// A report of a lease's holder.
#[derive(Clone, Debug)]
pub struct ReportOrder {
    /// The report; its `prior` is filled in by the job's actor.
    pub report: Report,
    /// Makes it repeatable.
    pub report_id: Option<String>,
    /// Tells a repeat from another report under the same id.
    pub content_hash: String,
    /// Who gives it.
    pub by: By,
}

/// An order that was carried out, or whose effect stood already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The job as it is.
    pub job: Arc<Job>,
    /// The effect stood already.
    pub repeated: bool,
}

/// A new job with its children.
#[derive(Clone, Debug)]
pub struct Family {
    /// The job.
    pub parent: Submission,
    /// Its children: their ids, and what is asked for, naming the parent.
    pub children: Vec<(JobId, Spec)>,
}

impl From<Submission> for Family {
    fn from(parent: Submission) -> Self {
        Self { parent, children: Vec::new() }
    }
}

/// Children for a job that is there already.
#[derive(Clone, Debug)]
pub struct Adoption {
    /// Their ids, and what is asked for.
    pub children: Vec<(JobId, Spec)>,
    /// The holder of the job's lease, where it gives them.
    pub fence: Option<Fence>,
    /// Who gives them.
    pub by: By,
    /// Refused unless the job has this `rev`.
    pub if_rev: Option<u64>,
}

/// Children that a job was given.
#[derive(Clone, Debug)]
pub struct Adopted {
    /// All that were made, in the order given.
    pub children: Vec<Arc<Job>>,
    /// The same had been done before.
    pub repeated: bool,
}

/// A new job.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The id it is to have.
    pub id: JobId,
    /// What is asked for.
    pub spec: Spec,
    /// Who asks.
    pub by: By,
}

/// What became of a submit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// A new job.
    Created(Arc<Job>),
    /// The job that an earlier submit with the same key and content made.
    Duplicate(Arc<Job>),
}

/// A factory's claim.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Who asks, for what.
    pub claim: Claim,
    /// Makes it repeatable.
    pub claim_id: Option<String>,
    /// How long the lease is to last, in seconds.
    pub ttl_sec: u32,
    /// How long the claim may wait for a job.
    pub wait: Option<std::time::Duration>,
    /// How many jobs at most.
    pub max: u32,
}

/// A granted lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The job.
    pub job: Arc<Job>,
    /// The run that it opened.
    pub run: Run,
    /// The epoch to carry in every write.
    pub epoch: Epoch,
    /// When it runs out unless renewed.
    pub expires_at: Timestamp,
    /// Its length in seconds.
    pub ttl_sec: u32,
    /// False: it has ended meanwhile.
    pub lease_active: bool,
    /// It was granted to an earlier claim with the same id.
    pub repeated: bool,
    /// How the scheduler came to it.
    pub decision: Option<Decision>,
    /// The profile that the run goes by.
    pub profile: Option<Arc<Profile>>,
}

/// A profile as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its newest version.
    pub profile: Arc<Profile>,
    /// False: the newest version had said the same before.
    pub is_new: bool,
}

/// A heartbeat.
#[derive(Clone, Debug)]
pub struct BeatOrder {
    /// Who.
    pub factory: FactoryId,
    /// What it says of itself.
    pub card: CardPatch,
    /// Its load in thousandths.
    pub load_permille: Option<u16>,
    /// The leases that it believes to hold.
    pub leases: Option<Vec<(JobId, Epoch)>>,
    /// When it was heard.
    pub heard: Timestamp,
}

/// What a heartbeat says of a factory; absent members keep their value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardPatch {
    /// The host.
    pub descriptor: Option<Descriptor>,
    /// The engines it can run.
    pub engines: Option<Vec<Engine>>,
    /// Repositories it has at hand.
    pub repos: Option<Vec<String>>,
    /// What it can do.
    pub capabilities: Option<Vec<String>>,
    /// The classes of its engines.
    pub engine_classes: Option<Vec<String>>,
    /// How it says it is.
    pub health: Option<Health>,
    /// How many leases it can hold at a time.
    pub seat_limit: Option<u32>,
    /// How often it promises to be heard, in seconds.
    pub heartbeat_sec: Option<u32>,
}

/// What a heartbeat comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beaten {
    /// The factory as it is now.
    pub factory: FactoryView,
    /// Leases that were renewed.
    pub renewed: Vec<(JobId, Epoch, Renewal)>,
    /// Listed ones that it does not hold.
    pub lost: Vec<(JobId, Epoch)>,
    /// Held ones that it did not list.
    pub unlisted: Vec<(JobId, Epoch)>,
    /// Those of the lost ones whose job was cancelled.
    pub cancelled: Vec<(JobId, Epoch)>,
    /// Jobs that it is to save because they are about to be evicted, and how many seconds it has for that.
    pub giving_way: Vec<(JobId, Epoch, u64)>,
    /// How many ready jobs it could run.
    pub claimable: usize,
    /// It takes no new work.
    pub draining: bool,
}

/// A factory as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactoryView {
    /// Its card.
    pub factory: Arc<Factory>,
    /// How many of its seats are taken.
    pub seats_used: u32,
}

/// What a product has in hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Jobs that are ready.
    pub ready: usize,
    /// Claims that wait.
    pub waiting_claims: usize,
    /// Jobs that wait, by the first reason.
    pub waits: Waits,
    /// Held leases.
    pub leases: usize,
    /// Jobs whose actor is awake.
    pub live_jobs: usize,
}
