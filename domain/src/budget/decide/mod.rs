//! Says yes or no to an order, and what follows from a yes. Changes nothing.

mod lapse;
mod note;
mod operate;

use super::apply;
use super::command::Command;
use super::event::Fact;
use super::refusal::Refusal;
use super::state::{Budget, Mark, PausedBy};
use crate::Timestamp;

/// Decides an order: a window that has ended turns first, and what the new level calls for comes last.
///
/// Refuses an operator's resume of what the ceiling paused.
pub fn decide(budget: &Budget, command: &Command, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    let draft = Draft { budget: budget.clone(), facts: Vec::new() };
    let draft = draft.with(turned(budget, now));
    let facts = match command {
        Command::Set(set) => operate::set(&draft.budget, *set, now),
        Command::Pause => operate::pause(&draft.budget),
        Command::Resume => operate::resume(&draft.budget)?,
        Command::Note(note) => note::decide(&draft.budget, note, now),
        Command::Turn => Vec::new(),
        Command::Lapse(lapse) => lapse::decide(&draft.budget, lapse, now),
    };
    Ok(draft.with(facts).facts)
}

/// What became true so far, and what it made of the budget.
struct Draft {
    budget: Budget,
    facts: Vec<Fact>,
}

impl Draft {
    /// Takes facts in, and what follows from them.
    fn with(self, facts: Vec<Fact>) -> Self {
        if facts.is_empty() {
            return self;
        }
        let draft = self.and(facts);
        let more = follows(&draft.budget);
        draft.and(more)
    }

    fn and(mut self, facts: Vec<Fact>) -> Self {
        self.budget = facts.iter().fold(self.budget, apply);
        self.facts.extend(facts);
        self
    }
}

/// The window has ended. A clock that runs back turns nothing back.
fn turned(budget: &Budget, now: Timestamp) -> Vec<Fact> {
    let ended = budget.window.end(budget.window_start).is_some_and(|end| end <= now);
    let window_start = budget.window.start(now);
    ended.then_some(Fact::Turned { window_start, closed_usd: budget.spent }).into_iter().collect()
}

/// What the level of spending calls for: warnings that have not been given, a pause, its end.
fn follows(budget: &Budget) -> Vec<Fact> {
    let due = |mark: &Mark| budget.warned < Some(*mark) && budget.reaches(*mark);
    let warned = |percent| Fact::Warned { percent, spent_usd: budget.spent };
    let mut facts: Vec<_> = Mark::EVERY.into_iter().filter(due).map(warned).collect();
    match budget.paused_by {
        None if budget.is_spent() => facts.push(Fact::Paused { by: PausedBy::Ceiling }),
        Some(PausedBy::Ceiling) if !budget.is_spent() => facts.push(Fact::Resumed {}),
        None | Some(PausedBy::Ceiling | PausedBy::Operator) => {}
    }
    facts
}
