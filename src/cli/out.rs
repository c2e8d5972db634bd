//! What a verb prints: tables for people, the wire's JSON for programs. Owns the look; text that comes from elsewhere
//! never reaches a terminal with its control characters.

use std::io::{self, IsTerminal, Write};

use actors::clock::{Clock, SystemClock};
use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use serde::Serialize;
use wire::{Stage, Time};

/// Where data go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Out {
    /// Programs read it.
    pub(super) json: bool,
}

impl Out {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints a record as one line of JSON.
    pub(super) fn record(self, record: &impl Serialize) -> io::Result<()> {
        self.line(&serde_json::to_string(record)?)
    }

    /// Prints a line.
    pub(super) fn line(self, line: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{line}")?;
        stdout.flush()
    }

    /// Prints a table.
    pub(super) fn table(self, mut table: Table) -> io::Result<()> {
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        self.line(&table.trim_fmt())
    }
}

/// Says something to a person beside the data.
pub(super) fn note(line: &str) {
    // Where nobody listens there is nobody to tell.
    let _ = writeln!(io::stderr(), "{line}");
}

/// The user wants no colours.
pub(super) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// A table with these columns.
pub(super) fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if no_color() || !io::stdout().is_terminal() {
        table.force_no_tty();
    }
    if !columns.is_empty() {
        table.set_header(columns.iter().map(|column| column.to_uppercase()));
    }
    table
}

/// A stage, coloured by what it means.
pub(super) fn stage(stage: Stage) -> Cell {
    let cell = Cell::new(stage.as_str());
    match stage {
        Stage::Shipped => cell.fg(Color::Green),
        Stage::Review | Stage::Testing => cell.fg(Color::Cyan),
        Stage::Assigned | Stage::Building => cell.fg(Color::Blue),
        Stage::Blocked => cell.fg(Color::Yellow),
        Stage::Failed | Stage::DeadLetter => cell.fg(Color::Red),
        Stage::Queued | Stage::Cancelled => cell,
    }
}

/// Text without control characters, on one line.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' | '\r' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// The beginning of a text, of at most `most` characters.
pub(super) fn short(text: &str, most: usize) -> String {
    let clean = clean(text);
    if clean.chars().count() <= most {
        return clean;
    }
    clean.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// How long ago something was, such as `5m`.
pub(super) fn ago(at: Time) -> String {
    span(SystemClock::default().now().ms_since(at.0) / 1_000)
}

/// A span of whole seconds in its largest unit.
fn span(secs: u64) -> String {
    match secs {
        0..60 => format!("{secs}s"),
        60..3_600 => format!("{}m", secs / 60),
        3_600..86_400 => format!("{}h", secs / 3_600),
        _ => format!("{}d", secs / 86_400),
    }
}

/// A value, or a dash where there is none.
pub(super) fn or_dash(value: Option<&str>) -> String {
    value.map_or_else(|| "-".to_owned(), clean)
}

/// The word that a value has on the wire.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_a_terminal() {
        assert_eq!(clean("a\u{1b}[31m\nb\u{7}"), "a\u{fffd}[31m b\u{fffd}");
        assert_eq!(short("abcdef", 4), "abc…");
        assert_eq!(short("abcd", 4), "abcd");
    }

    #[test]
    fn spans_are_told_in_their_largest_unit() {
        let told = [0, 59, 60, 3_599, 3_600, 86_399, 86_400, 200_000].map(span);
        assert_eq!(told, ["0s", "59s", "1m", "59m", "1h", "23h", "1d", "2d"]);
    }

    #[test]
    fn words_are_those_of_the_wire() {
        assert_eq!(word(&wire::Priority::High), "high");
        assert_eq!(word(&Stage::DeadLetter), "dead_letter");
    }
}
