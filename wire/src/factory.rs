//! The factory as it is shown, its heartbeat and what it is told in return.

use domain::JobId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Time;
use crate::check::{Checks, MAX_CARD, MAX_KEY, MAX_TEXT, MAX_WORDS};
use crate::problem::Problem;

/// Leases that a heartbeat lists, at most.
const MAX_LEASES: usize = 1_024;
/// Repositories that a heartbeat lists, at most.
const MAX_REPOS: usize = 1_000;

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

impl Heartbeat {
    /// Refuses members that are out of their bounds, all at once.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        checks.factory_id(&self.factory_id);
        for (pointer, words) in [("/capabilities", &self.capabilities), ("/engineClasses", &self.engine_classes)] {
            words.iter().for_each(|words| checks.words_up_to(pointer, words, MAX_CARD));
        }
        self.check_card(&mut checks);
        if self.load.is_some_and(|load| !(0.0..=1.0).contains(&load)) {
            checks.refuse("/load", "must be 0 to 1");
        }
        if let Some(seats) = self.seat_limit {
            checks.range("/seatLimit", seats.into(), 0..=1_024);
        }
        if let Some(secs) = self.heartbeat_sec {
            checks.range("/heartbeatSec", secs.into(), 1..=3_600);
        }
        let leases = self.leases.as_deref().unwrap_or_default();
        checks.count("/leases", leases.len(), MAX_LEASES);
        for (at, _) in leases.iter().enumerate().filter(|(_, lease)| lease.job_id.parse::<JobId>().is_err()) {
            checks.refuse(format!("/leases/{at}/jobId"), "must be a UUID");
        }
        checks.done()
    }

    fn check_card(&self, checks: &mut Checks) {
        let engines = self.engines.as_deref().unwrap_or_default();
        checks.count("/engines", engines.len(), MAX_WORDS);
        for (at, engine) in engines.iter().enumerate() {
            checks.word(&format!("/engines/{at}/name"), &engine.name);
            checks.word(&format!("/engines/{at}/state"), &engine.state);
            engine.version.iter().for_each(|text| checks.text(&format!("/engines/{at}/version"), text, MAX_KEY));
            engine.account.iter().for_each(|text| checks.text(&format!("/engines/{at}/account"), text, MAX_KEY));
        }
        let repos = self.repos.as_deref().unwrap_or_default();
        checks.count("/repos", repos.len(), MAX_REPOS);
        for (at, repo) in repos.iter().enumerate() {
            checks.given(&format!("/repos/{at}"), repo, MAX_TEXT);
        }
        let Some(host) = &self.descriptor else { return };
        let words = [("os", &host.os), ("arch", &host.arch), ("hostname", &host.hostname), ("version", &host.version)];
        for (member, word) in words {
            word.iter().for_each(|word| checks.text(&format!("/descriptor/{member}"), word, MAX_KEY));
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::lenient;

    #[test]
    fn members_out_of_bounds_are_named() {
        let json = br#"{
            "factoryId": "enroll", "load": 1.5, "seatLimit": 5000, "heartbeatSec": 0, "capabilities": ["a", "a"],
            "engines": [{"name": "claude", "state": "available"}, {"name": "", "state": "available"}], "repos": [""],
            "leases": [{"jobId": "7", "leaseEpoch": 1}], "descriptor": {"os": "\u0000"}, "newer": 1
        }"#;
        let (beat, ignored) = lenient::<Heartbeat>(json).unwrap();
        let errors = beat.check().unwrap_err().errors;
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/factoryId",
                "/capabilities/1",
                "/engines/1/name",
                "/repos/0",
                "/descriptor/os",
                "/load",
                "/seatLimit",
                "/heartbeatSec",
                "/leases/0/jobId",
            ]
        );
        assert_eq!(ignored, 1);
    }

    #[test]
    fn a_short_heartbeat_is_enough_and_stays_short() {
        let (beat, _) = lenient::<Heartbeat>(br#"{"factoryId":"f1","load":1}"#).unwrap();
        beat.check().unwrap();
        assert_eq!(serde_json::to_string(&beat).unwrap(), r#"{"factoryId":"f1","load":1.0}"#);
    }
}
