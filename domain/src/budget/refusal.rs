//! Why a budget says no. A refusal changes nothing; money that was spent is never refused.

use crate::Usd;

/// A budget's "no".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is the ceiling that paused it, and no operator's word lifts that.
    #[error("{spent} of {ceiling} USD are spent: a higher ceiling or the next window resumes this budget")]
    CeilingReached {
        /// What is spent.
        spent: Usd,
        /// How much may be.
        ceiling: Usd,
    },
}
