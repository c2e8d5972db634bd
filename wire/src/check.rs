//! What members may contain: lengths, words, ranges. Collects every refusal of a request, so that a submitter hears of
//! all of them at once. Knows no request as a whole.

use std::collections::{BTreeMap, BTreeSet};

use domain::FactoryId;
use domain::profile::Wanted;

use crate::body::escaped;
use crate::problem::{FieldError, Problem};

/// Bytes of a job's instructions, at most.
pub(crate) const MAX_BODY: usize = 1024 * 1024;
/// Bytes of a command, a path or a repository, at most.
pub(crate) const MAX_TEXT: usize = 4_096;
/// Bytes of a key, at most.
pub(crate) const MAX_KEY: usize = 256;
/// Words in a list, at most.
pub(crate) const MAX_WORDS: usize = 64;
/// Bytes of a note, a reason, a question or an answer, at most.
pub(crate) const MAX_NOTE: usize = 64 * 1024;
/// Characters of a word that a factory says of its run, at most.
const MAX_SAID: usize = 256;
/// Characters of a branch or commit that a factory names, at most.
const MAX_REF: usize = 512;
/// Words that a factory says of itself, in one list, at most.
pub(crate) const MAX_CARD: usize = 256;
/// Seconds of the longest limit: 30 days.
pub(crate) const MAX_TIMEOUT_SEC: u64 = 30 * 24 * 3_600;
const MAX_GLOBS: usize = 256;

/// The refusals so far.
#[derive(Default)]
pub(crate) struct Checks {
    errors: Vec<FieldError>,
}

impl Checks {
    pub(crate) fn refuse(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.errors.push(FieldError { pointer: pointer.into(), detail: detail.into() });
    }

    /// Refuses the request if anything of it was refused.
    pub(crate) fn done(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid_members(self.errors)) }
    }

    pub(crate) fn title(&mut self, pointer: &str, title: &str) {
        if title.trim().is_empty() {
            self.refuse(pointer, "must not be empty");
        } else if title.chars().count() > crate::submit::MAX_TITLE {
            self.refuse(pointer, format!("must have at most {} characters", crate::submit::MAX_TITLE));
        } else if title.chars().any(char::is_control) {
            self.refuse(pointer, "must be one line without control characters");
        }
    }

    pub(crate) fn body(&mut self, pointer: &str, body: &str) {
        if body.trim().is_empty() {
            self.refuse(pointer, "must not be empty");
        }
        self.text(pointer, body, MAX_BODY);
    }

    /// Any text of bounded length.
    pub(crate) fn text(&mut self, pointer: &str, text: &str, max: usize) {
        if text.len() > max {
            self.refuse(pointer, format!("must have at most {max} bytes"));
        } else if text.contains('\0') {
            self.refuse(pointer, "must not contain a NUL character");
        }
    }

    /// A word that a factory says of its run, such as a model.
    pub(crate) fn said(&mut self, pointer: &str, text: &str) {
        self.chars(pointer, text, MAX_SAID);
    }

    /// Any text of bounded length in characters.
    pub(crate) fn chars(&mut self, pointer: &str, text: &str, max: usize) {
        if text.chars().count() > max {
            self.refuse(pointer, format!("must have at most {max} characters"));
        } else if text.contains('\0') {
            self.refuse(pointer, "must not contain a NUL character");
        }
    }

    /// A branch or commit of a checkpoint: one word, which must not be taken for an option.
    pub(crate) fn git_name(&mut self, pointer: &str, name: &str) {
        if name.is_empty() {
            self.refuse(pointer, "must not be empty");
        } else if name.chars().count() > MAX_REF {
            self.refuse(pointer, format!("must have at most {MAX_REF} characters"));
        } else if name.starts_with('-') {
            self.refuse(pointer, "must not begin with `-`");
        } else if name.chars().any(|c| c.is_control() || c.is_whitespace()) {
            self.refuse(pointer, "must not contain spaces or control characters");
        }
    }

    /// A text that says something, of bounded length.
    pub(crate) fn given(&mut self, pointer: &str, text: &str, max: usize) {
        if text.trim().is_empty() {
            self.refuse(pointer, "must not be empty");
        }
        self.text(pointer, text, max);
    }

    /// A branch, commit or path, which must not be taken for an option.
    pub(crate) fn no_option(&mut self, pointer: &str, text: &str) {
        self.given(pointer, text, MAX_TEXT);
        if text.starts_with('-') {
            self.refuse(pointer, "must not begin with `-`");
        }
    }

    /// A directory inside a repository.
    pub(crate) fn inside(&mut self, pointer: &str, path: &str) {
        self.no_option(pointer, path);
        let drive = path.as_bytes().get(1) == Some(&b':');
        if drive || path.starts_with(['/', '\\']) {
            self.refuse(pointer, "must be a relative path");
        }
        if path.split(['/', '\\']).any(|part| part == "..") {
            self.refuse(pointer, "must not contain `..`");
        }
    }

    /// A word such as a capability, an engine or a label's key.
    pub(crate) fn word(&mut self, pointer: &str, word: &str) {
        let known = |b: u8| b.is_ascii_alphanumeric() || b"._:/@+-".contains(&b);
        if !(1..=128).contains(&word.len()) || !word.bytes().all(known) {
            self.refuse(pointer, "must match [A-Za-z0-9._:/@+-]{1,128}");
        }
    }

    /// A profile, by its name or by one of its versions.
    pub(crate) fn profile(&mut self, pointer: &str, named: &str) {
        if let Err(bad) = named.parse::<Wanted>() {
            self.refuse(pointer, format!("must match {}", bad.form));
        }
    }

    /// Words of a request, each named once.
    pub(crate) fn words(&mut self, pointer: &str, words: &[String]) {
        self.words_up_to(pointer, words, MAX_WORDS);
    }

    pub(crate) fn words_up_to(&mut self, pointer: &str, words: &[String], max: usize) {
        self.count(pointer, words.len(), max);
        let mut seen = BTreeSet::new();
        for (at, word) in words.iter().enumerate() {
            let here = format!("{pointer}/{at}");
            self.word(&here, word);
            if !seen.insert(word) {
                self.refuse(here, "is named twice");
            }
        }
    }

    pub(crate) fn factory_id(&mut self, id: &str) {
        if let Err(bad) = id.parse::<FactoryId>() {
            self.refuse("/factoryId", bad.to_string());
        }
    }

    pub(crate) fn lease_ttl(&mut self, secs: Option<u32>) {
        if let Some(secs) = secs {
            self.range("/leaseTtlSec", secs.into(), 10..=3_600);
        }
    }

    pub(crate) fn names(&mut self, pointer: &str, names: &[String]) {
        self.count(pointer, names.len(), MAX_WORDS);
        let mut seen = BTreeSet::new();
        for (at, name) in names.iter().enumerate() {
            let here = format!("{pointer}/{at}");
            self.given(&here, name, 128);
            if !seen.insert(name) {
                self.refuse(here, "is named twice");
            }
        }
    }

    pub(crate) fn globs(&mut self, pointer: &str, globs: &[String]) {
        self.count(pointer, globs.len(), MAX_GLOBS);
        for (at, glob) in globs.iter().enumerate() {
            self.given(&format!("{pointer}/{at}"), glob, 1_024);
        }
    }

    pub(crate) fn labels(&mut self, pointer: &str, labels: &BTreeMap<String, String>) {
        self.count(pointer, labels.len(), MAX_WORDS);
        for (key, value) in labels {
            let here = format!("{pointer}/{}", escaped(key));
            self.word(&here, key);
            self.text(&here, value, 256);
        }
    }

    pub(crate) fn count(&mut self, pointer: &str, count: usize, max: usize) {
        if count > max {
            self.refuse(pointer, format!("must have at most {max} entries"));
        }
    }

    pub(crate) fn range(&mut self, pointer: &str, number: u64, range: std::ops::RangeInclusive<u64>) {
        if !range.contains(&number) {
            self.refuse(pointer, format!("must be {} to {}", range.start(), range.end()));
        }
    }
}
