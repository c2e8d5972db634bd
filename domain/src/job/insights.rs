//! A run's totals so far, as its factory reports them. Absent is not zero.

use serde::{Deserialize, Serialize};

use crate::Usd;

/// Totals of one run since its beginning. What is a number only grows: a repeated or late report harms nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Insights {
    /// The model that did the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The engine's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_version: Option<String>,
    /// The engine's session, for resuming by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The tier of isolation that the run had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// Tokens read, without cached ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_in: Option<u64>,
    /// Tokens written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_out: Option<u64>,
    /// Tokens read from a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_cached: Option<u64>,
    /// Cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Usd>,
    /// The cost is an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated: Option<bool>,
    /// What the cost was computed from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_basis: Option<String>,
    /// Turns of the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    /// Calls of tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<u64>,
    /// Files changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files_changed: Option<u64>,
    /// Lines added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines_added: Option<u64>,
    /// Lines deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines_deleted: Option<u64>,
}

impl Insights {
    /// Both reports in one: the larger of two numbers, the newer of two words.
    #[must_use]
    pub fn merged(&self, newer: &Self) -> Self {
        let word = |old: &Option<String>, new: &Option<String>| new.clone().or_else(|| old.clone());
        Self {
            model: word(&self.model, &newer.model),
            engine_version: word(&self.engine_version, &newer.engine_version),
            session_id: word(&self.session_id, &newer.session_id),
            sandbox: word(&self.sandbox, &newer.sandbox),
            tokens_in: self.tokens_in.max(newer.tokens_in),
            tokens_out: self.tokens_out.max(newer.tokens_out),
            tokens_cached: self.tokens_cached.max(newer.tokens_cached),
            cost_usd: self.cost_usd.max(newer.cost_usd),
            estimated: newer.estimated.or(self.estimated),
            cost_basis: word(&self.cost_basis, &newer.cost_basis),
            turns: self.turns.max(newer.turns),
            tool_calls: self.tool_calls.max(newer.tool_calls),
            files_changed: self.files_changed.max(newer.files_changed),
            lines_added: self.lines_added.max(newer.lines_added),
            lines_deleted: self.lines_deleted.max(newer.lines_deleted),
        }
    }

    /// Carries usage that has to be charged.
    pub fn has_usage(&self) -> bool {
        self.cost_usd.is_some() || self.tokens_in.is_some() || self.tokens_out.is_some() || self.tokens_cached.is_some()
    }
}
