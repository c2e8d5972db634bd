//! A factory asks for work, and what it gets.
//! Shapes, and the bounds of what is asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::{Checks, MAX_CARD, MAX_KEY};
use crate::problem::Problem;
use crate::{Job, Run, Time, Weights};

/// Asks for the best job that the factory can run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClaimRequest {
    /// Who asks.
    pub factory_id: String,
    /// What it can do, for this claim in place of its card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<String>>,
    /// Makes the claim repeatable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_id: Option<String>,
    /// The classes of engine it has, for this claim in place of its card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_classes: Option<Vec<String>>,
    /// How long it waits for a job, 0 to 60 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_sec: Option<u32>,
    /// The length of the lease, 10 to 3600 seconds; 900 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_ttl_sec: Option<u32>,
    /// Weights of the score's terms, over the product's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
    /// Jobs at once, 1 to 64; 1 where absent. More than 1 is answered by [`Grants`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 64)]
    pub max: Option<u32>,
}

/// Jobs that one claim may ask for.
const MOST_GRANTS: u64 = 64;

impl ClaimRequest {
    /// Whether it is answered by a list of grants instead of one.
    pub fn wants_list(&self) -> bool {
        self.max.is_some_and(|max| max > 1)
    }

    /// Refuses members that are out of their bounds, all at once.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        checks.factory_id(&self.factory_id);
        for (pointer, words) in [("/capabilities", &self.capabilities), ("/engineClasses", &self.engine_classes)] {
            words.iter().for_each(|words| checks.words_up_to(pointer, words, MAX_CARD));
        }
        self.claim_id.iter().for_each(|id| checks.given("/claimId", id, MAX_KEY));
        checks.lease_ttl(self.lease_ttl_sec);
        if let Some(secs) = self.wait_sec {
            checks.range("/waitSec", secs.into(), 0..=60);
        }
        if let Some(max) = self.max {
            checks.range("/max", max.into(), 1..=MOST_GRANTS);
        }
        checks.done()
    }
}

/// A job and the right to work on it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The job.
    pub job: Job,
    /// The run that was opened.
    pub run: Run,
    /// The epoch that every write must carry.
    pub lease_epoch: u64,
    /// When the lease runs out.
    pub lease_expires_at: Time,
    /// Its length in seconds.
    pub lease_ttl_sec: u32,
    /// When to renew, in seconds from now.
    pub renew_after_sec: u32,
    /// Why this job: each term's share of the score.
    #[serde(default)]
    pub score_breakdown: BTreeMap<String, f64>,
    /// `false` where a repeated claim names a lease that has ended meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_active: Option<bool>,
    /// `true` where the claim repeated one that had been granted before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<bool>,
}

/// Several grants at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Grants {
    /// The best first.
    pub grants: Vec<Grant>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::lenient;

    fn pointers(members: &str) -> Vec<String> {
        let json = format!("{{\"factoryId\":\"f1\"{members}}}");
        let read = lenient::<ClaimRequest>(json.as_bytes()).and_then(|(claim, _)| claim.check());
        read.err().map(|problem| problem.errors.into_iter().map(|e| e.pointer).collect()).unwrap_or_default()
    }

    #[test]
    fn members_out_of_bounds_are_named() {
        assert!(
            pointers(r#","waitSec":60,"leaseTtlSec":10,"max":1,"weights":{"age":0},"capabilities":["os:linux"]"#)
                .is_empty()
        );
        for (members, pointer) in [
            (r#","waitSec":61"#, "/waitSec"),
            (r#","leaseTtlSec":9"#, "/leaseTtlSec"),
            (r#","leaseTtlSec":3601"#, "/leaseTtlSec"),
            (r#","max":0"#, "/max"),
            (r#","weights":{"a/b":-1}"#, "/weights/a~1b"),
            (r#","weights":{"mood":1}"#, "/weights/mood"),
            (r#","weights":{"age":-1}"#, "/weights/age"),
            (r#","weights":{"age":1.0005}"#, "/weights/age"),
            (r#","weights":{"age":1000000.001}"#, "/weights/age"),
            (r#","weights":{"age":"1"}"#, "/weights/age"),
            (r#","weights":{"age":1,"due":null}"#, "/weights/due"),
            (r#","weights":{"age":1,"age":2}"#, "/weights"),
            (r#","weights":[["age",1]]"#, "/weights"),
            (r#","capabilities":["a b"]"#, "/capabilities/0"),
            (r#","claimId":"""#, "/claimId"),
        ] {
            assert_eq!(pointers(members), [pointer], "{members}");
        }
    }

    #[test]
    fn weights_are_exact() {
        let json = br#"{"factoryId":"f1","weights":{"cost":0.1,"age":1000000,"brandNew":1}}"#;
        assert!(lenient::<ClaimRequest>(json).is_err());
        let json = br#"{"factoryId":"f1","weights":{"cost":0.1,"age":1000000},"brandNew":1}"#;
        let (claim, ignored) = lenient::<ClaimRequest>(json).unwrap();
        let read: Vec<_> = claim.weights.iter().flat_map(|weights| &weights.0).collect();
        let told: Vec<_> = read.iter().map(|(term, weight)| (term.as_str(), weight.thousandths())).collect();
        assert_eq!((told, ignored), (vec![("age", 1_000_000_000), ("cost", 100)], 1));
        assert_eq!(lenient::<ClaimRequest>(br#"{"factoryId":"f1","weights":null}"#).unwrap().0.weights, None);
    }
}
