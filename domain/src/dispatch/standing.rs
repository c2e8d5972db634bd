//! Where a job stands, as far as the dispatcher needs to know: small enough to load a million of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::needs::{Key, Needs};
use crate::job::spec::{DepsMode, Kind, OnDepFailure, Spec};
use crate::job::state::{BlockedReason, Priority};
use crate::job::{Job, Stage};
use crate::{Epoch, FactoryId, JobId, Timestamp, Usd};

/// A job, as the dispatcher sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The job.
    pub job: JobId,
    /// Its stage.
    pub stage: Stage,
    /// Why it is blocked, while it is.
    pub blocked_reason: Option<BlockedReason>,
    /// What it asks of a factory.
    pub needs: Arc<Needs>,
    /// With which others it may not run at a time.
    pub key: Option<Key>,
    /// What it is scored by.
    pub merit: Merit,
    /// When it last entered the queue.
    pub queued_at: Timestamp,
    /// Wanted by this instant.
    pub due_at: Option<Timestamp>,
    /// Not to be claimed before this instant.
    pub not_before: Option<Timestamp>,
    /// The lease that is held.
    pub tenure: Option<Tenure>,
    /// The job that it is a part of.
    pub parent: Option<JobId>,
    /// What it waits for, while it is blocked on that.
    pub awaits: Option<Awaits>,
}

/// What a job is scored by, besides its age and when it is due. Jobs with equal merits and needs are interchangeable.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Merit {
    /// How urgent it is.
    pub priority: Priority,
    /// The repository it works in.
    pub repo: Option<String>,
    /// What is left of its own `budget.usd`, to the cent above; none: it has none.
    pub estimate: Option<Usd>,
    /// Attempts used since the last requeue.
    pub attempt: u32,
    /// Attempts allowed.
    pub max_attempts: u32,
    /// The factory that made its newest checkpoint.
    pub saved_by: Option<FactoryId>,
    /// Factories on which it has failed twice since the last requeue, sorted.
    pub failed_on: Vec<FactoryId>,
}

/// A lease as the dispatcher sees it: whose seat it takes, and what ending it would cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenure {
    /// Who holds it.
    pub holder: FactoryId,
    /// Under which epoch.
    pub epoch: Epoch,
    /// When the run began.
    pub since: Timestamp,
    /// When its work was last saved: the newest checkpoint under this lease, else the beginning of the run.
    pub saved_at: Timestamp,
    /// How often the job was preempted since its last requeue.
    pub preempted: u32,
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
    /// It waits for its children, too.
    pub composite: bool,
    /// Children that it waits for no more, though they have not shipped.
    pub overruled: Vec<JobId>,
}

impl Awaits {
    /// What a job waits for that was asked for like this.
    pub fn of(spec: &Spec, kind: Kind) -> Self {
        Self {
            jobs: spec.depends_on.clone(),
            mode: spec.deps_mode,
            on_failure: spec.on_dep_failure,
            composite: kind == Kind::Composite,
            overruled: Vec::new(),
        }
    }

    /// What a job of this kind waits for from where it stands: not again for what has settled for it.
    pub fn by(job: &Job, kind: Kind) -> Self {
        let all = Self::of(&job.spec, kind);
        match &job.settled {
            Some(overruled) => Self { jobs: Vec::new(), overruled: overruled.clone(), ..all },
            None => all,
        }
    }
}

/// Failures on one factory after which another one is preferred.
const MANY_FAILURES: u32 = 2;
/// A cent in micro-USD: estimates are compared to the cent, so that jobs share groups.
const CENT: u64 = 10_000;

impl Standing {
    /// Where a job stands.
    pub fn of(job: &Job) -> Self {
        let waits = matches!(
            job.blocked_reason,
            Some(BlockedReason::Dependencies | BlockedReason::Children | BlockedReason::DependencyFailed)
        );
        Self {
            job: job.id,
            stage: job.stage,
            blocked_reason: job.blocked_reason,
            needs: Arc::new(Needs::of(&job.spec)),
            key: Key::of(&job.spec),
            merit: Merit::of(job),
            queued_at: job.queued_at.unwrap_or(job.created_at),
            due_at: job.spec.due_at,
            not_before: job.not_before,
            tenure: Tenure::of(job),
            parent: job.spec.parent,
            awaits: waits.then(|| Awaits::by(job, job.kind())),
        }
    }

    /// Who holds its lease.
    pub fn holder(&self) -> Option<&FactoryId> {
        self.tenure.as_ref().map(|tenure| &tenure.holder)
    }
}

impl Merit {
    /// What a job is scored by.
    pub fn of(job: &Job) -> Self {
        Self {
            priority: job.spec.priority,
            repo: job.spec.repo.clone(),
            estimate: job.spec.budget.usd.map(|usd| estimate(usd, job.spent.usd)),
            attempt: job.attempt,
            max_attempts: job.spec.retry.max_attempts,
            saved_by: job.checkpoint.as_ref().and(job.saved_by.clone()),
            failed_on: failed_twice(&job.failed_on),
        }
    }
}

impl Tenure {
    fn of(job: &Job) -> Option<Self> {
        let lease = job.held()?;
        let since = job.run.as_ref().map_or(job.updated_at, |run| run.started_at);
        Some(Self {
            holder: lease.holder.clone(),
            epoch: lease.epoch,
            since,
            saved_at: job.saved_at.map_or(since, |saved| saved.max(since)),
            preempted: job.preempted,
        })
    }
}

/// The factories that a job has failed on so often that another one is preferred.
pub fn failed_twice(failed_on: &BTreeMap<FactoryId, u32>) -> Vec<FactoryId> {
    failed_on.iter().filter(|(_, times)| **times >= MANY_FAILURES).map(|(factory, _)| factory.clone()).collect()
}

/// What is left of a budget, to the cent above.
pub fn estimate(budget: Usd, spent: Usd) -> Usd {
    Usd(budget.0.saturating_sub(spent.0).div_ceil(CENT).saturating_mul(CENT))
}
