//! What a submitter sends, and what is answered. Owns the members and their JSON. How they are checked and become a
//! spec is in `spec`, how a repeat is recognised in `hash`.

mod family;
mod hash;
mod spec;
#[cfg(test)]
mod tests;
mod title;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::word::{DepsMode, Kind, OnDepFailure, Priority};
use crate::{Job, Money, Time};

pub use family::Family;
pub use spec::no_such_profile;
pub(crate) use spec::profile_of;
pub(crate) use title::MAX_TITLE;

/// A job to be submitted. Absent members take their defaults; members that the coordinator sets are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmitRequest {
    /// One line for lists, at most 200 characters; the body's first heading or line where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The instructions; not needed where a composite completes by itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body_md: String,
    /// What it is made of: `composite` for a job that waits for children which are still to come; children make a job
    /// composite by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The job that it is to be a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Its children: it waits for them, and then is claimed to put together what they made, or completes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub children: Option<Vec<SubmitRequest>>,
    /// A composite ends by itself when its children have settled: it ships if all of them have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_complete: Option<bool>,
    /// How urgent it is; `normal` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// What a factory must be able to do to claim it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<String>>,
    /// The class of engine it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_class: Option<String>,
    /// The one acceptable engine; not together with `engines`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Acceptable engines in order of preference; any where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engines: Option<Vec<String>>,
    /// A profile: `name@version`, or `name` for the newest version, which the job then stays with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Names this submit in its product for as long as the job exists, at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// The work item it is made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracker_item_id: Option<String>,
    /// The jobs it waits for: ids, or the `ref`s of other entries of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<Vec<String>>,
    /// Whether all or any of them must settle; `all` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deps_mode: Option<DepsMode>,
    /// What a dependency that does not ship means; `block` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_dep_failure: Option<OnDepFailure>,
    /// Jobs of one key run at most `concurrencyLimit` at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency_key: Option<String>,
    /// How many jobs of the key may run at a time; 1 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency_limit: Option<u32>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_scope: Option<Vec<String>>,
    /// Lets the engine act without asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yolo: Option<bool>,
    /// Ships by itself after a passed `verify`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_ship: Option<bool>,
    /// Limits over all runs since the last requeue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<SubmitBudget>,
    /// The limit of one run, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_sec: Option<u64>,
    /// How often it is tried, and how far apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<SubmitRetry>,
    /// Not to be claimed before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Time>,
    /// Wanted by this instant; raises its score, nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Time>,
    /// Free words for people and selectors, each key once.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::unique::optional")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Who must approve before it ships.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<SubmitApprovals>,
    /// The entry's name in this request, for `dependsOn` of others; never shaped like a UUID.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The front matter it came with, as a JSON text. Set by the manifest parser, never sent.
    #[serde(skip)]
    pub manifest_json: Option<String>,
}

/// Limits over a job's runs since its last requeue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmitBudget {
    /// Money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<Money>,
    /// Wall clock in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_sec: Option<u64>,
}

/// How failed runs are repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmitRetry {
    /// Attempts before the job is a dead letter, 1 to 100; 3 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// The first pause in seconds, at most 3600; 30 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff_sec: Option<u64>,
}

/// Who must approve before the job ships.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmitApprovals {
    /// How many distinct reviewers; where absent all that are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<u32>,
    /// Who counts; anyone where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewers: Option<Vec<String>>,
}

/// Whether a submit made a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did.
    Created,
    /// The same key and content had made it before.
    Duplicate,
}

/// The answer to a submit.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Submitted {
    /// The job.
    pub job: Job,
    /// Whether it is new.
    pub outcome: Outcome,
    /// What was read over, and that no known factory could run it, in words.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// Children for a job that is there already.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChildrenRequest {
    /// The children, at most 10,000 with their own.
    pub children: Vec<SubmitRequest>,
    /// The epoch of the lease of a holder that decomposes its job: its run ends with that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_epoch: Option<u64>,
    /// The holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory_id: Option<String>,
}

/// The children that a job was given.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Children {
    /// All of them, in the order of the request.
    pub jobs: Vec<Job>,
    /// The same request had made them before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
}

/// Several jobs at once, each on its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// At most [`BatchRequest::MAX`] jobs.
    pub jobs: Vec<SubmitRequest>,
}

impl BatchRequest {
    /// Jobs in one batch, at most.
    pub const MAX: usize = 1_000;

    /// Refuses a batch that is empty or too large.
    pub fn check(&self) -> Result<(), Problem> {
        if (1..=Self::MAX).contains(&self.jobs.len()) {
            return Ok(());
        }
        Err(Problem::invalid("/jobs", format!("must have 1 to {} entries", Self::MAX)))
    }
}

/// The answer to a batch, entry by entry in the order of the request.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct BatchAnswer {
    /// One for each entry.
    pub results: Vec<BatchResult>,
}

/// What became of one entry of a batch.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BatchResult {
    /// The entry's own name.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The HTTP status that it would have had alone.
    pub status: u16,
    /// The job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Job>,
    /// Whether it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What was read over, and that no known factory could run it, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}
