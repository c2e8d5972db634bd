//! What an operator chooses for a product beside its gate and its weights: limits, estimates, what is recorded.

use domain::product;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::Money;
use crate::check::Checks;
use crate::problem::Problem;

/// A product's settings. In a request they are replaced as a whole: what is absent, or `null`, is as usual.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// So many jobs may wait in `review`; while they do, no more are handed out. Any number where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub review_limit: Option<u32>,
    /// The estimate of a job without a budget of its own. Nothing where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate_usd: Option<Money>,
    /// The top scores are kept with each claim's decision.
    #[serde(default, deserialize_with = "or_off")]
    #[schema(value_type = Option<bool>)]
    pub record_scores: bool,
    /// The profile of jobs that name none: `name@version`, or `name` for the newest version at their submit. None where
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_profile: Option<String>,
    /// The repository of jobs for which neither they nor their profile name one. None where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_repo: Option<String>,
}

fn or_off<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

impl Settings {
    /// Refuses members that are out of their bounds.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        if let Some(limit) = self.review_limit {
            checks.range("/reviewLimit", limit.into(), 1..=u32::MAX.into());
        }
        self.default_profile.iter().for_each(|profile| checks.profile("/defaultProfile", profile));
        self.default_repo.iter().for_each(|repo| checks.no_option("/defaultRepo", repo));
        checks.done()
    }
}

impl From<Settings> for product::Choices {
    fn from(said: Settings) -> Self {
        let Settings { review_limit, estimate_usd, record_scores, default_profile, default_repo } = said;
        let default_profile = default_profile.and_then(|named| named.parse().ok());
        Self { review_limit, estimate_usd: estimate_usd.map(Into::into), record_scores, default_profile, default_repo }
    }
}

impl From<&product::Settings> for Settings {
    fn from(settings: &product::Settings) -> Self {
        Self {
            review_limit: settings.review_limit,
            estimate_usd: settings.estimate_usd.map(Into::into),
            record_scores: settings.record_scores,
            default_profile: settings.default_profile.as_ref().map(ToString::to_string),
            default_repo: settings.default_repo.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::strict;

    fn read(json: &str) -> Result<Settings, String> {
        let read = strict::<Settings>(json.as_bytes()).and_then(|said| said.check().map(|()| said));
        read.map_err(|problem| problem.errors[0].pointer.clone())
    }

    #[test]
    fn what_is_absent_or_null_is_as_usual() {
        for json in [
            "{}",
            r#"{"reviewLimit":null,"estimateUsd":null,"recordScores":null,"defaultProfile":null,"defaultRepo":null}"#,
            r#"{"recordScores":false}"#,
        ] {
            assert_eq!(read(json), Ok(Settings::default()), "{json}");
        }
        let members = r#""recordScores":true,"defaultProfile":"careful@3","defaultRepo":"/srv/shop"}"#;
        let all = read(&format!(r#"{{"reviewLimit":3,"estimateUsd":1.250000,{members}"#)).unwrap();
        let json = &format!(r#"{{"reviewLimit":3,"estimateUsd":"1.25",{members}"#);
        assert_eq!((&serde_json::to_string(&all).unwrap(), read(json)), (json, Ok(all.clone())));
        assert_eq!(serde_json::to_string(&Settings::default()).unwrap(), r#"{"recordScores":false}"#);
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        for (json, pointer) in [
            (r#"{"reviewLimit":0}"#, "/reviewLimit"),
            (r#"{"reviewLimit":-1}"#, "/reviewLimit"),
            (r#"{"reviewLimit":1.5}"#, "/reviewLimit"),
            (r#"{"reviewLimit":"3"}"#, "/reviewLimit"),
            (r#"{"reviewLimit":4294967296}"#, "/reviewLimit"),
            (r#"{"estimateUsd":-1}"#, "/estimateUsd"),
            (r#"{"estimateUsd":"1e3"}"#, "/estimateUsd"),
            (r#"{"recordScores":"on"}"#, "/recordScores"),
            (r#"{"recordScores":1}"#, "/recordScores"),
            (r#"{"defaultProfile":"a@0"}"#, "/defaultProfile"),
            (r#"{"defaultProfile":""}"#, "/defaultProfile"),
            (r#"{"defaultRepo":"-r"}"#, "/defaultRepo"),
            (r#"{"defaultRepo":""}"#, "/defaultRepo"),
            (r#"{"retention":{}}"#, "/retention"),
            (r#"{"rev":3}"#, "/rev"),
            ("[]", ""),
        ] {
            assert_eq!(read(json), Err(pointer.to_owned()), "{json}");
        }
    }
}
