//! Reads engines' output line by line: usage, questions, wishes. Tolerant: what it does not know goes by, and what an
//! engine does not tell stays unknown.

use domain::Usd;
use serde_json::Value;
use wire::{Insights, Money};

/// How an engine's output is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Text for people only.
    Plain,
    /// The scripted engine.
    Mock,
    /// Claude Code's `stream-json`.
    Claude,
    /// Codex's `exec --json`.
    Codex,
    /// Gemini's `stream-json`.
    Gemini,
}

/// What a line of output means to the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The totals so far.
    Usage(Box<Insights>),
    /// The engine asks a person.
    Question(String),
    /// The engine wants its work saved now.
    Checkpoint,
}

impl Dialect {
    /// What the line says, if it says anything.
    pub fn read(self, line: &str) -> Option<Signal> {
        if self == Self::Plain || !line.starts_with('{') {
            return None;
        }
        let said: Value = serde_json::from_str(line).ok()?;
        let kind = said.get("type")?.as_str()?;
        let insights = match (self, kind) {
            (Self::Mock, "question") => return Some(Signal::Question(text(&said, "text")?)),
            (Self::Mock, "checkpoint") => return Some(Signal::Checkpoint),
            (Self::Mock, "usage") => serde_json::from_value(said).ok()?,
            (Self::Claude, "system") => Insights {
                model: text(&said, "model"),
                session_id: text(&said, "session_id"),
                engine_version: text(&said, "claude_code_version"),
                ..Insights::default()
            },
            (Self::Claude, "result") => claude(&said),
            (Self::Codex, "thread.started") => Insights { session_id: text(&said, "thread_id"), ..Insights::default() },
            (Self::Codex, "turn.completed") => codex(said.get("usage")?),
            (Self::Gemini, "init") => {
                Insights { model: text(&said, "model"), session_id: text(&said, "session_id"), ..Insights::default() }
            }
            (Self::Gemini, "result") => gemini(said.get("stats")?),
            _ => return None,
        };
        Some(Signal::Usage(Box::new(insights)))
    }
}

/// The end of a Claude run. `modelUsage` is the truth: `usage` is the main loop only.
fn claude(said: &Value) -> Insights {
    let models = said.get("modelUsage").and_then(Value::as_object);
    let sum = |names: &[&str]| {
        let models = models?;
        Some(models.values().flat_map(|model| names.iter().filter_map(|name| number(model, name))).sum())
    };
    Insights {
        tokens_in: sum(&["inputTokens", "cacheCreationInputTokens"]),
        tokens_out: sum(&["outputTokens"]),
        tokens_cached: sum(&["cacheReadInputTokens"]),
        cost_usd: said.get("total_cost_usd").and_then(usd),
        cost_basis: said.get("total_cost_usd").map(|_| "reported".to_owned()),
        turns: number(said, "num_turns"),
        ..Insights::default()
    }
}

/// Codex counts cached tokens among those it read, and knows no prices.
fn codex(usage: &Value) -> Insights {
    let cached = number(usage, "cached_input_tokens");
    Insights {
        tokens_in: number(usage, "input_tokens").map(|all| all.saturating_sub(cached.unwrap_or(0))),
        tokens_out: number(usage, "output_tokens"),
        tokens_cached: cached,
        ..Insights::default()
    }
}

fn gemini(stats: &Value) -> Insights {
    let cached = number(stats, "cached");
    let all = number(stats, "input_tokens").map(|all| all.saturating_sub(cached.unwrap_or(0)));
    Insights {
        tokens_in: number(stats, "input").or(all),
        tokens_out: number(stats, "output_tokens"),
        tokens_cached: cached,
        tool_calls: number(stats, "tool_calls"),
        ..Insights::default()
    }
}

fn text(said: &Value, name: &str) -> Option<String> {
    said.get(name)?.as_str().map(|text| text.chars().take(2_000).collect())
}

fn number(said: &Value, name: &str) -> Option<u64> {
    said.get(name)?.as_u64()
}

/// A vendor's estimate, which is a float already when it gets here.
fn usd(value: &Value) -> Option<Money> {
    let dollars = value.as_f64().filter(|dollars| dollars.is_finite() && (0.0..1e9).contains(dollars))?;
    format!("{dollars:.6}").parse::<Usd>().ok().map(Money)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(dialect: Dialect, line: &str) -> Insights {
        match dialect.read(line) {
            Some(Signal::Usage(insights)) => *insights,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_cost_that_is_not_told_stays_unknown_and_a_zero_stays_a_zero() {
        assert_eq!(usage(Dialect::Mock, r#"{"type":"usage","tokensIn":1}"#).cost_usd, None);
        assert_eq!(usage(Dialect::Mock, r#"{"type":"usage","costUsd":"0"}"#).cost_usd, Some(Money(Usd(0))));
    }

    #[test]
    fn claude_counts_every_model_once() {
        let line = r#"{"type":"result","total_cost_usd":0.1234567,"num_turns":3,"usage":{"input_tokens":9},"modelUsage":{
            "a":{"inputTokens":1,"cacheCreationInputTokens":2,"cacheReadInputTokens":4,"outputTokens":8},
            "b":{"inputTokens":16,"outputTokens":32}}}"#;
        let read = usage(Dialect::Claude, line);
        assert_eq!(
            (read.tokens_in, read.tokens_cached, read.tokens_out, read.turns),
            (Some(19), Some(4), Some(40), Some(3))
        );
        assert_eq!(read.cost_usd, Some(Money(Usd(123_457))));
    }

    #[test]
    fn codex_takes_cached_tokens_out_of_those_read() {
        let line = r#"{"type":"turn.completed","usage":{"input_tokens":10,"cached_input_tokens":4,"output_tokens":2}}"#;
        let read = usage(Dialect::Codex, line);
        assert_eq!(
            (read.tokens_in, read.tokens_cached, read.tokens_out, read.cost_usd),
            (Some(6), Some(4), Some(2), None)
        );
    }

    #[test]
    fn gemini_tells_what_was_not_cached() {
        let line =
            r#"{"type":"result","stats":{"input_tokens":10,"cached":4,"input":6,"output_tokens":2,"tool_calls":1}}"#;
        let read = usage(Dialect::Gemini, line);
        assert_eq!((read.tokens_in, read.tokens_cached, read.tool_calls), (Some(6), Some(4), Some(1)));
    }

    #[test]
    fn what_is_not_known_goes_by() {
        for line in ["", "hello", "{", "{}", "[1]", r#"{"type":7}"#, r#"{"type":"new"}"#, r#"{"type":"question"}"#] {
            for dialect in [Dialect::Plain, Dialect::Mock, Dialect::Claude, Dialect::Codex, Dialect::Gemini] {
                assert_eq!(dialect.read(line), None, "{line}");
            }
        }
    }
}
