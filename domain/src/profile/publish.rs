//! How one version of a profile follows another: by what it says, never by itself.

use serde::Serialize;

use super::{Profile, Snapshot};
use crate::{ProductId, ProfileName, Timestamp};

/// A fact about a profile. Its serialised form is the event's `data`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Fact {
    /// There is a new version.
    Published {
        /// The profile.
        name: ProfileName,
        /// The version.
        version: u32,
    },
}

impl Fact {
    /// The event's type, as on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Published { .. } => "profile.published",
        }
    }
}

/// What a publication leads to. No facts: the newest version says the same already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The newest version then.
    pub next: Profile,
    /// What became true.
    pub facts: Vec<Fact>,
}

/// Publishes what a profile is to say from now on. `newest`: its newest version, if it has any.
pub fn publish(
    newest: Option<&Profile>,
    product: ProductId,
    name: ProfileName,
    snapshot: Snapshot,
    now: Timestamp,
) -> Step {
    if let Some(newest) = newest.filter(|newest| newest.snapshot == snapshot) {
        return Step { next: newest.clone(), facts: Vec::new() };
    }
    let version = newest.map_or(1, |newest| newest.version.saturating_add(1));
    let facts = vec![Fact::Published { name: name.clone(), version }];
    Step { next: Profile { product, name, version, snapshot, created_at: now }, facts }
}
