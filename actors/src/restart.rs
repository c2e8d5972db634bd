//! How often something may panic before it is left alone.

use std::collections::VecDeque;

use domain::Timestamp;

/// Panics that are forgiven within the window.
const MAX_PANICS: usize = 5;
/// The window.
const WINDOW_MS: u64 = 60_000;

/// The restart budget of one actor: five panics in a minute.
#[derive(Debug, Default)]
pub(crate) struct RestartBudget {
    panics: VecDeque<Timestamp>,
}

impl RestartBudget {
    /// Counts a panic. False: the budget is spent.
    pub(crate) fn forgives(&mut self, now: Timestamp) -> bool {
        while self.panics.front().is_some_and(|first| now.ms_since(*first) > WINDOW_MS) {
            self.panics.pop_front();
        }
        self.panics.push_back(now);
        self.panics.len() <= MAX_PANICS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_panics_in_a_minute_are_forgiven_and_the_sixth_is_not() {
        let mut budget = RestartBudget::default();
        assert!((0..5).all(|second| budget.forgives(Timestamp(second * 1_000))));
        assert!(!budget.forgives(Timestamp(5_000)));
        assert!(budget.forgives(Timestamp(120_000)), "a quiet minute forgives everything");
    }
}
