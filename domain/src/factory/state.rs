//! A factory's card: what it can do, how it is, and whether it takes work.

use serde::{Deserialize, Serialize};

use crate::{FactoryId, ProductId, Timestamp};

/// An agent runner on some host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factory {
    /// Its name in its product.
    pub id: FactoryId,
    /// The product it works for.
    pub product: ProductId,
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
    /// Its load in thousandths, 0..=1000. Soft.
    pub load_permille: u16,
    /// How many leases it can hold at a time.
    pub seat_limit: u32,
    /// How often it promised to be heard, in seconds.
    pub heartbeat_sec: u32,
    /// Whether it was heard lately.
    pub presence: Presence,
    /// It takes no new work.
    pub draining: bool,
    /// Quick failures since its last success. Not saved.
    #[serde(skip)]
    pub failures: u32,
    /// When it was last heard. Soft.
    pub last_heard_at: Timestamp,
    /// +1 for each saved change.
    pub rev: u64,
}

impl Factory {
    /// The one word for its state.
    pub fn state(&self) -> State {
        match (self.presence, self.draining) {
            (Presence::Stale, _) => State::Stale,
            (Presence::Offline, _) => State::Offline,
            (Presence::Online, true) => State::Draining,
            (Presence::Online, false) => State::Online,
        }
    }

    /// When it has to be heard next: three intervals on it is stale, six on it is offline.
    pub fn deadline(&self) -> Option<Timestamp> {
        let missed = match self.presence {
            Presence::Online => 3,
            Presence::Stale => 6,
            Presence::Offline => return None,
        };
        Some(self.last_heard_at.plus_secs(u64::from(self.heartbeat_sec) * missed))
    }
}

/// The host of a factory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    /// Operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Processor architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// Host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Version of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// An engine on a factory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Engine {
    /// Its name (`claude`, `codex`, `shell`, …).
    pub name: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The account it is billed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Whether it can be used.
    pub state: EngineState,
    /// When its usage limit resets. Earlier versions have stored it under its name in Rust.
    #[serde(default, alias = "resets_at", skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Timestamp>,
}

/// Whether an engine can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineState {
    /// Yes.
    Available,
    /// Not before its reset.
    Unavailable,
}

/// How a factory says it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Well.
    #[default]
    Ok,
    /// Working, with trouble.
    Degraded,
    /// Not able to work: gets no claims.
    Failing,
}

/// Whether a factory was heard lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Within three of its intervals.
    Online,
    /// Not for three.
    Stale,
    /// Not for six.
    Offline,
}

/// The one word for a factory's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Takes work.
    Online,
    /// Finishes what it has and takes no more.
    Draining,
    /// Not heard for three intervals.
    Stale,
    /// Not heard for six.
    Offline,
}
