//! Schemas 1 and 2 of `job.state`: what the second one added is absent in the first. Owns the names in it; never what
//! they mean.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use domain::job::spec::{DepsMode, Kind, OnDepFailure, Retry};
use domain::job::state::{Checkpoint, Note, Priority, Spent, VerifyResult};
use domain::job::{self, BlockedReason, Insights, Job, LeaseStatus, RunResult, Spec, Stage};
use domain::{Epoch, FactoryId, JobId, ProductId, RunId, Timestamp, Usd};
use serde::{Deserialize, Serialize};

use super::Unreadable;

/// Everything of a job that is neither a column nor its spec, and what the dispatcher needs of its spec.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::store) struct State<'a> {
    #[serde(rename = "c")]
    created_at: Timestamp,
    /// Absent: as created.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    queued_at: Option<Timestamp>,
    #[serde(rename = "p", default, skip_serializing_if = "is_default")]
    priority: Priority,
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    needs: Needs<'a>,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    awaits: Option<Awaits<'a>>,
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    blocked_reason: Option<BlockedReason>,
    #[serde(rename = "d", default, skip_serializing_if = "is_default")]
    deps_unmet: bool,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    lease: Option<Lease>,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    run: Option<Run<'a>>,
    #[serde(rename = "k", default, skip_serializing_if = "is_default")]
    runs: u32,
    #[serde(rename = "t", default, skip_serializing_if = "is_default")]
    attempt: u32,
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    checkpoint: Option<Cow<'a, Checkpoint>>,
    #[serde(rename = "v", default, skip_serializing_if = "is_default")]
    approved_by: Cow<'a, [String]>,
    #[serde(rename = "z", default, skip_serializing_if = "is_default")]
    notes: Cow<'a, [Note]>,
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    question: Option<Cow<'a, str>>,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    result: Option<RunResult>,
    #[serde(rename = "s", default, skip_serializing_if = "is_default")]
    spent: Spent,
    /// Absent where there is a time: the lease's holder.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    saved_by: Option<Cow<'a, FactoryId>>,
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    saved_at: Option<Timestamp>,
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    failed_on: Cow<'a, BTreeMap<FactoryId, u32>>,
    #[serde(rename = "e", default, skip_serializing_if = "is_default")]
    preempted: u32,
    #[serde(rename = "x", default, skip_serializing_if = "is_default")]
    children: u32,
    #[serde(rename = "j", default, skip_serializing_if = "Option::is_none")]
    settled: Option<Cow<'a, [JobId]>>,
    #[serde(rename = "m", default, skip_serializing_if = "is_default")]
    terms: Terms<'a>,
}

/// What the dispatcher scores a job by, of its spec: only while it waits. In schema 1 the spec alone has it.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Terms<'a> {
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub(super) due_at: Option<Timestamp>,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(super) repo: Option<Cow<'a, str>>,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(super) budget: Option<Usd>,
    /// Absent: as usual.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(super) max_attempts: Option<u32>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Needs<'a> {
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    pub(super) capabilities: Cow<'a, [String]>,
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub(super) engine_class: Option<Cow<'a, str>>,
    #[serde(rename = "e", default, skip_serializing_if = "is_default")]
    pub(super) engines: Cow<'a, [String]>,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<Cow<'a, str>>,
    /// Absent: 1.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub(super) limit: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Awaits<'a> {
    #[serde(rename = "j")]
    pub(super) jobs: Cow<'a, [JobId]>,
    #[serde(rename = "m", default, skip_serializing_if = "is_default")]
    pub(super) mode: DepsMode,
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    pub(super) on_failure: OnDepFailure,
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    pub(super) composite: bool,
    #[serde(rename = "o", default, skip_serializing_if = "is_default")]
    pub(super) overruled: Cow<'a, [JobId]>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Lease {
    #[serde(rename = "h")]
    holder: FactoryId,
    #[serde(rename = "e")]
    epoch: Epoch,
    #[serde(rename = "x")]
    expires_at: Timestamp,
    #[serde(rename = "t")]
    ttl_sec: u32,
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    renewals: u32,
    /// Absent: held.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    status: Option<LeaseStatus>,
    /// Absent: the job's stage.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    reached: Option<Stage>,
}

/// The running run; what is absent is as the lease has it.
#[derive(Debug, Serialize, Deserialize)]
struct Run<'a> {
    #[serde(rename = "i")]
    id: RunId,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    factory: Option<FactoryId>,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    epoch: Option<Epoch>,
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    engine: Option<Cow<'a, str>>,
    #[serde(rename = "s")]
    started_at: Timestamp,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    exit: Option<i32>,
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    verify_result: Option<VerifyResult>,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    result: Option<RunResult>,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    reached: Option<Stage>,
    #[serde(rename = "t", default, skip_serializing_if = "is_default")]
    insights: Cow<'a, Insights>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The value, unless it is the usual one.
fn unless<T: PartialEq>(value: T, usual: &T) -> Option<T> {
    (value != *usual).then_some(value)
}

/// Who made the checkpoint, unless it is the lease's holder and the time says that there is one.
fn saved_by(job: &Job) -> Option<&FactoryId> {
    let holder = job.saved_at.and(job.lease.as_ref()).map(|lease| &lease.holder);
    job.saved_by.as_ref().filter(|by| Some(*by) != holder)
}

impl<'a> State<'a> {
    /// What is saved of a job.
    pub(in crate::store) fn of(job: &'a Job) -> Self {
        Self {
            created_at: job.created_at,
            updated_at: unless(job.updated_at, &job.created_at),
            queued_at: job.queued_at,
            priority: job.spec.priority,
            needs: Needs::of(&job.spec),
            awaits: Awaits::of(job),
            blocked_reason: job.blocked_reason,
            deps_unmet: !job.deps_met,
            lease: job.lease.as_ref().map(|lease| Lease::of(lease, job.stage)),
            run: job.run.as_ref().map(|run| Run::of(run, job)),
            runs: job.runs,
            attempt: job.attempt,
            checkpoint: job.checkpoint.as_ref().map(Cow::Borrowed),
            approved_by: Cow::Borrowed(&job.approved_by),
            notes: Cow::Borrowed(&job.notes),
            question: job.question.as_deref().map(Cow::Borrowed),
            result: job.result,
            spent: job.spent,
            saved_by: saved_by(job).map(Cow::Borrowed),
            saved_at: job.saved_at,
            failed_on: Cow::Borrowed(&job.failed_on),
            preempted: job.preempted,
            children: job.children,
            settled: job.settled.as_deref().map(Cow::Borrowed),
            terms: Terms::of(job),
        }
    }

    /// The job, as far as it is saved here; the columns are still to be filled in.
    pub(super) fn into_job(
        self,
        id: JobId,
        product: ProductId,
        stage: Stage,
        spec: Arc<Spec>,
    ) -> Result<Job, Unreadable> {
        let lease = self.lease.map(|lease| lease.into_lease(stage));
        let holder = self.saved_at.and(lease.as_ref()).map(|lease| lease.holder.clone());
        let run = self.run.map(|run| run.into_run(lease.as_ref(), self.runs)).transpose()?;
        Ok(Job {
            id,
            product,
            spec,
            edition: 1,
            stage,
            blocked_reason: self.blocked_reason,
            epoch: Epoch::default(),
            lease,
            run,
            runs: self.runs,
            attempt: self.attempt,
            not_before: None,
            deps_met: !self.deps_unmet,
            checkpoint: self.checkpoint.map(Cow::into_owned),
            saved_by: self.saved_by.map(Cow::into_owned).or(holder),
            saved_at: self.saved_at,
            approved_by: self.approved_by.into_owned(),
            notes: self.notes.into_owned(),
            question: self.question.map(Cow::into_owned),
            result: self.result,
            spent: self.spent,
            failed_on: self.failed_on.into_owned(),
            preempted: self.preempted,
            children: self.children,
            settled: self.settled.map(Cow::into_owned),
            rev: 1,
            created_at: self.created_at,
            updated_at: self.updated_at.unwrap_or(self.created_at),
            queued_at: self.queued_at,
            finished_at: None,
        })
    }
}

impl<'a> Terms<'a> {
    fn of(job: &'a Job) -> Self {
        let spec = &job.spec;
        if !matches!(job.stage, Stage::Queued | Stage::Blocked) {
            return Self::default();
        }
        Self {
            due_at: spec.due_at,
            repo: spec.repo.as_deref().map(Cow::Borrowed),
            budget: spec.budget.usd,
            max_attempts: unless(spec.retry.max_attempts, &Retry::default().max_attempts),
        }
    }
}

impl<'a> Needs<'a> {
    fn of(spec: &'a Spec) -> Self {
        let mut capabilities = Cow::Borrowed(&spec.capabilities[..]);
        if !capabilities.is_sorted_by(|a, b| a < b) {
            let sorted = capabilities.to_mut();
            sorted.sort_unstable();
            sorted.dedup();
        }
        Self {
            capabilities,
            engine_class: spec.engine_class.as_deref().map(Cow::Borrowed),
            engines: Cow::Borrowed(&spec.engines),
            key: spec.concurrency_key.as_deref().map(Cow::Borrowed),
            limit: unless(spec.concurrency_limit, &1),
        }
    }
}

impl<'a> Awaits<'a> {
    fn of(job: &'a Job) -> Option<Self> {
        let waits = matches!(
            job.blocked_reason,
            Some(BlockedReason::Dependencies | BlockedReason::Children | BlockedReason::DependencyFailed)
        );
        waits.then(|| Self {
            jobs: Cow::Borrowed(if job.settled.is_some() { &[] } else { &job.spec.depends_on }),
            mode: job.spec.deps_mode,
            on_failure: job.spec.on_dep_failure,
            composite: job.kind() == Kind::Composite,
            overruled: Cow::Borrowed(job.settled.as_deref().unwrap_or_default()),
        })
    }
}

impl Lease {
    fn of(lease: &job::Lease, stage: Stage) -> Self {
        Self {
            holder: lease.holder.clone(),
            epoch: lease.epoch,
            expires_at: lease.expires_at,
            ttl_sec: lease.ttl_sec,
            renewals: lease.renewals,
            status: unless(lease.status, &LeaseStatus::Held),
            reached: unless(lease.reached, &stage),
        }
    }

    fn into_lease(self, stage: Stage) -> job::Lease {
        job::Lease {
            holder: self.holder,
            epoch: self.epoch,
            expires_at: self.expires_at,
            ttl_sec: self.ttl_sec,
            renewals: self.renewals,
            status: self.status.unwrap_or(LeaseStatus::Held),
            reached: self.reached.unwrap_or(stage),
        }
    }
}

impl<'a> Run<'a> {
    fn of(run: &'a job::Run, job: &Job) -> Self {
        let lease = job.lease.as_ref();
        Self {
            id: run.id,
            attempt: unless(run.attempt, &job.runs),
            factory: lease.is_none_or(|l| l.holder != run.factory).then(|| run.factory.clone()),
            epoch: lease.is_none_or(|l| l.epoch != run.epoch).then_some(run.epoch),
            engine: run.engine.as_deref().map(Cow::Borrowed),
            started_at: run.started_at,
            ended_at: run.ended_at,
            exit: run.exit,
            verify_result: run.verify_result,
            result: run.result,
            reached: lease.is_none_or(|l| l.reached != run.reached).then_some(run.reached),
            insights: Cow::Borrowed(&run.insights),
        }
    }

    fn into_run(self, lease: Option<&job::Lease>, runs: u32) -> Result<job::Run, Unreadable> {
        Ok(job::Run {
            id: self.id,
            attempt: self.attempt.unwrap_or(runs),
            factory: self.factory.or_else(|| lease.map(|l| l.holder.clone())).ok_or(Unreadable::NoLease)?,
            epoch: self.epoch.or_else(|| lease.map(|l| l.epoch)).ok_or(Unreadable::NoLease)?,
            engine: self.engine.map(Cow::into_owned),
            started_at: self.started_at,
            ended_at: self.ended_at,
            exit: self.exit,
            verify_result: self.verify_result,
            result: self.result,
            reached: self.reached.or_else(|| lease.map(|l| l.reached)).ok_or(Unreadable::NoLease)?,
            insights: self.insights.into_owned(),
        })
    }
}
