//! Holds the history against what the coordinator says of itself: log and records. Judges nothing itself.

use std::path::Path;

use checker::{Checker, Line, Verdict};

use super::evidence::Evidence;

/// Judges; evidence of a broken rule is kept for whoever looks into it.
pub(crate) fn judge(history: &[Line], evidence: &Evidence) -> Verdict {
    let mut checker = Checker::default().complete();
    for event in &evidence.events {
        checker.event(event);
    }
    for record in &evidence.records {
        checker.record(record);
    }
    for line in history {
        checker.line(line);
    }
    let verdict = checker.verdict();
    let counts = &verdict.counts;
    eprintln!(
        "{} writes acknowledged, {} outcomes unknown, {} not done, {} events, {} violations",
        counts.acknowledged,
        counts.unknown,
        counts.not_done,
        counts.events,
        verdict.violations.len()
    );
    if !verdict.is_good() {
        keep(history, evidence);
    }
    verdict
}

/// Refuses a verdict that is not good.
pub(crate) fn good(verdict: &Verdict) {
    let first: Vec<_> = verdict.violations.iter().take(20).map(ToString::to_string).collect();
    assert!(first.is_empty(), "{:?}, among them:\n  {}", verdict.broken, first.join("\n  "));
}

/// Writes everything down in a directory that stays.
fn keep(history: &[Line], evidence: &Evidence) {
    let dir = tempfile::Builder::new().prefix("evidence-").disable_cleanup(true).tempdir().unwrap();
    let lines = |name: &str, texts: Vec<String>| {
        let path: &Path = &dir.path().join(name);
        std::fs::write(path, texts.join("\n") + "\n").unwrap();
    };
    lines("history.jsonl", history.iter().map(|line| serde_json::to_string(line).unwrap()).collect());
    lines("events.jsonl", evidence.events.iter().map(|event| serde_json::to_string(event).unwrap()).collect());
    lines("dump.jsonl", evidence.records.iter().map(|record| serde_json::to_string(record).unwrap()).collect());
    eprintln!("the evidence is in {}", dir.path().display());
}
