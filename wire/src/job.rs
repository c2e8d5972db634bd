//! The job as it is shown: its spec and its state in one flat record. Only read from the domain, never turned back.

use std::collections::BTreeMap;

use domain::job::spec::Spec;
use domain::job::state;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::check::Checks;
use crate::lease::Lease;
use crate::word::{BlockedReason, DepsMode, Kind, OnDepFailure, Priority, RunResult, Stage};
use crate::{Money, Time};

/// A unit of work for an agent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its id.
    pub id: String,
    /// The product it belongs to.
    pub product_id: String,
    /// One line for lists.
    pub title: String,
    /// The instructions, verbatim.
    pub body_md: String,
    /// The front matter as submitted; `{}` where there was none.
    #[schema(value_type = Object)]
    pub manifest_snapshot: Box<RawValue>,
    /// Whether it has children.
    pub kind: Kind,
    /// Where it stands.
    pub stage: Stage,
    /// Why it is blocked, while it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_reason: Option<BlockedReason>,
    /// The question it is blocked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// How urgent it is.
    pub priority: Priority,
    /// What a factory must be able to do to claim it.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// The class of engine it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_class: Option<String>,
    /// Acceptable engines in order of preference; empty means any.
    #[serde(default)]
    pub engines: Vec<String>,
    /// `name@version` of a profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The repository to work in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// The branch or commit to start from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The directory inside the repository to work in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The command that decides whether the work is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<String>,
    /// Globs of the paths that the work should stay within.
    #[serde(default)]
    pub allowed_scope: Vec<String>,
    /// Lets the engine act without asking.
    #[serde(default)]
    pub yolo: bool,
    /// Ships by itself after a passed `verify`.
    #[serde(default)]
    pub auto_ship: bool,
    /// Names its submit in its product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// The work item it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracker_item_id: Option<String>,
    /// The jobs it waits for.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// Whether all or any of them must settle.
    pub deps_mode: DepsMode,
    /// What a dependency that does not ship means.
    pub on_dep_failure: OnDepFailure,
    /// Jobs of one key run at most `concurrencyLimit` at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency_key: Option<String>,
    /// How many jobs of the key may run at a time.
    pub concurrency_limit: u32,
    /// The newest work in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    /// Limits over all runs since the last requeue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<JobBudget>,
    /// The limit of one run, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_sec: Option<u64>,
    /// How often it is tried, and how far apart.
    pub retry: Retry,
    /// Attempts used since the last requeue.
    pub attempt: u32,
    /// Not to be claimed before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Time>,
    /// Wanted by this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Time>,
    /// Free words for people and selectors.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Who must approve, and who has.
    pub approvals: Approvals,
    /// Words of reviewers and operators for the next run.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// How the last run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<RunResult>,
    /// The fencing token; only grows.
    pub lease_epoch: u64,
    /// The lease that is held, or the last one that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// +1 for each saved change.
    pub rev: u64,
    /// When it was submitted.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// When it last entered the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_at: Option<Time>,
    /// When it reached a terminal stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
    /// `true` where the request repeated one that had been carried out before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<bool>,
}

/// Work in progress that a later run can resume from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

/// Limits over a job's runs since its last requeue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobBudget {
    /// Money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<Money>,
    /// Wall clock in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_sec: Option<u64>,
}

/// How failed runs are repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Retry {
    /// Attempts before the job is a dead letter.
    pub max_attempts: u32,
    /// The first pause in seconds; each further one is twice as long.
    pub backoff_sec: u64,
}

/// Who must approve before a job ships, and who has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Approvals {
    /// How many distinct reviewers.
    pub required: u32,
    /// Who counts; empty means anyone.
    #[serde(default)]
    pub reviewers: Vec<String>,
    /// Who has approved.
    #[serde(default)]
    pub by: Vec<String>,
}

/// A reviewer's or an operator's words for the next run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// When they were said.
    pub at: Time,
    /// By whom.
    pub by: String,
    /// The words.
    pub text: String,
}

impl From<&state::Job> for Job {
    fn from(job: &state::Job) -> Self {
        let spec: &Spec = &job.spec;
        Self {
            id: job.id.to_string(),
            product_id: job.product.to_string(),
            title: spec.title.clone(),
            body_md: spec.body_md.clone(),
            manifest_snapshot: snapshot(&spec.manifest_json),
            kind: Kind::Leaf,
            stage: job.stage.into(),
            blocked_reason: job.blocked_reason.map(Into::into),
            question: job.question.clone(),
            priority: spec.priority.into(),
            capabilities: spec.capabilities.clone(),
            engine_class: spec.engine_class.clone(),
            engines: spec.engines.clone(),
            profile: spec.profile.clone(),
            repo: spec.repo.clone(),
            base: spec.base.clone(),
            cwd: spec.cwd.clone(),
            verify: spec.verify.clone(),
            allowed_scope: spec.allowed_scope.clone(),
            yolo: spec.yolo,
            auto_ship: spec.auto_ship,
            idempotency_key: spec.idempotency_key.clone(),
            tracker_item_id: spec.tracker_item_id.clone(),
            depends_on: spec.depends_on.iter().map(ToString::to_string).collect(),
            deps_mode: spec.deps_mode.into(),
            on_dep_failure: spec.on_dep_failure.into(),
            concurrency_key: spec.concurrency_key.clone(),
            concurrency_limit: spec.concurrency_limit,
            checkpoint: job.checkpoint.as_ref().map(Into::into),
            budget: budget(spec),
            timeout_sec: spec.timeout_sec,
            retry: Retry { max_attempts: spec.retry.max_attempts, backoff_sec: spec.retry.backoff_sec },
            attempt: job.attempt,
            not_before: job.not_before.map(Into::into),
            due_at: spec.due_at.map(Into::into),
            labels: spec.labels.clone(),
            approvals: Approvals {
                required: spec.approvals.required,
                reviewers: spec.approvals.reviewers.clone(),
                by: job.approved_by.clone(),
            },
            notes: job.notes.iter().map(Into::into).collect(),
            result: job.result.map(Into::into),
            lease_epoch: job.epoch.0,
            lease: job.lease.as_ref().map(Into::into),
            rev: job.rev,
            created_at: job.created_at.into(),
            updated_at: job.updated_at.into(),
            queued_at: job.queued_at.map(Into::into),
            finished_at: job.finished_at.map(Into::into),
            repeated: None,
        }
    }
}

/// The snapshot as the JSON it is; `null` should a stored text be none.
fn snapshot(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn budget(spec: &Spec) -> Option<JobBudget> {
    let budget = JobBudget { usd: spec.budget.usd.map(Into::into), wall_sec: spec.budget.wall_sec };
    (budget != JobBudget::default()).then_some(budget)
}

/// Characters of a checkpoint's note, at most.
const MAX_CHECKPOINT_NOTE: usize = 4_096;

impl Checkpoint {
    /// Refuses names that are none, and a note that is too long.
    pub(crate) fn check(&self, checks: &mut Checks) {
        checks.git_name("/checkpoint/wipBranch", &self.wip_branch);
        self.wip_base.iter().for_each(|name| checks.git_name("/checkpoint/wipBase", name));
        self.wip_commit.iter().for_each(|name| checks.git_name("/checkpoint/wipCommit", name));
        self.note.iter().for_each(|note| checks.chars("/checkpoint/note", note, MAX_CHECKPOINT_NOTE));
    }
}

impl From<&state::Checkpoint> for Checkpoint {
    fn from(checkpoint: &state::Checkpoint) -> Self {
        Self {
            wip_branch: checkpoint.wip_branch.clone(),
            wip_base: checkpoint.wip_base.clone(),
            wip_commit: checkpoint.wip_commit.clone(),
            note: checkpoint.note.clone(),
        }
    }
}

impl From<Checkpoint> for state::Checkpoint {
    fn from(checkpoint: Checkpoint) -> Self {
        Self {
            wip_branch: checkpoint.wip_branch,
            wip_base: checkpoint.wip_base,
            wip_commit: checkpoint.wip_commit,
            note: checkpoint.note,
        }
    }
}

impl From<&state::Note> for Note {
    fn from(note: &state::Note) -> Self {
        Self { at: note.at.into(), by: note.by.clone(), text: note.text.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use serde_json::json;

    #[test]
    fn a_fresh_job_shows_no_member_that_is_absent() {
        let shown = serde_json::to_value(Job::from(&fixture::queued())).unwrap();
        assert_eq!(
            shown,
            json!({
                "id": "01890000-0000-7000-8000-000000000001", "productId": "acme", "title": "Fix it",
                "bodyMd": "# Fix it\n", "manifestSnapshot": {"x": 1}, "kind": "leaf", "stage": "queued",
                "priority": "normal", "capabilities": [], "engines": [], "allowedScope": [], "yolo": false,
                "autoShip": false, "dependsOn": [], "depsMode": "all", "onDepFailure": "block",
                "concurrencyLimit": 1, "budget": {"usd": "2.5"}, "retry": {"maxAttempts": 3, "backoffSec": 30},
                "attempt": 0, "labels": {}, "approvals": {"required": 0, "reviewers": [], "by": []}, "notes": [],
                "leaseEpoch": 0, "rev": 1, "createdAt": "1970-01-01T00:00:00.000Z",
                "updatedAt": "1970-01-01T00:00:00.000Z", "queuedAt": "1970-01-01T00:00:00.000Z",
            })
        );
    }

    #[test]
    fn a_leased_job_is_read_back_as_written() {
        let written = serde_json::to_string(&Job::from(&fixture::leased())).unwrap();
        let read: Job = serde_json::from_str(&written).unwrap();
        assert_eq!(read.lease.as_ref().unwrap().holder_factory_id.as_deref(), Some("f1"));
        assert_eq!(serde_json::to_string(&read).unwrap(), written);
    }

    #[test]
    fn members_of_a_newer_version_are_read_over() {
        let mut shown = serde_json::to_value(Job::from(&fixture::queued())).unwrap();
        shown["brandNew"] = json!(1);
        assert!(serde_json::from_value::<Job>(shown).is_ok());
    }
}
