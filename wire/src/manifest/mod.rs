//! A job as one markdown file: front matter between two `---` lines, then the instructions. Turns it into the same
//! request as JSON would make, and keeps the front matter as it was written. Every refusal names line and column,
//! counted from 1 in the whole file.

mod keys;
mod read;
mod split;
#[cfg(test)]
mod tests;
mod tree;

use crate::problem::{Code, FieldError, Problem};
use crate::submit::SubmitRequest;

use keys::Keys;
use tree::Place;

/// A markdown job, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// What it asks for.
    pub request: SubmitRequest,
    /// Keys that are kept but mean nothing, in words.
    pub warnings: Vec<String>,
}

impl Manifest {
    /// Reads a markdown file with or without front matter.
    /// Refuses front matter that is not closed, is no YAML mapping, or says something of the wrong type or size.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let file = split::split(text)?;
        let mut keys = Keys::new(file.body);
        if let Some(front) = file.front {
            let root = tree::parse(front)?;
            keys.request.manifest_json = Some(root.node.to_json());
            keys.read(&root)?;
        }
        keys.finish()
    }
}

/// An `invalid-manifest` at a place.
fn invalid(place: Place, pointer: &str, detail: &str) -> Problem {
    let Place { line, column } = place;
    let what = pointer.trim_start_matches('/');
    let told = if what.is_empty() { detail.to_owned() } else { format!("{what} {detail}") };
    let problem = Problem::new(Code::InvalidManifest, format!("line {line}, column {column}: {told}"));
    let error = FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() };
    Problem { errors: vec![error], ..problem }.with("line", line).with("column", column)
}
