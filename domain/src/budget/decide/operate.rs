//! What an operator orders: ceiling, window, pause.

use crate::budget::command::Set;
use crate::budget::event::Fact;
use crate::budget::refusal::Refusal;
use crate::budget::state::{Budget, PausedBy};
use crate::{Timestamp, Usd};

/// Chooses ceiling and window. Another kind of window begins at its natural start, with what was charged since then.
pub(super) fn set(budget: &Budget, set: Set, now: Timestamp) -> Vec<Fact> {
    if (budget.ceiling, budget.window) == (set.ceiling, set.window) {
        return Vec::new();
    }
    let (window_start, spent_usd) = if budget.window == set.window {
        (budget.window_start, budget.spent)
    } else {
        (set.window.start(now), set.recount)
    };
    vec![Fact::Set { ceiling_usd: set.ceiling, window: set.window, window_start, spent_usd }]
}

/// Stops it, also where the ceiling has: from then on only an operator resumes it.
pub(super) fn pause(budget: &Budget) -> Vec<Fact> {
    match budget.paused_by {
        Some(PausedBy::Operator) => Vec::new(),
        None | Some(PausedBy::Ceiling) => vec![Fact::Paused { by: PausedBy::Operator }],
    }
}

/// Lifts an operator's pause; where the ceiling is reached, its own follows. Refuses to lift that one.
pub(super) fn resume(budget: &Budget) -> Result<Vec<Fact>, Refusal> {
    match budget.paused_by {
        None => Ok(Vec::new()),
        Some(PausedBy::Operator) => Ok(vec![Fact::Resumed {}]),
        Some(PausedBy::Ceiling) => {
            let ceiling = budget.ceiling.unwrap_or(Usd(0));
            Err(Refusal::CeilingReached { spent: budget.spent, ceiling })
        }
    }
}
