//! Why a job waits, or how it was placed.
//! Shapes and words only; what they say is decided in `domain::dispatch`.

use std::collections::BTreeMap;

use domain::dispatch::{self, Breakdown, Reason, Score, Sought, Term};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Job, Stage, Time};

/// Why a job waits, or how it was placed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The job.
    pub job_id: String,
    /// Where it stands.
    pub stage: Stage,
    /// The first reason in the order of precedence, while it waits, such as `seats`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same in words.
    pub detail: String,
    /// Until when, where time alone ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// The jobs that it waits for, while it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// Its place among the ready jobs of the factory that it scores best with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Its score there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<ScoreDetail>,
    /// The factory that it is on offer to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered_to: Option<String>,
    /// The running job that is about to give way to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evicting: Option<String>,
    /// Every known factory, and the filter that rejects the job there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factories: Vec<Stance>,
    /// How it was placed, the last time that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// A job that another one waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// The job.
    pub job_id: String,
    /// Where it stands.
    pub stage: Stage,
}

/// A job's place among those that a factory could take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// The factory.
    pub factory_id: String,
    /// How many come before it; no more than 1,000 are counted.
    pub ahead: u64,
}

/// What a factory has against a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stance {
    /// The factory.
    pub factory_id: String,
    /// The first filter that rejects the job; `position` where none does.
    pub reason: String,
    /// Capabilities that it lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// When its engine can be used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// The job's score there.
    pub score: f64,
}

/// A score and what it consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScoreDetail {
    /// The sum of all shares.
    pub total: f64,
    /// Every term.
    pub terms: Vec<TermDetail>,
}

/// One term of a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TermDetail {
    /// Its name.
    pub term: String,
    /// Its value, from 0 to 1.
    pub value: f64,
    /// What it weighs.
    pub weight: f64,
    /// Value times weight.
    pub share: f64,
}

/// How a job was placed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// When.
    pub at: Time,
    /// With whom.
    pub factory_id: String,
    /// Under which epoch.
    pub lease_epoch: u64,
    /// How many ready jobs were looked at.
    pub considered: u64,
    /// Those of them that the factory could not get, by reason.
    #[serde(default)]
    pub filtered: BTreeMap<String, u64>,
    /// What each term added to the score.
    #[serde(default)]
    pub score_breakdown: BTreeMap<String, f64>,
    /// Their sum.
    pub score: f64,
    /// The best runners-up, where the product keeps them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top: Vec<RunnerUp>,
}

/// A job that came close.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunnerUp {
    /// The job.
    pub job_id: String,
    /// Its score.
    pub score: f64,
}

/// What a claim would get.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The job; absent where nothing fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Job>,
    /// What each term of its score would add.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score_breakdown: Option<BTreeMap<String, f64>>,
    /// How many ready jobs were looked at.
    pub considered: u64,
    /// Those of them that the factory cannot get, by reason.
    pub filtered: BTreeMap<String, u64>,
}

/// A score as a decimal number.
pub fn decimal(score: Score) -> f64 {
    let (whole, rest) = (score.0 / BILLION, score.0 % BILLION);
    // Six decimals are all that anybody reads; they survive the way through a float.
    let rest = u32::try_from(rest / 1_000).unwrap_or_default();
    f64::from(u32::try_from(whole).unwrap_or(u32::MAX)) + f64::from(rest) / 1e6
}

const BILLION: u64 = 1_000_000_000;

/// What each term adds, by its name.
pub fn shares(breakdown: &Breakdown) -> BTreeMap<String, f64> {
    Term::ALL.into_iter().map(|term| (term.as_str().to_owned(), decimal(breakdown.share(term)))).collect()
}

/// Counts by the code of their reason.
pub fn filtered(sought: &Sought) -> BTreeMap<String, u64> {
    sought.filtered.iter().map(|(reason, jobs)| (reason.as_str().to_owned(), *jobs as u64)).collect()
}

impl From<&Breakdown> for ScoreDetail {
    fn from(breakdown: &Breakdown) -> Self {
        let terms = Term::ALL.into_iter().map(|term| TermDetail {
            term: term.as_str().to_owned(),
            value: f64::from(breakdown.terms[term as usize]) / 1e6,
            weight: f64::from(breakdown.weights.of(term).thousandths()) / 1e3,
            share: decimal(breakdown.share(term)),
        });
        Self { total: decimal(breakdown.score()), terms: terms.collect() }
    }
}

impl From<&dispatch::Stance> for Stance {
    fn from(stance: &dispatch::Stance) -> Self {
        Self {
            factory_id: stance.factory.to_string(),
            reason: stance.reason.as_str().to_owned(),
            missing: stance.missing.clone(),
            until: stance.until.map(Into::into),
            score: decimal(stance.breakdown.score()),
        }
    }
}

/// A reason in words, for people.
pub fn in_words(reason: Reason) -> &'static str {
    match reason {
        Reason::ProductPaused => "the product is paused",
        Reason::BudgetExhausted => "the product's budget does not allow it",
        Reason::NotBefore => "it is not to begin yet",
        Reason::Dependencies => "it waits for other jobs",
        Reason::Children => "it waits for its children",
        Reason::NeedsInput => "it waits for an answer",
        Reason::ReviewLimit => "as many jobs wait for review as the product allows",
        Reason::ConcurrencyKey => "as many jobs of its key run as its limit allows",
        Reason::NoFactoryEver => "no known factory could run it",
        Reason::EngineUnavailable => "every engine that it accepts is at its usage limit",
        Reason::Capabilities => "what factories ask for leaves out what it needs",
        Reason::Engine => "no factory has an engine that it accepts",
        Reason::EngineClass => "what factories ask for leaves out its class of engine",
        Reason::FactoryHealth => "every factory that could run it is failing, draining or not heard",
        Reason::Excluded => "it failed twice there, and another factory can take it",
        Reason::Seats => "no seat is free on any factory that could run it",
        Reason::Position => "nothing stands in its way: others come first, or no factory has asked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_keep_their_digits() {
        assert_eq!(decimal(Score(0)).to_string(), "0");
        assert_eq!(decimal(Score(66_666_600_000)).to_string(), "66.6666");
        assert_eq!(decimal(Score(1_234_567_891_234)).to_string(), "1234.567891");
    }
}
