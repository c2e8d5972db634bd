//! What was asked for: everything of a job that its submitter wrote and its runs do not change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::state::Priority;
use crate::profile::Given;
use crate::{JobId, Timestamp, Usd};

/// The submitted part of a job. An operator's edit makes a new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    /// One line for lists; the first heading or line of the body where none was given.
    pub title: String,
    /// The instructions, verbatim.
    pub body_md: String,
    /// The front matter as submitted, as a JSON text; `{}` where there was none.
    pub manifest_json: String,
    /// How urgent it is.
    pub priority: Priority,
    /// What a factory must be able to do to claim it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// The class of engine it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_class: Option<String>,
    /// Acceptable engines in order of preference; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub engines: Vec<String>,
    /// `name@version` of a profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The repository to work in: a path or a URL that the factory's host can reach.
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_scope: Vec<String>,
    /// Lets the engine act without asking.
    #[serde(default)]
    pub yolo: bool,
    /// Ships by itself after a passed `verify`.
    #[serde(default)]
    pub auto_ship: bool,
    /// Names this submit in its product for as long as the job exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// SHA-256 over the members given, hex; tells a repeated submit from another one under the same key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
    /// The work item it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracker_item_id: Option<String>,
    /// What was asked for: children make a composite of every job.
    #[serde(default, skip_serializing_if = "Kind::is_leaf")]
    pub kind: Kind,
    /// The job that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<JobId>,
    /// A composite that ends by itself when its children have settled: it ships if all of them have.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto_complete: bool,
    /// The jobs it waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<JobId>,
    /// Whether all or any of them must settle.
    #[serde(default)]
    pub deps_mode: DepsMode,
    /// What a dependency that does not ship means.
    #[serde(default)]
    pub on_dep_failure: OnDepFailure,
    /// Jobs of one key run at most `concurrency_limit` at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency_key: Option<String>,
    /// How many jobs of the key may run at a time, at least 1.
    pub concurrency_limit: u32,
    /// Limits over all runs since the last requeue.
    #[serde(default)]
    pub budget: JobBudget,
    /// The limit of one run, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_sec: Option<u64>,
    /// How often it is tried, and how far apart.
    #[serde(default)]
    pub retry: Retry,
    /// Not to be claimed before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Wanted by this instant; raises its score, nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Free words for people and selectors.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Who must approve before it ships.
    #[serde(default)]
    pub approvals: Approvals,
    /// Which members were given by hand; the others follow from its profile and its product. All of them where it is not
    /// known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<Given>,
}

/// What a job is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Work for one agent.
    #[default]
    Leaf,
    /// Other jobs, and the work of putting together what they made.
    Composite,
}

impl Kind {
    fn is_leaf(&self) -> bool {
        *self == Self::Leaf
    }
}

/// Limits over a job's runs since its last requeue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobBudget {
    /// Money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<Usd>,
    /// Wall clock in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_sec: Option<u64>,
}

/// How failed runs are repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Retry {
    /// Attempts before the job is a dead letter, at least 1.
    pub max_attempts: u32,
    /// The first pause in seconds; each further one is twice as long, with jitter, at most an hour.
    pub backoff_sec: u64,
}

impl Default for Retry {
    fn default() -> Self {
        Self { max_attempts: 3, backoff_sec: 30 }
    }
}

/// What must be approved before a job ships.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approvals {
    /// How many distinct reviewers.
    pub required: u32,
    /// Who counts; empty means anyone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<String>,
}

/// Whether all or any of a job's dependencies must settle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepsMode {
    /// Every one.
    #[default]
    All,
    /// The first one is enough.
    Any,
}

/// What it means for a job that a dependency ended without shipping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDepFailure {
    /// It stays blocked until the dependency ships after all, or an operator requeues it.
    #[default]
    Block,
    /// It fails.
    Fail,
    /// The dependency counts as settled.
    Ignore,
}
