//! The lease as it is shown, and what its holder asks of it: renewal and release.

use domain::job::state;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::Checks;
use crate::problem::Problem;
use crate::word::LeaseStatus;
use crate::{Money, Time};

/// The time-bounded right of one factory to work on a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// The factory that holds it, or held it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder_factory_id: Option<String>,
    /// The epoch that it was granted under; without a lease the job's.
    pub lease_epoch: u64,
    /// When it runs out unless renewed; only while it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// Its length in seconds.
    pub lease_ttl_sec: u32,
    /// How often it was renewed.
    pub renewals: u32,
    /// Money set aside for its run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_usd: Option<Money>,
    /// Whether it is held, or how it ended.
    pub status: LeaseStatus,
}

impl Lease {
    /// Takes the lease of a job; `none` where it never had one.
    pub fn of(job: &state::Job) -> Self {
        job.lease.as_ref().map_or_else(
            || Self {
                holder_factory_id: None,
                lease_epoch: job.epoch.0,
                expires_at: None,
                lease_ttl_sec: 0,
                renewals: 0,
                reserved_usd: None,
                status: LeaseStatus::None,
            },
            Into::into,
        )
    }
}

impl From<&state::Lease> for Lease {
    fn from(lease: &state::Lease) -> Self {
        let held = lease.status == state::LeaseStatus::Held;
        Self {
            holder_factory_id: Some(lease.holder.to_string()),
            lease_epoch: lease.epoch.0,
            expires_at: held.then_some(lease.expires_at.into()),
            lease_ttl_sec: lease.ttl_sec,
            renewals: lease.renewals,
            reserved_usd: None,
            status: lease.status.into(),
        }
    }
}

/// Asks for more time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Renew {
    /// The epoch of the lease.
    pub lease_epoch: u64,
    /// Who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory_id: Option<String>,
    /// The length from now on, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_ttl_sec: Option<u32>,
}

impl Renew {
    /// Refuses members that are out of their bounds.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        self.factory_id.iter().for_each(|id| checks.factory_id(id));
        checks.lease_ttl(self.lease_ttl_sec);
        checks.done()
    }
}

/// More time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Renewed {
    /// The epoch of the lease.
    pub lease_epoch: u64,
    /// When it runs out now.
    pub lease_expires_at: Time,
    /// Its length in seconds.
    pub lease_ttl_sec: u32,
    /// When to renew next, in seconds from now.
    pub renew_after_sec: u32,
    /// An operator wants the run to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_requested: Option<bool>,
}

/// Gives the lease back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// The epoch of the lease.
    pub lease_epoch: u64,
    /// Who gives it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory_id: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ReleaseResult>,
    /// When the engine's usage limit ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Time>,
}

impl Release {
    /// Refuses a factory's name that has not the right form.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        self.factory_id.iter().for_each(|id| checks.factory_id(id));
        checks.done()
    }
}

/// Why a lease is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseResult {
    /// The factory does not go on.
    Released,
    /// The engine's usage limit ended the run.
    Quota,
    /// A more urgent job takes the seat.
    Preempted,
}

impl From<ReleaseResult> for state::RunResult {
    fn from(result: ReleaseResult) -> Self {
        match result {
            ReleaseResult::Released => Self::Released,
            ReleaseResult::Quota => Self::Quota,
            ReleaseResult::Preempted => Self::Preempted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use serde_json::json;

    #[test]
    fn a_job_without_a_lease_shows_none() {
        let shown = serde_json::to_value(Lease::of(&fixture::queued())).unwrap();
        assert_eq!(shown, json!({"leaseEpoch": 0, "leaseTtlSec": 0, "renewals": 0, "status": "none"}));
    }

    #[test]
    fn only_a_held_lease_expires() {
        let mut job = fixture::leased();
        let held = serde_json::to_value(Lease::of(&job)).unwrap();
        assert_eq!(
            held,
            json!({
                "holderFactoryId": "f1", "leaseEpoch": 1, "expiresAt": "1970-01-01T00:01:30.000Z", "leaseTtlSec": 90,
                "renewals": 2, "status": "held",
            })
        );
        job.lease.as_mut().unwrap().status = state::LeaseStatus::Expired;
        assert_eq!(Lease::of(&job).expires_at, None);
    }
}
