//! Holds the history against what the coordinator says of itself: log and records.

use std::collections::{BTreeMap, BTreeSet};

use checker::{Line, Op, Record};
use serde_json::Value;

use super::evidence::Evidence;

/// What a check came to.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) violations: Vec<String>,
    pub(crate) acknowledged: u64,
    pub(crate) unknown: u64,
    pub(crate) events: u64,
}

#[derive(Default)]
struct Job {
    revs: BTreeSet<u64>,
    last_epoch: u64,
    held: Option<u64>,
    created: u32,
    shipped: bool,
}

/// Judges.
pub(crate) fn judge(history: &[Line], evidence: &Evidence) -> Verdict {
    let mut verdict = Verdict { events: evidence.events.len() as u64, ..Verdict::default() };
    let mut jobs: BTreeMap<(String, String), Job> = BTreeMap::new();
    let mut next: BTreeMap<&str, u64> = BTreeMap::new();
    for event in &evidence.events {
        let next = next.entry(&event.product).or_default();
        *next += 1;
        if event.seq != *next {
            verdict.violations.push(format!("{}: seq {} in place of {next}", event.product, event.seq));
        }
        let Some(id) = &event.job_id else { continue };
        let data: Value = serde_json::from_str(event.data.get()).unwrap();
        let job = jobs.entry((event.product.clone(), id.clone())).or_default();
        if let Some(wrong) = follow(job, &event.kind, &data, event.rev) {
            verdict.violations.push(format!("{id} seq {} {}: {wrong}", event.seq, event.kind));
        }
    }
    for line in history {
        if let Line::Op(op) = line {
            told(op, &jobs, &mut verdict);
        }
    }
    for Record { product, job, .. } in &evidence.records {
        let Some(job) = job else { continue };
        let shown: Value = serde_json::from_str(job.get()).unwrap();
        let id = shown["id"].as_str().unwrap().to_owned();
        let rev = shown["rev"].as_u64();
        let known = jobs.get(&(product.clone(), id.clone())).and_then(|job| job.revs.last().copied());
        if rev != known {
            verdict.violations.push(format!("{id}: the record has rev {rev:?}, the log {known:?}"));
        }
    }
    verdict
}

fn follow(job: &mut Job, kind: &str, data: &Value, rev: Option<u64>) -> Option<String> {
    let mut wrong = None;
    if job.shipped && kind != "job.fenced" {
        wrong = Some("after it was shipped".to_owned());
    }
    job.revs.extend(rev);
    match kind {
        "job.created" => job.created += 1,
        "job.leased" => {
            let epoch = data["epoch"].as_u64().unwrap();
            if let Some(held) = job.held.replace(epoch) {
                wrong = Some(format!("e{epoch} while e{held} is held"));
            }
            if epoch <= job.last_epoch {
                wrong = Some(format!("e{epoch} again"));
            }
            job.last_epoch = epoch;
        }
        "job.released" | "job.lease_expired" | "job.retry" | "job.dead_lettered" | "job.failed" | "job.cancelled"
        | "job.requeued" | "job.rejected" | "job.needs_input" => job.held = None,
        "job.shipped" => (job.held, job.shipped) = (None, true),
        _ => {}
    }
    if job.created != 1 { Some(format!("created {} times", job.created)) } else { wrong }
}

/// What an answer told must be in the log.
fn told(op: &Op, jobs: &BTreeMap<(String, String), Job>, verdict: &mut Verdict) {
    let Some(status) = op.status else {
        verdict.unknown += 1;
        return;
    };
    if !(200..300).contains(&status) {
        return;
    }
    verdict.acknowledged += u64::from(op.method != "GET");
    let Some(answer) = &op.answer else { return };
    let answer: Value = serde_json::from_str(answer.get()).unwrap();
    let one = [&answer, &answer["job"]];
    let lists = ["results", "grants", "data"].iter().filter_map(|list| answer[*list].as_array()).flatten();
    for shown in one.into_iter().chain(lists.flat_map(|entry| [entry, &entry["job"]])) {
        let (Some(id), Some(rev), Some(_)) = (shown["id"].as_str(), shown["rev"].as_u64(), shown["stage"].as_str())
        else {
            continue;
        };
        let dry = op.path.contains("dryRun");
        let known = jobs.get(&(op.product.clone(), id.to_owned())).is_some_and(|job| job.revs.contains(&rev));
        if !known && !dry {
            verdict.violations.push(format!("{id} rev {rev} was told at {} and is not in the log", op.invoked));
        }
    }
}
