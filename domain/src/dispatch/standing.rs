//! Where a job stands, as far as the dispatcher needs to know: small enough to load a million of them.

use std::sync::Arc;

use super::needs::Needs;
use crate::job::spec::{DepsMode, OnDepFailure};
use crate::job::state::{BlockedReason, Priority};
use crate::job::{Job, Stage};
use crate::{FactoryId, JobId, Timestamp};

/// A job, as the dispatcher sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The job.
    pub job: JobId,
    /// Its stage.
    pub stage: Stage,
    /// Why it is blocked, while it is.
    pub blocked_reason: Option<BlockedReason>,
    /// How urgent it is.
    pub priority: Priority,
    /// What it asks for.
    pub needs: Arc<Needs>,
    /// When it last entered the queue.
    pub queued_at: Timestamp,
    /// Not to be claimed before this instant.
    pub not_before: Option<Timestamp>,
    /// Who holds its lease.
    pub holder: Option<FactoryId>,
    /// What it waits for, while it is blocked on that.
    pub awaits: Option<Awaits>,
}

/// What a blocked job waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaits {
    /// The dependencies.
    pub jobs: Vec<JobId>,
    /// Whether all or any of them must settle.
    pub mode: DepsMode,
    /// What it means that one ended without shipping.
    pub on_failure: OnDepFailure,
}

impl Standing {
    /// Where a job stands.
    pub fn of(job: &Job) -> Self {
        let waits = matches!(job.blocked_reason, Some(BlockedReason::Dependencies | BlockedReason::DependencyFailed));
        Self {
            job: job.id,
            stage: job.stage,
            blocked_reason: job.blocked_reason,
            priority: job.spec.priority,
            needs: Arc::new(Needs::of(&job.spec)),
            queued_at: job.queued_at.unwrap_or(job.created_at),
            not_before: job.not_before,
            holder: job.held().map(|lease| lease.holder.clone()),
            awaits: waits.then(|| Awaits {
                jobs: job.spec.depends_on.clone(),
                mode: job.spec.deps_mode,
                on_failure: job.spec.on_dep_failure,
            }),
        }
    }
}
