//! How good a job is for a factory: nine terms from nothing to one in millionths, each times its weight in thousandths.

use super::super::command::Word;

/// The terms, in the order of the table that explains them.
pub(crate) const TERMS: [Word; 9] =
    ["priority", "age", "capabilityFit", "affinity", "due", "criticalPath", "retry", "load", "cost"];
/// What they weigh where nobody says otherwise.
pub(crate) const USUAL: Weights = [100_000, 200_000, 10_000, 10_000, 15_000, 10_000, 5_000, 5_000, 5_000];

/// What each term weighs, in thousandths.
pub(crate) type Weights = [u64; 9];

const ONE: u64 = 1_000_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const TEN_USD: u64 = 10_000_000;
const CENT: u64 = 10_000;

/// These weights, with what is said of some terms over them.
pub(crate) fn over(mut weights: Weights, said: &[(Word, u32)]) -> Weights {
    for (term, weight) in said {
        weights[TERMS.iter().position(|known| known == term).unwrap()] = u64::from(*weight);
    }
    weights
}

/// Σ weight · term, in billionths.
pub(crate) fn sum(terms: &[u64; 9], weights: &Weights) -> u64 {
    (0..9).map(|at| terms[at] * weights[at]).sum()
}

/// What each term adds, in hundredths, to the nearest one.
pub(crate) fn shares(terms: &[u64; 9], weights: &Weights) -> Vec<u64> {
    (0..9).map(|at| (terms[at] * weights[at] + 5_000_000) / 10_000_000).collect()
}

/// A part of a whole, rounded down, and no more than one.
fn part(of: u64, whole: u64) -> u64 {
    if of >= whole { ONE } else { of * ONE / whole }
}

/// Low 0, normal 1/3, high 2/3, critical 1.
pub(super) fn priority(level: u8) -> u64 {
    part(level.into(), 3)
}

pub(super) fn age(waited_ms: i64) -> u64 {
    part(waited_ms as u64, DAY_MS as u64)
}

pub(super) fn capability_fit(wanted: usize, had: usize) -> u64 {
    if had == 0 { 0 } else { part(wanted as u64, had as u64) }
}

pub(super) fn affinity(saved_here: bool, warm: bool) -> u64 {
    if saved_here { ONE } else { u64::from(warm) * ONE / 2 }
}

/// Nothing a day ahead and more, one from the instant on.
pub(super) fn due(ahead_ms: Option<i64>) -> u64 {
    ahead_ms.map_or(0, |ahead| ONE - part(ahead.max(0) as u64, DAY_MS as u64))
}

pub(super) fn critical_path(waiting: usize) -> u64 {
    part(waiting as u64, 10)
}

pub(super) fn retry(used: u32, allowed: u32) -> u64 {
    ONE - part(used.into(), allowed.into())
}

pub(super) fn load(thousandths: u16) -> u64 {
    ONE - part(thousandths.into(), 1_000)
}

/// By what is left of the job's own budget, to the cent above; else by the product's estimate.
pub(super) fn cost(budget: Option<u64>, spent: u64, estimate: Option<u64>) -> u64 {
    let left = budget.map(|budget| budget.saturating_sub(spent).div_ceil(CENT) * CENT);
    ONE - part(left.or(estimate).unwrap_or(0), TEN_USD)
}
