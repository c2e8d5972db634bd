//! How the scheduler came to a grant: kept with its event, so small that every grant can have it.

use std::collections::BTreeMap;

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::JobId;
use crate::dispatch::{Breakdown, Reason, Score, Term};

/// Billionths, in which scores are, to a hundredth.
const TO_HUNDREDTH: u64 = 10_000_000;

/// How a grant was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// How many ready jobs were looked at.
    pub considered: u32,
    /// How many of them the factory could not get, by the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub filtered: BTreeMap<Reason, u32>,
    /// What each term adds to the score, in the order of [`Term::ALL`].
    shares: [Share; Term::COUNT],
    /// The best runners-up with their scores, where the product keeps them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    top: Vec<(JobId, Share)>,
}

/// A part of a score in hundredths; a decimal number where it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share(u32);

impl Decision {
    /// The record of a decision; shares are rounded to hundredths.
    pub fn new(considered: u32, filtered: BTreeMap<Reason, u32>, breakdown: &Breakdown) -> Self {
        let shares = Term::ALL.map(|term| Share::of(breakdown.share(term)));
        Self { considered, filtered, shares, top: Vec::new() }
    }

    /// The same with the best runners-up.
    #[must_use]
    pub fn with_top(mut self, top: &[(JobId, Score)]) -> Self {
        self.top = top.iter().map(|(job, score)| (*job, Share::of(*score))).collect();
        self
    }

    /// The best runners-up with their scores.
    pub fn top(&self) -> impl Iterator<Item = (JobId, f64)> {
        self.top.iter().map(|(job, score)| (*job, score.number()))
    }

    /// What each term adds to the score.
    pub fn shares(&self) -> impl Iterator<Item = (Term, f64)> {
        Term::ALL.into_iter().zip(self.shares).map(|(term, share)| (term, share.number()))
    }

    /// The sum of the shares.
    pub fn score(&self) -> f64 {
        hundredths(self.shares.iter().map(|share| u64::from(share.0)).sum())
    }
}

impl Share {
    fn of(score: Score) -> Self {
        let rounded = score.0.saturating_add(TO_HUNDREDTH / 2) / TO_HUNDREDTH;
        Self(u32::try_from(rounded).unwrap_or(u32::MAX))
    }

    fn number(self) -> f64 {
        hundredths(self.0.into())
    }
}

/// The nearest number; what is written of it has at most two decimals.
fn hundredths(count: u64) -> f64 {
    count as f64 / 100.0
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(100) {
            return serializer.serialize_u32(self.0 / 100);
        }
        serializer.serialize_f64(self.number())
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        let hundredths = (number * 100.0).round();
        if !(0.0..=f64::from(u32::MAX)).contains(&hundredths) {
            return Err(D::Error::invalid_value(Unexpected::Float(number), &"a part of a score"));
        }
        Ok(Self(hundredths as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::{SomeWeights, Weight, Weights};

    /// Every weight at so many thousandths, every term at so many millionths.
    fn breakdown(weight: u64, terms: [u32; Term::COUNT]) -> Breakdown {
        let weight = Weight::of_thousandths(weight).expect("given in bounds");
        let some: SomeWeights = Term::ALL.into_iter().map(|term| (term, weight)).collect();
        Breakdown { terms, weights: Weights::default().with(&some) }
    }

    fn written(decision: &Decision) -> String {
        let text = serde_json::to_string(decision).expect("it can be written");
        let read: Decision = serde_json::from_str(&text).expect("it can be read");
        assert_eq!(read, *decision, "{text}");
        text
    }

    #[test]
    fn it_is_written_in_few_words() {
        let terms = [666_667, 0, 333_333, 500_000, 1, 1_000_000, 49, 50, 999_999];
        let filtered = BTreeMap::from([(Reason::Capabilities, 12), (Reason::ConcurrencyKey, 1)]);
        let decision = Decision::new(200, filtered, &breakdown(100_000, terms));
        assert_eq!(
            written(&decision),
            r#"{"considered":200,"filtered":{"concurrency_key":1,"capabilities":12},"shares":[66.67,0,33.33,50,0,100,0,0.01,100]}"#
        );
        let top = [(JobId(uuid::Uuid::from_u128(7)), Score(99_999_000_000))];
        assert!(
            written(&decision.with_top(&top)).ends_with(r#","top":[["00000000-0000-0000-0000-000000000007",100]]}"#)
        );
        let few = Decision::new(1, BTreeMap::new(), &breakdown(0, terms));
        assert_eq!(written(&few), r#"{"considered":1,"shares":[0,0,0,0,0,0,0,0,0]}"#);
    }

    #[test]
    fn the_largest_takes_three_hundred_bytes_at_most() {
        let reasons = [
            Reason::ConcurrencyKey,
            Reason::EngineUnavailable,
            Reason::Capabilities,
            Reason::Engine,
            Reason::EngineClass,
            Reason::Excluded,
        ];
        let filtered = BTreeMap::from(reasons.map(|reason| (reason, 1_000_000)));
        let whole = breakdown(Weight::MAX.thousandths().into(), [1_000_000; Term::COUNT]);
        let odd = breakdown(999_999_999, [999_999; Term::COUNT]);
        for breakdown in [whole, odd, breakdown(99_999_990, [1_000_000; Term::COUNT])] {
            let text = written(&Decision::new(1_000_000, filtered.clone(), &breakdown));
            assert!(text.len() <= 300, "{} bytes: {text}", text.len());
        }
    }

    #[test]
    fn shares_add_up_to_the_score() {
        let decision = Decision::new(1, BTreeMap::new(), &breakdown(10_000, [333_333; Term::COUNT]));
        assert!(decision.shares().all(|(_, share)| share.to_string() == "3.33"));
        assert_eq!(decision.score().to_string(), "29.97");
        assert_eq!(decision.shares().map(|(term, _)| term).collect::<Vec<_>>(), Term::ALL);
    }

    #[test]
    fn every_hundredth_comes_back_as_it_was() {
        for count in (0..2_000_000).step_by(7).chain([u32::MAX, 100_000_000, 99_999_999]) {
            let text = serde_json::to_string(&Share(count)).expect("it can be written");
            assert!(text.split_once('.').is_none_or(|(_, part)| part.len() <= 2), "{text}");
            assert_eq!(serde_json::from_str::<Share>(&text).expect("it can be read"), Share(count));
        }
        for text in ["-1", "1e30", "\"1\""] {
            assert!(serde_json::from_str::<Share>(text).is_err(), "{text}");
        }
    }
}
