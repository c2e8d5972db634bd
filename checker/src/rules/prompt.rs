//! I15: leases that are to end at once: a grant that two heartbeats have left out, whatever an emergency stop found held.

use std::collections::HashMap;

use super::calm::Calm;
use super::sight::Sight;
use crate::case::Case;
use crate::deed::{Ask, Deed, Fate};
use crate::fact::What;
use crate::findings::{Findings, Place};
use crate::names::Name;
use crate::track::{Lease, Track};

/// A grant that was left out has ended by then.
const TAKEN_BACK_MS: i64 = 2_000;
/// What went wrong so shortly before may still have effects: a product that reloads counts anew.
const BEFORE_MS: i64 = 5_000;

pub(super) fn check(case: &Case<'_>, track: &Track, sight: &Sight<'_>, calm: &Calm, findings: &mut Findings) {
    left_out(case, track, sight, calm, findings);
    stopped(case, track, sight, calm, findings);
}

/// A lease that two heartbeats of its holder do not list has not reached it: it is taken back with the second.
fn left_out(case: &Case<'_>, track: &Track, sight: &Sight<'_>, calm: &Calm, findings: &mut Findings) {
    let mut beats: HashMap<Name, Vec<&Deed>> = HashMap::new();
    for deed in case.deeds {
        if let (Ask::Heartbeat { factory, lists: true, .. }, Fate::Done) = (&deed.ask, deed.fate) {
            beats.entry(*factory).or_default().push(deed);
        }
    }
    let renewals = renewals(case);
    for lease in &track.leases {
        let Some(known) = sight.first(lease.job, track.changes[lease.granted].state.rev) else { continue };
        let beats = beats.get(&lease.holder).map(Vec::as_slice).unwrap_or_default();
        let after = &beats[beats.partition_point(|beat| beat.invoked < known)..];
        let renewed = renewals.get(&lease.job).map(Vec::as_slice).unwrap_or_default();
        let ended = lease.ended.map_or(calm.horizon, |end| track.changes[end].at);
        // What comes after its end need not be looked at.
        let before = |two: &&[&Deed]| case.jumped || two[1].at.saturating_add(TAKEN_BACK_MS) < ended;
        let still = after.windows(2).take_while(before).find(|two| {
            let since = two[0].at.saturating_sub(BEFORE_MS);
            let due = two[1].until.saturating_add(TAKEN_BACK_MS);
            let held = ended > due && calm.is_calm(since, due) && calm.is_once(since, due);
            held && leaves_out(two, lease.job, renewed)
        });
        if let Some([_, second]) = still.filter(|_| !is_parked(track, lease)) {
            let later = ended - second.until;
            let what = format!("epoch {} was held {later} ms after two heartbeats had left it out", lease.epoch);
            case.broken(findings, "I15", Place::job(lease.job).op(second.invoked), what);
        }
    }
}

/// Neither of two heartbeats, one after the other, lists the job, and nothing can have renewed its lease meanwhile.
fn leaves_out(two: &[&Deed], job: Name, renewed: &[(u64, u64)]) -> bool {
    let [first, second] = two else { return false };
    let lists = |beat: &Deed| match &beat.ask {
        Ask::Heartbeat { leases, .. } => leases.iter().any(|(listed, _)| *listed == job),
        _ => false,
    };
    let between = |(begun, over): &(u64, u64)| *begun < second.returned && *over > first.invoked;
    first.returned < second.invoked && !lists(first) && !lists(second) && !renewed.iter().any(between)
}

/// For each job when something was under way that may have renewed its lease.
fn renewals(case: &Case<'_>) -> HashMap<Name, Vec<(u64, u64)>> {
    let mut renewals: HashMap<Name, Vec<(u64, u64)>> = HashMap::new();
    for deed in case.deeds {
        // What is delivered twice may be delivered late.
        let over = if deed.sent == 1 { deed.returned } else { u64::MAX };
        let mut enter = |job: Name| renewals.entry(job).or_default().push((deed.invoked, over));
        match &deed.ask {
            Ask::Renew(fence) => enter(fence.job),
            Ask::Report(report) => enter(report.fence.job),
            Ask::Heartbeat { leases, .. } => leases.iter().for_each(|(job, _)| enter(*job)),
            _ => {}
        }
    }
    renewals
}

/// An emergency stop is answered when every lease that it found has ended.
fn stopped(case: &Case<'_>, track: &Track, sight: &Sight<'_>, calm: &Calm, findings: &mut Findings) {
    let stops: Vec<&Deed> = case.deeds.iter().filter(|deed| matches!(deed.ask, Ask::Estop)).collect();
    for deed in &stops {
        let together = |other: &&&Deed| {
            let over = if other.sent == 1 { other.returned } else { u64::MAX };
            other.invoked < deed.returned && over > deed.invoked
        };
        // One of those that come together stops the product; the others find that done, or under way.
        let alone = stops.iter().filter(together).count() == 1 && calm.is_once(deed.at, deed.until);
        if deed.fate != Fate::Done || !alone || !stops_it(case, deed) {
            continue;
        }
        for lease in &track.leases {
            let granted = sight.first(lease.job, track.changes[lease.granted].state.rev);
            let known = granted.is_some_and(|known| known < deed.invoked);
            let ended = lease.ended.is_some_and(|end| !sight.is_after(case, track, end, deed));
            if known && !ended && !is_parked(track, lease) {
                let what = format!("epoch {} was held after an emergency stop was answered", lease.epoch);
                case.broken(findings, "I15", Place::job(lease.job).op(deed.invoked), what);
            }
        }
    }
}

/// The product was stopped while this request was under way.
fn stops_it(case: &Case<'_>, deed: &Deed) -> bool {
    let mut stops = case.facts.iter().filter(|fact| matches!(fact.what, What::Estop));
    stops.any(|fact| (deed.at..=deed.until).contains(&fact.at))
}

/// The coordinator leaves the job alone until an operator takes it in hand.
fn is_parked(track: &Track, lease: &Lease) -> bool {
    track.jobs.get(&lease.job).is_some_and(|all| all.iter().any(|change| track.changes[*change].state.parked))
}
