//! Profiles on the wire: what is published, what is shown, and the defaults in both. How they become the domain's and
//! back is in `members`.

mod members;

use std::collections::BTreeMap;

use domain::profile;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Time;
use crate::check::{Checks, MAX_NOTE};
use crate::problem::Problem;
use crate::submit::{SubmitApprovals, SubmitBudget, SubmitRequest, SubmitRetry};
use crate::word::Priority;

/// What a profile is to say from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishRequest {
    /// The profile: `[a-z0-9][a-z0-9-]{0,63}`.
    pub name: String,
    /// Who the agent is to be, at most 64 KiB: goes before the instructions of a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// What holds for jobs that do not say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<Defaults>,
}

/// One version of a profile. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The product it belongs to.
    pub product_id: String,
    /// Its name.
    pub name: String,
    /// Which version of that name it is, from 1.
    pub version: u32,
    /// What it says.
    pub snapshot: Snapshot,
    /// When it was published.
    pub created_at: Time,
}

/// What a version of a profile says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    /// Who the agent is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// What holds for jobs that do not say otherwise.
    #[serde(default)]
    pub defaults: Defaults,
}

/// The profile that a run goes by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProfileSnapshot {
    /// Its name.
    pub name: String,
    /// The version.
    pub version: u32,
    /// What it says.
    #[serde(flatten)]
    pub snapshot: Snapshot,
}

/// Members of a job that may have defaults. Absent: the profile says nothing of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Defaults {
    /// How urgent it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// What a factory must be able to do to claim it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<String>>,
    /// The class of engine it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_class: Option<String>,
    /// Acceptable engines in order of preference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engines: Option<Vec<String>>,
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
    /// Limits over all runs since the last requeue; each of them counts by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<SubmitBudget>,
    /// The limit of one run, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_sec: Option<u64>,
    /// How often it is tried, and how far apart; each of them counts by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<SubmitRetry>,
    /// Free words for people and selectors, each key once; a job that has labels of its own gets none of these.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::unique::optional")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Who must approve before it ships.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<SubmitApprovals>,
}

impl PublishRequest {
    /// Takes the request apart. Refuses members that are out of their bounds, all at once.
    pub fn into_snapshot(self) -> Result<(domain::ProfileName, profile::Snapshot), Problem> {
        let mut checks = Checks::default();
        let name = self.name.parse();
        if let Err(bad) = &name {
            checks.refuse("/name", domain::ids::BadName::to_string(bad));
        }
        self.persona.iter().for_each(|persona| checks.given("/persona", persona, MAX_NOTE));
        let defaults = self.defaults.unwrap_or_default();
        // What a job may not say itself, nobody may say for it.
        let of_job = SubmitRequest { body_md: "any".to_owned(), ..SubmitRequest::from(defaults.clone()) };
        for error in of_job.check().err().map(|problem| problem.errors).unwrap_or_default() {
            checks.refuse(format!("/defaults{}", error.pointer), error.detail);
        }
        checks.done()?;
        let name = name.map_err(|bad| Problem::invalid("/name", bad.to_string()))?;
        Ok((name, profile::Snapshot { persona: self.persona, defaults: defaults.into() }))
    }
}

impl From<&profile::Profile> for Profile {
    fn from(profile: &profile::Profile) -> Self {
        Self {
            product_id: profile.product.to_string(),
            name: profile.name.to_string(),
            version: profile.version,
            snapshot: Snapshot::from(&profile.snapshot),
            created_at: profile.created_at.into(),
        }
    }
}

impl From<&profile::Profile> for ProfileSnapshot {
    fn from(profile: &profile::Profile) -> Self {
        let snapshot = Snapshot::from(&profile.snapshot);
        Self { name: profile.name.to_string(), version: profile.version, snapshot }
    }
}

impl From<&profile::Snapshot> for Snapshot {
    fn from(snapshot: &profile::Snapshot) -> Self {
        Self { persona: snapshot.persona.clone(), defaults: Defaults::from(&snapshot.defaults) }
    }
}
