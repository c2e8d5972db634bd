//! The text of a story, step by step, and its snapshot file. Knows nothing of what the story is about.

use std::fmt::Write;
use std::path::Path;

use domain::Timestamp;

use super::members::at;

/// The first digits of every id that the stories use; `#11` is the id that ends in 11.
const ID: &str = "00000000-0000-0000-0000-0000000000";

/// A story as it is told.
pub(crate) struct Log {
    aggregate: &'static str,
    name: String,
    text: String,
}

impl Log {
    /// Begins a story: its snapshot is `snapshots/stories/<aggregate>/<name>.snap`.
    pub(crate) fn new(aggregate: &'static str, name: &str) -> Self {
        Self { aggregate, name: name.to_owned(), text: String::new() }
    }

    /// Begins a step.
    pub(crate) fn when(&mut self, now: Timestamp, what: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        writeln!(self.text, "── {} · {what}", at(now)).expect("text takes any line");
    }

    /// Tells lines under a label; says `none` where there are none.
    pub(crate) fn tell(&mut self, label: &str, lines: &[String]) {
        let none = ["none".to_owned()];
        let lines = if lines.is_empty() { &none } else { lines };
        for (no, line) in lines.iter().enumerate() {
            let label = if no == 0 { label } else { "" };
            writeln!(self.text, "{}", format!("{label:<9}{line}").trim_end()).expect("text takes any line");
        }
    }

    /// Holds the story against its snapshot.
    pub(crate) fn snap(self) {
        let mut settings = insta::Settings::clone_current();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/stories").join(self.aggregate);
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let text = self.text.replace(ID, "#");
        settings.bind(|| insta::assert_snapshot!(self.name, text));
    }
}
