//! The port to whatever keeps the state: what is written, what comes back, and who hears of it.
//!
//! A [`Write`] is committed as a whole or not at all. The store gives its facts their `seq`, tells the product's
//! [`Ears`] of every committed batch in `seq` order, and only then answers the writers. It settles an unsure COMMIT
//! itself: nobody guesses.

mod committer;
mod memory;
mod query;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use domain::dispatch::Standing;
use domain::factory::Factory;
use domain::job::spec::Kind;
use domain::job::{Job, Run, Stage};
use domain::product::Settings;
use domain::profile::{Profile, Wanted};
use domain::{Epoch, JobId, ProductId, ProfileName, Timestamp};

pub use committer::{Backend, Committer, Numbered, Pinned, Taken, Written};
pub use memory::{MemoryBackend, MemoryStore, Plan, Upset};
pub use query::{JobQuery, Logged, Page};
pub use write::{Change, Receipt, ReceiptKind, Renewed, Write};

/// A write that is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The `seq` of its last fact; of the last fact before it, if it has none.
    pub last_seq: u64,
}

/// Why a write is not committed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A submit under a key that is taken.
    #[error("the key is taken by {job}")]
    KeyTaken {
        /// The key.
        key: String,
        /// The job that has it.
        job: JobId,
        /// The hash of what that job was submitted with.
        content_hash: Option<String>,
    },
    /// Surely not written; the writer lives on, unchanged.
    #[error("not written: {0}")]
    NotWritten(Why),
    /// The store cannot say, or may not write for this product any more: the product has to reload.
    #[error("the store is lost to this product")]
    Lost,
}

/// Why something was surely not written or not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// No space left.
    #[error("no space left for the data")]
    Full,
    /// The database cannot be reached, or refused.
    #[error("{0}")]
    Unavailable(String),
}

impl From<Why> for Fault {
    fn from(why: Why) -> Self {
        Self::NotWritten(why)
    }
}

/// A committed write and the `seq` of its first fact.
#[derive(Clone, Debug)]
pub struct Told {
    /// The `seq` of the first of its facts.
    pub first_seq: u64,
    /// The write.
    pub write: Arc<Write>,
}

/// Whoever derives something from the committed writes of a product.
pub trait Ears: Send + Sync {
    /// Takes in one committed batch of the product, in `seq` order. Must not block.
    fn told(&self, batch: Arc<[Told]>);
}

/// A product as it is committed at one moment; its ears hear of everything after it.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    /// The highest `seq` so far.
    pub last_seq: u64,
    /// When its last event became true. Time never runs back behind it.
    pub last_at: Timestamp,
    /// Its settings, once saved.
    pub settings: Option<Settings>,
    /// Its factories, in the order of their ids.
    pub factories: Vec<Arc<Factory>>,
    /// Queued and blocked jobs, as far as the dispatcher needs them, in the order of their ids.
    pub waiting: Vec<Standing>,
    /// Jobs whose lease is held.
    pub leased: Vec<Arc<Job>>,
    /// Jobs that wait for review and that no factory holds.
    pub reviewing: Vec<JobId>,
    /// The stages of the dependencies that blocked jobs name.
    pub dependencies: Vec<(JobId, Stage)>,
    /// The children of composite jobs that wait: parent, child, the child's stage.
    pub children: Vec<(JobId, JobId, Stage)>,
    /// Unfinished children of jobs that were cancelled.
    pub orphans: Vec<JobId>,
}

/// A job as a part of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The job.
    pub id: JobId,
    /// Its title.
    pub title: String,
    /// What it is made of.
    pub kind: Kind,
    /// Where it stands.
    pub stage: Stage,
    /// The job that it is a part of.
    pub parent: Option<JobId>,
    /// The jobs that it waits for.
    pub depends_on: Vec<JobId>,
}

/// A job as it is stored.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The job.
    pub job: Arc<Job>,
    /// The `seq` of its newest event.
    pub last_seq: u64,
    /// Receipts of reports that named an id.
    pub receipts: Vec<Receipt>,
}

/// Where the state is kept.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Commits a write. A dropped caller does not cancel it.
    async fn commit(&self, write: Write) -> Result<Committed, Fault>;

    /// Commits writes of one product in order, as one: all of them, or none.
    async fn commit_all(&self, writes: Vec<Write>) -> Result<Vec<Committed>, Fault>;

    /// Opens a product: everything queued for it before is settled, what is answered is the state then, and `ears`
    /// hear of every batch after that. Ears that were there before hear nothing more.
    async fn open(&self, product: &ProductId, ears: Arc<dyn Ears>) -> Result<Opened, Fault>;

    /// Returns when everything that is queued for a product now has its outcome.
    async fn settled(&self, product: &ProductId);

    /// A job with what its actor needs to take over.
    async fn job(&self, product: &ProductId, id: JobId) -> Result<Option<Stored>, Why>;

    /// Jobs that match, newest first.
    async fn jobs(&self, product: &ProductId, query: &JobQuery, page: Page<JobId>) -> Result<Vec<Arc<Job>>, Why>;

    /// The stages of those of the jobs that exist.
    async fn stages(&self, product: &ProductId, ids: &[JobId]) -> Result<Vec<(JobId, Stage)>, Why>;

    /// The children of a job with their stages, in the order of their ids.
    async fn children(&self, product: &ProductId, parent: JobId) -> Result<Vec<(JobId, Stage)>, Why>;

    /// A job with everything below it and everything that any of these waits for, in the order of their ids. At most as
    /// many as are asked for.
    async fn dag(&self, product: &ProductId, root: JobId, most: usize) -> Result<Vec<Node>, Why>;

    /// The ended runs of a job, oldest first.
    async fn runs(&self, product: &ProductId, job: JobId) -> Result<Vec<Run>, Why>;

    /// The ended run of a job under an epoch.
    async fn run(&self, product: &ProductId, job: JobId, epoch: Epoch) -> Result<Option<Run>, Why>;

    /// Events of a product (of one job, if named), in `seq` order.
    async fn events(&self, product: &ProductId, job: Option<JobId>, page: Page<u64>) -> Result<Vec<Logged>, Why>;

    /// A product's factories, in the order of their ids.
    async fn factories(&self, product: &ProductId) -> Result<Vec<Arc<Factory>>, Why>;

    /// The newest version of each profile, in the order of their names.
    async fn profiles(&self, product: &ProductId, page: Page<ProfileName>) -> Result<Vec<Arc<Profile>>, Why>;

    /// A version of a profile; the newest where none is named.
    async fn profile(&self, product: &ProductId, wanted: &Wanted) -> Result<Option<Arc<Profile>>, Why>;

    /// The receipt of a claim.
    async fn receipt(&self, product: &ProductId, kind: ReceiptKind, key: &str) -> Result<Option<Receipt>, Why>;

    /// The products that have written anything, in the order of their ids.
    async fn products(&self) -> Result<Vec<ProductId>, Why>;

    /// When the newest event of all products became true; 1970 where there is none.
    async fn newest(&self) -> Result<Timestamp, Why>;

    /// Makes sure that the store answers, and that it had space for the last write.
    async fn ready(&self) -> Result<(), Why>;
}
