//! What an engine's output has said so far: totals, a question, a wish. Filled by the reader of its lines, looked at
//! by the run.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use wire::{Insights, Money};

use super::{Dialect, Signal};

/// What a run's output has said so far.
#[derive(Debug)]
pub struct Seen {
    totals: Mutex<Insights>,
    question: Mutex<Option<String>>,
    limit: Option<Money>,
    checkpoint: Notify,
    spent: Notify,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seen {
    /// Nothing yet but what is known from the start. `limit` is the cost that must not be passed.
    pub fn new(totals: Insights, limit: Option<Money>) -> Self {
        Self {
            totals: Mutex::new(totals),
            question: Mutex::new(None),
            limit,
            checkpoint: Notify::new(),
            spent: Notify::new(),
        }
    }

    /// Takes in a line of output.
    pub fn line(&self, dialect: Dialect, line: &str) {
        match dialect.read(line) {
            None => {}
            Some(Signal::Question(text)) => *locked(&self.question) = Some(text),
            Some(Signal::Checkpoint) => self.checkpoint.notify_one(),
            Some(Signal::Usage(newer)) => {
                self.add(*newer);
                if self.is_over_budget() {
                    self.spent.notify_one();
                }
            }
        }
    }

    /// Adds totals that come from elsewhere, such as the size of the change.
    pub fn add(&self, newer: Insights) {
        let mut totals = locked(&self.totals);
        *totals = merged(std::mem::take(&mut totals), newer);
    }

    /// The totals so far.
    pub fn totals(&self) -> Insights {
        locked(&self.totals).clone()
    }

    /// The question that the engine asks, if it asks one.
    pub fn question(&self) -> Option<String> {
        locked(&self.question).clone()
    }

    /// The known cost is more than allowed.
    pub fn is_over_budget(&self) -> bool {
        let cost = locked(&self.totals).cost_usd;
        self.limit.is_some_and(|limit| cost.is_some_and(|cost| cost > limit))
    }

    /// Waits for a wish to save the work.
    pub async fn checkpoint_wanted(&self) {
        self.checkpoint.notified().await;
    }

    /// Waits until the known cost is more than allowed.
    pub async fn over_budget(&self) {
        self.spent.notified().await;
    }
}

/// Both in one: the larger of two numbers, the newer of two words. What neither knows stays unknown.
fn merged(old: Insights, new: Insights) -> Insights {
    Insights {
        engine: new.engine.or(old.engine),
        engine_version: new.engine_version.or(old.engine_version),
        session_id: new.session_id.or(old.session_id),
        sandbox: new.sandbox.or(old.sandbox),
        model: new.model.or(old.model),
        tokens_in: new.tokens_in.max(old.tokens_in),
        tokens_out: new.tokens_out.max(old.tokens_out),
        tokens_cached: new.tokens_cached.max(old.tokens_cached),
        cost_usd: new.cost_usd.max(old.cost_usd),
        estimated: new.estimated.or(old.estimated),
        cost_basis: new.cost_basis.or(old.cost_basis),
        turns: new.turns.max(old.turns),
        tool_calls: new.tool_calls.max(old.tool_calls),
        files_changed: new.files_changed.max(old.files_changed),
        lines_added: new.lines_added.max(old.lines_added),
        lines_deleted: new.lines_deleted.max(old.lines_deleted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn totals_only_grow_and_pass_the_limit_once_they_are_above_it() {
        let seen = Seen::new(Insights { engine: Some("mock".to_owned()), ..Insights::default() }, "0.05".parse().ok());
        seen.line(Dialect::Mock, r#"{"type":"usage","costUsd":"0.05","tokensIn":5}"#);
        assert!(!seen.is_over_budget());
        seen.line(Dialect::Mock, r#"{"type":"usage","costUsd":"0.06","tokensIn":3}"#);
        seen.over_budget().await;
        let totals = seen.totals();
        assert_eq!((totals.tokens_in, totals.tokens_out, totals.engine.as_deref()), (Some(5), None, Some("mock")));
        seen.line(Dialect::Mock, r#"{"type":"checkpoint"}"#);
        seen.checkpoint_wanted().await;
        assert_eq!(seen.question(), None);
    }
}
