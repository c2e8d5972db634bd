//! A profile: a named bundle of persona and manifest defaults, in versions that never change. Owns how one version
//! follows another, and how what a submitter left out is filled in.

mod defaults;
mod publish;
mod resolve;
mod wanted;

use serde::{Deserialize, Serialize};

use crate::{ProductId, ProfileName, Timestamp};

pub use defaults::{Defaults, Given, Member};
pub use publish::{Fact, Step, publish};
pub use resolve::Usual;
pub use wanted::Wanted;

/// One version of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The product it belongs to.
    pub product: ProductId,
    /// Its name.
    pub name: ProfileName,
    /// Which version of that name it is, from 1.
    pub version: u32,
    /// What it says.
    pub snapshot: Snapshot,
    /// When it was published.
    pub created_at: Timestamp,
}

/// What a version of a profile says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Who the agent is to be: goes before the instructions of a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// What holds for jobs that do not say otherwise.
    pub defaults: Defaults,
}

impl Profile {
    /// This version, as jobs and runs name it.
    pub fn pinned(&self) -> Wanted {
        Wanted { name: self.name.clone(), version: Some(self.version) }
    }
}
