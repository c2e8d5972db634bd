//! One order to a factory from its beginning to its end.

use super::command::Command;
use super::event::Fact;
use super::state::Factory;
use super::{apply, decide};
use crate::job::RunResult;
use crate::{ProductId, Timestamp};

/// What an order leads to. No facts: only soft fields changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The factory as it is now; none if it has never registered.
    pub next: Option<Factory>,
    /// What became true, in order.
    pub facts: Vec<Fact>,
}

/// Runs one order to its end.
pub fn transition(factory: Option<&Factory>, product: &ProductId, command: &Command, now: Timestamp) -> Step {
    let facts = decide(factory, command, now);
    let mut next = facts.iter().fold(factory.cloned(), |next, fact| apply(next, product, fact, now));
    if let Some(next) = &mut next {
        soften(next, command, now);
        next.rev += u64::from(!facts.is_empty());
    }
    Step { next, facts }
}

/// Writes the soft fields: they change no `rev` and are not saved on their own.
fn soften(factory: &mut Factory, command: &Command, now: Timestamp) {
    match command {
        Command::Beat(beat) => {
            factory.last_heard_at = now;
            factory.load_permille = beat.load_permille;
        }
        Command::Heard => factory.last_heard_at = now,
        Command::Ended { result: RunResult::Failed, quick: true } => factory.failures += 1,
        Command::Ended { result: RunResult::Succeeded | RunResult::NoChanges, .. } => factory.failures = 0,
        Command::Ended { .. } | Command::Limited { .. } | Command::Check | Command::Drain { .. } | Command::Resume => {}
    }
}
