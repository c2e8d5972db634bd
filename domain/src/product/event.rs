//! What became true of a product.

use serde::{Serialize, Serializer};

use super::settings::Settings;
use crate::Usd;
use crate::dispatch::{SomeWeights, Weight};
use crate::profile::Wanted;

/// A fact about a product. Its serialised form is the event's `data`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "gate")]
pub enum Fact {
    /// No claims from now on.
    Paused,
    /// Claims again.
    Resumed,
    /// No claims, and every lease ends.
    Estopped,
    /// Settings other than the gate are new.
    #[serde(untagged)]
    Set(Changed),
}

/// The settings that are new, and how they are now. Those that stay as they are have no member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// How many jobs may wait in `review`; `null`: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_limit: Option<Option<u32>>,
    /// The estimate of a job without a budget of its own, as a decimal text; `null`: none.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "amount")]
    pub estimate_usd: Option<Option<Usd>>,
    /// Whether the top scores are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_scores: Option<bool>,
    /// The profile of jobs that name none; `null`: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_profile: Option<Option<Wanted>>,
    /// The repository of jobs for which nobody names one; `null`: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_repo: Option<Option<String>>,
    /// Every weight that is not as usual, as a number.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "numbers")]
    pub weights: Option<SomeWeights>,
}

impl Changed {
    /// What is new in `next`. None: nothing but its `rev`.
    pub(super) fn between(old: &Settings, next: &Settings) -> Option<Self> {
        let changed = Self {
            review_limit: (old.review_limit != next.review_limit).then_some(next.review_limit),
            estimate_usd: (old.estimate_usd != next.estimate_usd).then_some(next.estimate_usd),
            record_scores: (old.record_scores != next.record_scores).then_some(next.record_scores),
            default_profile: (old.default_profile != next.default_profile).then(|| next.default_profile.clone()),
            default_repo: (old.default_repo != next.default_repo).then(|| next.default_repo.clone()),
            weights: (old.weights != next.weights).then(|| next.weights.clone()),
        };
        (changed != Self::default()).then_some(changed)
    }
}

fn amount<S: Serializer>(amount: &Option<Option<Usd>>, to: S) -> Result<S::Ok, S::Error> {
    amount.flatten().map(|usd| usd.to_string()).serialize(to)
}

fn numbers<S: Serializer>(weights: &Option<SomeWeights>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(weights.iter().flatten().map(|(term, weight)| (term, Number(*weight))))
}

/// A weight as a person writes it: without a point where it is whole.
struct Number(Weight);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0.thousandths() {
            whole if whole % 1_000 == 0 => to.serialize_u32(whole / 1_000),
            part => to.serialize_f64(f64::from(part) / 1_000.0),
        }
    }
}

impl Fact {
    /// The event's type, as on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Paused => "product.paused",
            Self::Resumed => "product.resumed",
            Self::Estopped => "product.estop",
            Self::Set(_) => "product.settings",
        }
    }
}
