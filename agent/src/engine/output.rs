//! Reads engines' output line by line: usage, questions, wishes. Tolerant: what it does not know goes by, and what an
//! engine does not tell stays unknown.

use serde_json::Value;
use wire::Insights;

/// How an engine's output is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Text for people only.
    Plain,
    /// The scripted engine.
    Mock,
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
            _ => return None,
        };
        Some(Signal::Usage(Box::new(insights)))
    }
}

fn text(said: &Value, name: &str) -> Option<String> {
    said.get(name)?.as_str().map(|text| text.chars().take(2_000).collect())
}

#[cfg(test)]
mod tests {
    use domain::Usd;
    use wire::Money;

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
    fn what_is_not_known_goes_by() {
        for line in ["", "hello", "{", "{}", "[1]", r#"{"type":7}"#, r#"{"type":"new"}"#, r#"{"type":"question"}"#] {
            for dialect in [Dialect::Plain, Dialect::Mock] {
                assert_eq!(dialect.read(line), None, "{line}");
            }
        }
    }
}
