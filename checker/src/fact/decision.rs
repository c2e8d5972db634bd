//! How a grant was decided, and what the terms of a score weigh, as far as it is judged.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::read::Unreadable;

/// How many terms a score has.
const TERMS: usize = 9;
/// What a step of urgency weighs as usual, and the age.
const USUAL: f64 = 100.0;

/// A decision, condensed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decision {
    pub(crate) considered: u64,
    /// How many of them were left out, whatever the reason.
    pub(crate) filtered: u64,
    /// What the job's urgency adds to its score.
    pub(crate) urgency: f64,
    /// There is a share of each term, and none below zero.
    pub(crate) is_whole: bool,
    pub(crate) bytes: usize,
}

/// What terms weigh.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Weights {
    pub(crate) priority: f64,
    /// Nothing weighs otherwise than usual.
    pub(crate) usual: bool,
}

impl Default for Weights {
    fn default() -> Self {
        Self { priority: USUAL, usual: true }
    }
}

impl Weights {
    /// Reads weights that stand over these.
    pub(crate) fn read(json: &str) -> Result<(Option<f64>, bool), Unreadable> {
        let some: BTreeMap<String, f64> = serde_json::from_str(json)?;
        Ok((some.get("priority").copied(), some.is_empty()))
    }

    /// A product's weights: those that are not given are as usual.
    pub(super) fn of_product(json: &str) -> Result<Self, Unreadable> {
        let (priority, usual) = Self::read(json)?;
        Ok(Self { priority: priority.unwrap_or(USUAL), usual })
    }
}

impl Decision {
    pub(super) fn read(raw: &RawValue) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct DecisionText {
            considered: u64,
            #[serde(default)]
            filtered: BTreeMap<String, u64>,
            shares: Vec<f64>,
        }
        let text: DecisionText = serde_json::from_str(raw.get())?;
        Ok(Self {
            considered: text.considered,
            filtered: text.filtered.values().sum(),
            urgency: text.shares.first().copied().unwrap_or_default(),
            is_whole: text.shares.len() == TERMS && text.shares.iter().all(|share| *share >= 0.0),
            bytes: raw.get().len(),
        })
    }
}
