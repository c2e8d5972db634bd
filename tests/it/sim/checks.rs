//! What is held against the evidence of a run here: a few rules in the plainest words, beside the checker's.

use std::collections::BTreeMap;

use super::run::Outcome;
use checker::Line;

/// Everything that must not be.
pub(super) fn check(outcome: &Outcome) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    log(outcome, &mut found);
    answers(outcome, &mut found);
    found
}

/// The log has no gap, its time does not run back, and of a job at most one lease is alive.
fn log(outcome: &Outcome, found: &mut Vec<(&'static str, String)>) {
    let mut last: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    let mut held: BTreeMap<&str, u64> = BTreeMap::new();
    let mut epochs: BTreeMap<&str, u64> = BTreeMap::new();
    for event in &outcome.events {
        let (seq, at) = last.entry(&event.product).or_insert((0, ""));
        if event.seq != *seq + 1 {
            found.push(("I13", format!("{} has seq {} after {seq}", event.product, event.seq)));
        }
        if event.at.as_str() < *at {
            found.push(("I13", format!("{} {}: {} is before {at}", event.product, event.seq, event.at)));
        }
        (*seq, *at) = (event.seq, &event.at);
        let Some(job) = event.job_id.as_deref() else { continue };
        let data: serde_json::Value = serde_json::from_str(event.data.get()).unwrap_or_default();
        match event.kind.as_str() {
            "job.leased" => {
                let epoch = data["epoch"].as_u64().unwrap_or_default();
                if let Some(held) = held.insert(job, epoch) {
                    found.push((
                        "I1",
                        format!("{job} is leased under {epoch} while {held} is held (seq {})", event.seq),
                    ));
                }
                let before = epochs.insert(job, epoch).unwrap_or_default();
                if epoch <= before {
                    found.push(("I2", format!("{job} is leased under {epoch} after {before} (seq {})", event.seq)));
                }
            }
            "job.released" | "job.lease_expired" | "job.preempted" | "job.retry" | "job.dead_lettered"
            | "job.failed" | "job.needs_input" | "job.requeued" | "job.rejected" | "job.cancelled" | "job.shipped" => {
                held.remove(job);
            }
            _ => {}
        }
    }
}

/// What was acknowledged is in the dump; no answer is a 500.
fn answers(outcome: &Outcome, found: &mut Vec<(&'static str, String)>) {
    let mut revs: BTreeMap<String, u64> = BTreeMap::new();
    for job in outcome.records.iter().filter_map(|record| record.job.as_ref()) {
        let job: serde_json::Value = serde_json::from_str(job.get()).unwrap_or_default();
        revs.insert(job["id"].as_str().unwrap_or_default().to_owned(), job["rev"].as_u64().unwrap_or_default());
    }
    for line in &outcome.history {
        let Line::Op(op) = line else { continue };
        let status = op.status.unwrap_or_default();
        if status == 500 || (status > 503 && status != 507) {
            found.push(("conformity", format!("{} {} is answered {status}", op.method, op.path)));
        }
        let Some(answer) = op.answer.as_ref().filter(|_| (200..300).contains(&status)) else { continue };
        let answer: serde_json::Value = serde_json::from_str(answer.get()).unwrap_or_default();
        let job = if answer["job"].is_object() { &answer["job"] } else { &answer };
        let (Some(id), Some(rev)) = (job["id"].as_str(), job["rev"].as_u64()) else { continue };
        if job["bodyMd"].is_string() && revs.get(id).is_none_or(|last| *last < rev) {
            found.push(("I4", format!("{id} had rev {rev} for {} and has {:?} in the end", op.client, revs.get(id))));
        }
    }
}
