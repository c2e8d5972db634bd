//! What an operator chooses for a product beside its gate and its weights: limits, estimates, what is recorded.

use domain::product;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::Money;
use crate::check::Checks;
use crate::problem::Problem;

/// A product's settings. In a request they are replaced as a whole: what is absent, or `null`, is as usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
        checks.done()
    }
}

impl From<Settings> for product::Choices {
    fn from(said: Settings) -> Self {
        let Settings { review_limit, estimate_usd, record_scores } = said;
        Self { review_limit, estimate_usd: estimate_usd.map(Into::into), record_scores }
    }
}

impl From<&product::Settings> for Settings {
    fn from(settings: &product::Settings) -> Self {
        Self {
            review_limit: settings.review_limit,
            estimate_usd: settings.estimate_usd.map(Into::into),
            record_scores: settings.record_scores,
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
        for json in
            ["{}", r#"{"reviewLimit":null,"estimateUsd":null,"recordScores":null}"#, r#"{"recordScores":false}"#]
        {
            assert_eq!(read(json), Ok(Settings::default()), "{json}");
        }
        let all = read(r#"{"reviewLimit":3,"estimateUsd":1.250000,"recordScores":true}"#).unwrap();
        let json = r#"{"reviewLimit":3,"estimateUsd":"1.25","recordScores":true}"#;
        assert_eq!((serde_json::to_string(&all).unwrap().as_str(), read(json)), (json, Ok(all)));
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
            (r#"{"defaultProfile":"a@1"}"#, "/defaultProfile"),
            (r#"{"defaultRepo":"r"}"#, "/defaultRepo"),
            (r#"{"retention":{}}"#, "/retention"),
            (r#"{"rev":3}"#, "/rev"),
            ("[]", ""),
        ] {
            assert_eq!(read(json), Err(pointer.to_owned()), "{json}");
        }
    }
}
