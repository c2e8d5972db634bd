//! What is written: one change with the facts that make it true.

use std::sync::Arc;

use domain::factory::Factory;
use domain::job::{Insights, Job, Run};
use domain::product::Settings;
use domain::profile::Profile;
use domain::{By, Epoch, FactoryId, JobId, ProductId, Timestamp, event};

/// One change, its facts, when and by whom. Committed as a whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The product it belongs to.
    pub product: ProductId,
    /// When it became true.
    pub at: Timestamp,
    /// Who caused it.
    pub by: By,
    /// What became true, in order; each gets a `seq` of its own.
    pub facts: Vec<event::Fact>,
    /// What it does to the records.
    pub change: Change,
}

/// What a write does to the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Inserts a job and its spec. Refused as `KeyTaken` where its idempotency key is taken.
    Submit {
        /// The job, `rev` 1.
        job: Arc<Job>,
    },
    /// Replaces a job's snapshot, which must have `rev - 1`.
    Job {
        /// The job as it is now.
        job: Arc<Job>,
        /// The `seq` of its newest event before this write.
        prev_seq: u64,
        /// Its spec is a new edition, to be inserted beside the older ones.
        edited: bool,
        /// The run that ended with it, to be inserted.
        ended: Option<Box<Run>>,
        /// What makes the request repeatable.
        receipt: Option<Receipt>,
    },
    /// Leaves an event with a job without changing it; late usage is merged into the ended run of its epoch, where
    /// there is one. Without an event the job's newest one stays what it was.
    Note {
        /// The job.
        job: JobId,
        /// The `seq` of its newest event before this write.
        prev_seq: u64,
        /// Totals of the run under that epoch; what is a number only grows.
        usage: Option<(Epoch, Box<Insights>)>,
        /// What makes the request repeatable.
        receipt: Option<Receipt>,
    },
    /// Inserts or replaces a factory's card.
    Factory {
        /// The factory as it is now.
        factory: Arc<Factory>,
    },
    /// Inserts or replaces a product's settings.
    Settings {
        /// The settings as they are now.
        settings: Arc<Settings>,
    },
    /// Inserts a new version of a profile.
    Profile {
        /// The version.
        profile: Arc<Profile>,
    },
    /// Writes renewals into the snapshots of jobs that are still under the same epoch. Soft: no fact, no `rev`.
    Renewals {
        /// The renewals.
        renewed: Vec<Renewed>,
    },
}

/// A renewal to be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// The job.
    pub job: JobId,
    /// The epoch of the lease.
    pub epoch: Epoch,
    /// When it runs out.
    pub expires_at: Timestamp,
    /// Its length in seconds.
    pub ttl_sec: u32,
    /// How often it was renewed.
    pub renewals: u32,
}

/// What a request with an id of its own left behind; kept 7 days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Which kind of request.
    pub kind: ReceiptKind,
    /// `factoryId/claimId` of a claim, `jobId/reportId` of a report.
    pub key: String,
    /// The job it was about.
    pub job: JobId,
    /// The epoch it was accepted under.
    pub epoch: Epoch,
    /// The job's `rev` after it.
    pub rev: u64,
    /// A hash of the request's content; empty for claims.
    pub content_hash: String,
    /// When it was accepted.
    pub at: Timestamp,
}

/// The kinds of requests that leave a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReceiptKind {
    /// A claim.
    Claim,
    /// A report.
    Report,
}

impl ReceiptKind {
    /// The kind's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Report => "report",
        }
    }
}

impl Write {
    /// The job that its facts are about.
    pub fn job_id(&self) -> Option<JobId> {
        match &self.change {
            Change::Submit { job } | Change::Job { job, .. } => Some(job.id),
            Change::Note { job, .. } => Some(*job),
            Change::Factory { .. } | Change::Settings { .. } | Change::Profile { .. } | Change::Renewals { .. } => None,
        }
    }

    /// The job as it is after the write.
    pub fn job(&self) -> Option<&Arc<Job>> {
        match &self.change {
            Change::Submit { job } | Change::Job { job, .. } => Some(job),
            Change::Note { .. }
            | Change::Factory { .. }
            | Change::Settings { .. }
            | Change::Profile { .. }
            | Change::Renewals { .. } => None,
        }
    }

    /// The factory that its facts are about: the one whose card it is, or the holder of the job's lease.
    pub fn factory_id(&self) -> Option<&FactoryId> {
        match &self.change {
            Change::Factory { factory } => Some(&factory.id),
            Change::Submit { job } | Change::Job { job, .. } => job.lease.as_ref().map(|lease| &lease.holder),
            Change::Note { .. } | Change::Settings { .. } | Change::Profile { .. } | Change::Renewals { .. } => None,
        }
    }

    /// The `rev` of the record that its facts make.
    pub fn rev(&self) -> Option<u64> {
        match &self.change {
            Change::Submit { job } | Change::Job { job, .. } => Some(job.rev),
            Change::Factory { factory } => Some(factory.rev),
            Change::Settings { settings } => Some(settings.rev),
            Change::Note { .. } | Change::Profile { .. } | Change::Renewals { .. } => None,
        }
    }

    /// The run that ended with it.
    pub fn ended(&self) -> Option<&Run> {
        match &self.change {
            Change::Job { ended, .. } => ended.as_deref(),
            Change::Submit { .. }
            | Change::Note { .. }
            | Change::Factory { .. }
            | Change::Settings { .. }
            | Change::Profile { .. }
            | Change::Renewals { .. } => None,
        }
    }

    /// The key of a submit, where it has one.
    pub fn key(&self) -> Option<&str> {
        match &self.change {
            Change::Submit { job } => job.spec.idempotency_key.as_deref(),
            Change::Job { .. }
            | Change::Note { .. }
            | Change::Factory { .. }
            | Change::Settings { .. }
            | Change::Profile { .. }
            | Change::Renewals { .. } => None,
        }
    }

    /// Roughly how many bytes it takes, for bounding a batch.
    pub fn weight(&self) -> usize {
        let spec = match &self.change {
            Change::Submit { job } => job.spec.body_md.len() + job.spec.manifest_json.len(),
            Change::Job { job, edited: true, .. } => job.spec.body_md.len() + job.spec.manifest_json.len(),
            Change::Profile { profile } => profile.snapshot.persona.as_ref().map_or(0, String::len),
            Change::Renewals { renewed } => renewed.len() * 64,
            Change::Job { .. } | Change::Note { .. } | Change::Factory { .. } | Change::Settings { .. } => 0,
        };
        512 + spec
    }
}
