//! The factory as it is shown, its heartbeat and what it is told in return.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Time;

/// An agent runner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Factory {
    /// Its name in the product.
    pub factory_id: String,
    /// The product it belongs to.
    pub product_id: String,
    /// Its host.
    pub descriptor: Descriptor,
    /// Its engines.
    #[serde(default)]
    pub engines: Vec<Engine>,
    /// The repositories that it holds.
    #[serde(default)]
    pub repos: Vec<String>,
    /// What it can do.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// The classes of engine that it has.
    #[serde(default)]
    pub engine_classes: Vec<String>,
    /// How it says it is.
    pub health: Health,
    /// How busy its host is, 0 to 1.
    pub load: f64,
    /// Jobs that it takes at a time.
    pub seat_limit: u32,
    /// Jobs that it has.
    pub seats_used: u32,
    /// Whether it gets jobs.
    pub state: FactoryState,
    /// Seconds between its heartbeats.
    pub heartbeat_sec: u32,
    /// When it was last heard.
    pub last_heartbeat_at: Time,
    /// +1 for each saved change.
    pub rev: u64,
}

/// A factory's host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Descriptor {
    /// `linux`, `macos` or `windows`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// `x86_64`, `aarch64`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// The host's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The agent's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// An engine that a factory has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Engine {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The account it runs under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Whether it can be used; `available` or, at its usage limit, `quota`.
    pub state: String,
    /// When its usage limit ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Time>,
}

/// How a factory says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As it should be.
    Ok,
    /// It works, but not well.
    Degraded,
    /// It gets no jobs.
    Failing,
}

/// Whether a factory gets jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactoryState {
    /// It does.
    Online,
    /// It finishes what it has.
    Draining,
    /// It has not been heard for three intervals.
    Stale,
    /// It has not been heard for long.
    Offline,
    /// Its access was taken away.
    Revoked,
}

/// A factory is alive and says how it is. Absent members keep their value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// Who beats.
    pub factory_id: String,
    /// What it can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<String>>,
    /// The classes of engine that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_classes: Option<Vec<String>>,
    /// Its engines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engines: Option<Vec<Engine>>,
    /// The repositories that it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repos: Option<Vec<String>>,
    /// How it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// How busy its host is, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<f64>,
    /// Jobs that it takes at a time; starts at 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat_limit: Option<u32>,
    /// Seconds until its next heartbeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_sec: Option<u32>,
    /// Its host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptor: Option<Descriptor>,
    /// The leases that it works under: they are renewed. Absent says nothing of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leases: Option<Vec<LeaseRef>>,
}

/// A job under an epoch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaseRef {
    /// The job.
    pub job_id: String,
    /// The epoch of the lease.
    pub lease_epoch: u64,
}

/// A lease that a heartbeat renewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RenewedLease {
    /// The job.
    pub job_id: String,
    /// The epoch of the lease.
    pub lease_epoch: u64,
    /// When it runs out now.
    pub lease_expires_at: Time,
    /// Its length in seconds.
    pub lease_ttl_sec: u32,
}

/// What a factory is told in return for its heartbeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeartbeatAnswer {
    /// Its card as it is now.
    pub factory: Factory,
    /// Leases it listed that live on.
    #[serde(default)]
    pub renewed: Vec<RenewedLease>,
    /// Leases it listed that are gone.
    #[serde(default)]
    pub lost: Vec<LeaseRef>,
    /// Leases it holds but did not list.
    #[serde(default)]
    pub unlisted: Vec<LeaseRef>,
    /// What it should do.
    #[serde(default)]
    pub signals: Vec<Signal>,
    /// How many jobs it could claim now.
    pub claimable: u64,
    /// The coordinator's clock.
    pub server_time: Time,
    /// Seconds until its next heartbeat.
    pub heartbeat_sec: u32,
}

/// Something that a factory should do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Signal {
    /// What.
    #[serde(rename = "type")]
    pub kind: SignalKind,
    /// The job that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// The epoch of the lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_epoch: Option<u64>,
    /// How many seconds it has for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_sec: Option<u32>,
}

/// What a factory should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// End the run: an operator wants it.
    Cancel,
    /// Save the work and give the lease back: a more urgent job needs the seat.
    Preempt,
    /// Take no new jobs.
    Drain,
    /// End the run: its lease is gone.
    Lost,
}
