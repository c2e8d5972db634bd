//! What became true of a factory.

use serde::{Deserialize, Serialize};

use super::state::{Descriptor, Engine, Health};
use crate::FactoryId;

/// A fact about a factory. Its serialised form is the event's `data`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Fact {
    /// Its first heartbeat.
    Registered {
        /// Its card.
        card: Card,
    },
    /// Its card changed.
    Changed {
        /// Its card.
        card: Card,
    },
    /// It was not heard for three intervals.
    Stale {},
    /// It was not heard for six intervals.
    Offline {},
    /// It was heard again.
    Online {},
    /// It takes no new work.
    Draining {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// It takes work again.
    Resumed {},
}

impl Fact {
    /// The event's type, as on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "factory.registered",
            Self::Changed { .. } => "factory.changed",
            Self::Stale {} => "factory.stale",
            Self::Offline {} => "factory.offline",
            Self::Online {} => "factory.online",
            Self::Draining { .. } => "factory.draining",
            Self::Resumed {} => "factory.resumed",
        }
    }
}

/// What a factory says of itself: everything of a heartbeat that is saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    /// Its name.
    pub factory_id: FactoryId,
    /// The host.
    pub descriptor: Descriptor,
    /// The engines it can run.
    pub engines: Vec<Engine>,
    /// Repositories it has at hand.
    pub repos: Vec<String>,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// The classes of its engines.
    pub engine_classes: Vec<String>,
    /// How it says it is.
    pub health: Health,
    /// How many leases it can hold at a time.
    pub seat_limit: u32,
    /// How often it promises to be heard, in seconds.
    pub heartbeat_sec: u32,
}
