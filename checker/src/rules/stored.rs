//! What lies in a data directory beside the records agrees with the log: chains of events, editions, receipts.

use std::collections::{HashMap, HashSet};

use crate::case::{Case, Receipt, Stored};
use crate::fact::What;
use crate::findings::{Findings, Place};
use crate::names::Name;
use crate::track::Track;

/// Receipts are swept after 7 days; younger ones than this are there.
const KEPT_MS: i64 = 6 * 24 * 3_600_000;

pub(super) fn check(case: &Case<'_>, track: &Track, findings: &mut Findings) {
    let Some(stored) = &case.dump.stored else { return };
    let mut last: HashMap<Name, (u64, u32)> = HashMap::new();
    for fact in case.facts {
        let Some(job) = fact.job else { continue };
        let (before, editions) = last.entry(job).or_insert((0, 1));
        let due = Some(*before).filter(|seq| *seq > 0);
        let prev = stored.prev.get(&fact.seq).copied().flatten();
        if prev != due {
            let what = format!("the event before it is {prev:?}, where {due:?} was due");
            case.broken(findings, "data", Place::job(job).seq(fact.seq), what);
        }
        *before = fact.seq;
        *editions += u32::from(matches!(fact.what, What::Edited { .. }));
    }
    for (job, found) in &stored.jobs {
        let Some((seq, editions)) = last.get(job) else { continue };
        let place = Place::job(*job);
        if found.last_seq != *seq {
            let what = format!("its last event is said to be {}, and is {seq}", found.last_seq);
            case.broken(findings, "data", place, what);
        }
        if (found.edition, found.editions) != (*editions, *editions) {
            let what =
                format!("edition {} of {} is its spec, where {editions} were made", found.edition, found.editions);
            case.broken(findings, "data", place, what);
        }
    }
    receipts(case, track, stored, findings);
}

fn receipts(case: &Case<'_>, track: &Track, stored: &Stored, findings: &mut Findings) {
    let mut claims = HashSet::new();
    for receipt in &stored.receipts {
        if let Some(what) = odd(track, receipt) {
            let kind = if receipt.claim { "claim" } else { "report" };
            let what = format!("the receipt of {kind} {} {what}", case.text(receipt.id));
            case.broken(findings, "data", Place::job(receipt.job), what);
        }
        if receipt.claim {
            claims.insert((receipt.of, receipt.id));
        }
    }
    let newest = case.facts.iter().map(|fact| fact.at).max().unwrap_or_default();
    for lease in &track.leases {
        let Some(claim) = lease.claim else { continue };
        let granted = &track.changes[lease.granted];
        if newest - granted.at < KEPT_MS && !claims.contains(&(lease.holder, claim)) {
            let place = Place::job(lease.job).seq(case.facts[granted.first].seq);
            case.broken(findings, "data", place, format!("claim {} has left no receipt", case.text(claim)));
        }
    }
}

/// What is wrong with a receipt.
fn odd(track: &Track, receipt: &Receipt) -> Option<String> {
    let Some(lease) = track.lease(receipt.job, receipt.epoch) else {
        return Some(format!("is of epoch {}, which was never granted", receipt.epoch));
    };
    let granted = &track.changes[lease.granted];
    let last = track.last(receipt.job).map_or(0, |change| change.state.rev);
    if receipt.claim {
        let same = lease.holder == receipt.of && lease.claim == Some(receipt.id);
        let made = granted.state.rev == receipt.rev;
        return (!same || !made).then(|| "is not that of its grant".to_owned());
    }
    let within = (granted.state.rev..=last).contains(&receipt.rev) && receipt.at >= granted.at;
    (!within).then(|| format!("is of rev {}, which its lease did not make", receipt.rev))
}
