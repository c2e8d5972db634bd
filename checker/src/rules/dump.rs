//! I8 and I23: the records at the end are what the log makes of them, and there are as many as were created.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::answers::{differs, factory_differs, run};
use crate::case::Case;
use crate::findings::{Findings, Place};
use crate::names::Name;
use crate::track::Track;
use crate::words::Stage;

pub(super) fn check(case: &Case<'_>, track: &Track, findings: &mut Findings) {
    findings.counts().changes += track.changes.len() as u64;
    if !case.logged || case.dump.is_empty() {
        return;
    }
    // A dump may be a part of the records; a data directory has all of them.
    let whole = case.complete || case.dump.stored.is_some();
    if whole || !case.dump.jobs.is_empty() {
        jobs(case, track, findings);
    }
    if whole || !case.dump.runs.is_empty() {
        runs(case, track, findings);
    }
    for shown in &case.dump.factories {
        let last = track.factories.get(&shown.id).and_then(|changes| changes.last());
        let what = match last {
            None => Some("which the log does not know".to_owned()),
            Some(last) if last.rev != shown.rev => Some(format!("at rev {} where {} is its last", shown.rev, last.rev)),
            Some(last) => factory_differs(shown, last).map(|what| format!("with {what}")),
        };
        if let Some(what) = what {
            let what = format!("the dump has factory {} {what}", case.text(shown.id));
            case.broken(findings, "I23", Place::default(), what);
        }
    }
    if let Some((paused, rev)) = case.dump.gate {
        let due = track.gates.last().is_some_and(|(_, paused)| *paused);
        if paused != due || rev.is_some_and(|rev| rev != track.gate_rev) {
            case.broken(findings, "I23", Place::default(), format!("the dump has paused: {paused} where {due} is due"));
        }
    }
}

fn jobs(case: &Case<'_>, track: &Track, findings: &mut Findings) {
    let mut stages: BTreeMap<Stage, i64> = BTreeMap::new();
    let mut dumped = HashSet::new();
    for shown in &case.dump.jobs {
        let place = Place::job(shown.job);
        *stages.entry(shown.stage).or_default() -= 1;
        if !dumped.insert(shown.job) {
            case.broken(findings, "I8", place, "stands twice in the dump");
        }
        let Some(last) = track.last(shown.job) else {
            case.broken(findings, "I8", place, "stands in the dump, and was never created");
            continue;
        };
        let place = place.seq(case.facts[last.last].seq);
        if shown.rev != last.state.rev {
            let what = format!("the dump has rev {} where {} is its last", shown.rev, last.state.rev);
            case.broken(findings, "I23", place, what);
        } else if let Some(what) = differs(case, shown, &last.state) {
            case.broken(findings, "I23", place, format!("the dump has {what}"));
        }
    }
    for job in track.jobs.keys() {
        let Some(last) = track.last(*job) else { continue };
        *stages.entry(last.state.stage).or_default() += 1;
        if !dumped.contains(job) {
            case.broken(findings, "I8", Place::job(*job), "was created, and is not in the dump");
        }
    }
    let off: Vec<String> = stages.iter().filter(|(_, n)| **n != 0).map(|(s, n)| format!("{s:?} {n:+}")).collect();
    if !off.is_empty() {
        let what = format!("jobs a stage by the log, against those of the dump: {}", off.join(", "));
        case.broken(findings, "I8", Place::default(), what);
    }
}

/// One run for each lease that ended.
fn runs(case: &Case<'_>, track: &Track, findings: &mut Findings) {
    let mut kept: HashMap<(Name, u64), u32> = HashMap::new();
    for found in &case.dump.runs {
        let twice = kept.entry((found.job, found.epoch)).or_default();
        *twice += 1;
        if *twice > 1 {
            let what = format!("two runs under epoch {}", found.epoch);
            case.broken(findings, "I23", Place::job(found.job), what);
        }
        if let Some(what) = run(case, track, found) {
            case.broken(findings, "I23", Place::job(found.job), format!("the dump has {what}"));
        }
    }
    for lease in track.leases.iter().filter(|lease| lease.ended.is_some()) {
        if !kept.contains_key(&(lease.job, lease.epoch)) {
            let what = format!("the run of epoch {} has ended, and is not in the dump", lease.epoch);
            case.broken(findings, "I23", Place::job(lease.job), what);
        }
    }
}
