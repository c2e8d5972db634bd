//! One order from its beginning to its end.

use super::charge::Charge;
use super::command::Command;
use super::event::Fact;
use super::refusal::Refusal;
use super::state::Budget;
use super::window::Day;
use super::{apply, decide};
use crate::Timestamp;

/// What an order leads to. No facts: its effect stood already, or the money was counted before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The budget as it is now. Without facts nothing but its cursor can have moved.
    pub next: Budget,
    /// What became true, in order.
    pub facts: Vec<Fact>,
    /// The charge to be saved with it: the run's whole row, new or in place of the one that was handed in.
    pub charge: Option<Charge>,
}

/// Runs one order to its end: the next state, what became true, and the run's charge.
///
/// Snapshot (with its cursor), events and charge belong into one transaction. Refuses what `decide` refuses.
pub fn transition(budget: &Budget, command: &Command, now: Timestamp) -> Result<Step, Refusal> {
    let run = command.run();
    let own = run.is_none_or(|(run, prior)| prior.is_none_or(|prior| prior.run() == run));
    assert!(own, "the charge that is handed in is the run's own");
    let facts = decide(budget, command, now)?;
    let mut next = budget.clone();
    let mut charge = None;
    for fact in &facts {
        let prior = charge.clone().or_else(|| run.and_then(|(_, prior)| prior.cloned()));
        charge = Charge::after(prior, fact, Day::of(now)).or(charge);
        next = apply(next, fact);
    }
    if !facts.is_empty() {
        next.rev += 1;
    }
    next = next.counted(command.seq().unwrap_or_default());
    let same_window = (next.window, next.window_start) == (budget.window, budget.window_start);
    assert!(!same_window || next.spent >= budget.spent, "what is spent only grows in a window");
    Ok(Step { next, facts, charge })
}
