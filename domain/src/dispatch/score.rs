//! The score of a job for a factory: Σ weight · term. Whole numbers throughout, so that two machines agree to the last digit.

use super::weights::{Term, Weights};
use crate::job::state::Priority;
use crate::{Timestamp, Usd};

/// Terms are in millionths.
const ONE: u64 = 1_000_000;
/// The window of `age` and `due`, in milliseconds.
const DAY_MS: u64 = 24 * 3_600 * 1_000;
/// Jobs that wait for another one beyond which no more are counted.
pub const MOST_WAITING: u8 = 10;
/// The estimate, in micro-USD, at which `cost` is 0.
const DEAREST: u64 = 10_000_000;

/// A score in billionths: thousandths of weight times millionths of a term.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(pub u64);

/// The terms of a score, in millionths, each beside its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breakdown {
    /// The value of each term in millionths, in the order of [`Term::ALL`].
    pub terms: [u32; Term::COUNT],
    /// What each weighs.
    pub weights: Weights,
}

impl Breakdown {
    /// Σ weight · term.
    pub fn score(&self) -> Score {
        Term::ALL.into_iter().map(|term| self.share(term)).fold(Score(0), Score::plus)
    }

    /// What one term adds to the score.
    pub fn share(&self, term: Term) -> Score {
        Score::of(&self.weights, term, self.terms[term as usize])
    }
}

impl Score {
    /// What a term of that value adds.
    pub fn of(weights: &Weights, term: Term, value: u32) -> Self {
        Self(u64::from(weights.of(term).thousandths()) * u64::from(value))
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

/// A part of a whole in millionths, at most one.
fn ratio(part: u64, whole: u64) -> u32 {
    let millionths = if whole == 0 { 0 } else { u128::from(part) * u128::from(ONE) / u128::from(whole) };
    u32::try_from(millionths.min(u128::from(ONE))).unwrap_or(0)
}

/// What is left of one.
fn rest(of: u32) -> u32 {
    u32::try_from(ONE).unwrap_or(u32::MAX).saturating_sub(of)
}

/// `priority`: critical 1, high 2/3, normal 1/3, low 0.
pub fn priority(priority: Priority) -> u32 {
    match priority {
        Priority::Critical => ratio(3, 3),
        Priority::High => ratio(2, 3),
        Priority::Normal => ratio(1, 3),
        Priority::Low => 0,
    }
}

/// `age`: min(waiting / 24 h, 1).
pub fn age(queued_at: Timestamp, now: Timestamp) -> u32 {
    ratio(now.ms_since(queued_at), DAY_MS)
}

/// `capabilityFit`: what the job asks for over what the factory has; 0 if it has none.
pub fn capability_fit(wanted: usize, had: usize) -> u32 {
    ratio(wanted as u64, had as u64)
}

/// `affinity`: 1 holds the checkpoint, ½ has the repository at hand.
pub fn affinity(holds_checkpoint: bool, is_warm: bool) -> u32 {
    match (holds_checkpoint, is_warm) {
        (true, _) => ratio(1, 1),
        (false, true) => ratio(1, 2),
        (false, false) => 0,
    }
}

/// `due`: 0 without `dueAt`, else clamp(1 − (dueAt − now) / 24 h).
pub fn due(due_at: Option<Timestamp>, now: Timestamp) -> u32 {
    due_at.map_or(0, |due_at| rest(ratio(due_at.ms_since(now), DAY_MS)))
}

/// `criticalPath`: min(jobs that wait for it / 10, 1).
pub fn critical_path(waiting: u8) -> u32 {
    ratio(waiting.into(), MOST_WAITING.into())
}

/// `retry`: 1 − attempt / maxAttempts.
pub fn retry(attempt: u32, max_attempts: u32) -> u32 {
    rest(ratio(attempt.into(), max_attempts.into()))
}

/// `load`: 1 − the factory's load.
pub fn load(permille: u16) -> u32 {
    rest(ratio(permille.into(), 1_000))
}

/// `cost`: 1 − min(estimate / 10 USD, 1).
pub fn cost(estimate: Usd) -> u32 {
    rest(ratio(estimate.0, DEAREST))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    #[test]
    fn terms_stay_between_nothing_and_one() {
        let now = Timestamp(48 * HOUR_MS);
        assert_eq!((age(Timestamp(0), now), age(now, now), age(Timestamp(36 * HOUR_MS), now)), (1_000_000, 0, 500_000));
        let later = |hours: i64| Some(Timestamp((48 + hours) * HOUR_MS));
        assert_eq!(due(None, now), 0);
        assert_eq!([-1, 0, 6, 24, 25].map(|hours| due(later(hours), now)), [1_000_000, 1_000_000, 750_000, 0, 0]);
        assert_eq!((capability_fit(0, 0), capability_fit(1, 4), capability_fit(2, 1)), (0, 250_000, 1_000_000));
        assert_eq!([0, 3, 10, 200].map(critical_path), [0, 300_000, 1_000_000, 1_000_000]);
        assert_eq!((retry(0, 3), retry(2, 4), retry(9, 3)), (1_000_000, 500_000, 0));
        assert_eq!((cost(Usd(0)), cost(Usd(2_500_000)), cost(Usd(u64::MAX))), (1_000_000, 750_000, 0));
    }

    #[test]
    fn a_job_that_has_waited_twenty_hours_outranks_every_fresh_one() {
        let weights = Weights::default();
        let terms = |age| [0, age, 0, 0, 0, 0, 0, 0, 0];
        let waited = Breakdown { terms: terms(age(Timestamp(0), Timestamp(20 * HOUR_MS))), weights };
        let fresh = Breakdown {
            terms: [1_000_000, 0, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000],
            weights,
        };
        assert!(waited.score() > fresh.score(), "{waited:?} {fresh:?}");
        let hour = Score::of(&weights, Term::Age, age(Timestamp(0), Timestamp(HOUR_MS)));
        let step = Score::of(&weights, Term::Priority, priority(Priority::High) - priority(Priority::Normal));
        assert!(hour < step, "priority dominates within an hour");
    }
}
