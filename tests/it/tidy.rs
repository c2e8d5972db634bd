//! The repository's own rules, as tests: what a reader may rely on in every file.
//!
//! Looks at every file that is tracked or about to be; changes none.

mod docs;
mod imports;
mod tree;
mod words;

use tree::Tree;

/// No file is longer.
const MAX_LINES: usize = 400;
/// Half of the files are shorter.
const MEDIAN_LINES: usize = 150;

#[test]
fn files_are_short() {
    let tree = Tree::here();
    let mut lengths = Vec::new();
    let mut long = Vec::new();
    for (path, text) in tree.rust() {
        let lines = text.lines().count();
        lengths.push(lines);
        if lines > MAX_LINES {
            long.push(format!("{path}: {lines} lines"));
        }
    }
    none("longer than 400 lines: a room is missing", long);
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median < MEDIAN_LINES, "half of the files have {median} lines or more");
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let silent = |(path, text): (&String, &String)| (!text.starts_with("//! ")).then(|| path.clone());
    none("without a head", Tree::here().rust().filter_map(silent).collect());
}

#[test]
fn snapshots_lie_under_snapshots() {
    let tree = Tree::here();
    let astray = |path: &&String| path.contains(".snap") && !path.starts_with("snapshots/");
    none("a snapshot outside snapshots/", tree.paths().filter(astray).cloned().collect());
    none("a pending snapshot", tree.paths().filter(|path| path.ends_with(".snap.new")).cloned().collect());
}

/// Refuses a list that is not empty.
fn none(what: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}
