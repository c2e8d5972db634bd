//! I15: a lease lives as long as it was promised, and not much longer.

use std::collections::HashMap;

use super::calm::Calm;
use crate::case::Case;
use crate::deed::{Ask, Deed, Fate, Held, Reply};
use crate::fact::What;
use crate::findings::{Findings, Place};
use crate::names::Name;
use crate::track::{Lease, Track};

/// An end that is due is written within a second.
const LATE_MS: i64 = 1_000;
/// Leases that fall due together before the reaper may brake.
const CROWD: usize = 20;

/// What was promised to a lease's holder after the grant.
#[derive(Default)]
struct Promises {
    held: Vec<(u64, Held)>,
    /// Renewals that nobody knows the outcome of: the latest instant at which one may have come.
    maybe: Option<(i64, u32)>,
}

pub(super) fn check(case: &Case<'_>, track: &Track, calm: &Calm<'_>, findings: &mut Findings) {
    let promises = promises(case, findings);
    let mut ends: Vec<i64> = track.leases.iter().filter_map(|lease| Some(track.changes[lease.ended?].at)).collect();
    ends.sort_unstable();
    let none = Promises::default();
    for lease in &track.leases {
        let promised = promises.get(&(lease.job, lease.epoch)).unwrap_or(&none);
        let granted = track.changes[lease.granted].at;
        let ttl = i64::from(lease.ttl_sec) * 1_000;
        let (until, renewed) = last(promised, granted, ttl);
        let end = lease.ended.map(|end| &track.changes[end]);
        let expired =
            end.filter(|end| case.facts[end.first..=end.last].iter().any(|fact| matches!(fact.what, What::Expired(_))));
        let place = |seq: Option<u64>| Place { seq, ..Place::job(lease.job) };
        if let Some(expired) = expired {
            let place = place(Some(case.facts[expired.first].seq));
            let least =
                if calm.is_calm(renewed, expired.at) { until } else { soft(track, lease, granted, renewed, until) };
            if expired.at < least {
                let what = format!("epoch {} expired {} ms before its end", lease.epoch, least - expired.at);
                case.broken(findings, "I15", place, what);
            }
        }
        let limit = match promised.maybe {
            Some((i64::MAX, _)) => continue,
            Some((at, ttl)) => until.max(at + i64::from(ttl) * 1_000),
            None => until,
        };
        let crowd = ends.partition_point(|at| *at <= limit + 10_000) - ends.partition_point(|at| *at < limit - 10_000);
        let brake = if crowd >= CROWD { ttl } else { 0 };
        let due = limit + LATE_MS + brake;
        let ended = end.map_or(calm.horizon, |end| end.at);
        if !case.jumped() && ended > due && calm.is_calm(renewed, ended.min(due)) {
            let what = match expired {
                Some(_) => format!("epoch {} expired {} ms after its end", lease.epoch, ended - limit),
                None => format!("epoch {} ran out, and was still held {} ms later", lease.epoch, ended - limit),
            };
            case.broken(findings, "I15", place(end.map(|end| case.facts[end.first].seq)), what);
        }
    }
}

/// When a lease ends by the last that was promised, and when it was last renewed.
fn last(promised: &Promises, granted: i64, ttl: i64) -> (i64, i64) {
    let shortened = promised.held.iter().any(|(_, held)| i64::from(held.ttl_sec) * 1_000 < ttl);
    let newest = promised.held.iter().map(|(invoked, _)| *invoked).max();
    let all = promised.held.iter().filter(|(invoked, _)| !shortened || Some(*invoked) == newest);
    let best = all.max_by_key(|(_, held)| held.expires_at);
    let Some((_, held)) = best else { return (granted + ttl, granted) };
    let until = if shortened { held.expires_at } else { held.expires_at.max(granted + ttl) };
    (until, (held.expires_at - i64::from(held.ttl_sec) * 1_000).max(granted))
}

/// When it may end at the earliest if the coordinator forgot what is soft: renewals that were not saved.
fn soft(track: &Track, lease: &Lease, granted: i64, renewed: i64, until: i64) -> i64 {
    let cards = track.factories.get(&lease.holder).map(Vec::as_slice).unwrap_or_default();
    let beat = cards.iter().map(|card| card.card.heartbeat_sec).min().unwrap_or(30);
    let grace = i64::from(lease.ttl_sec.min(beat.saturating_mul(3))) * 1_000;
    let saved = granted + i64::from(lease.ttl_sec) * 1_000;
    saved.max(renewed + grace).min(until)
}

fn promises(case: &Case<'_>, findings: &mut Findings) -> HashMap<(Name, u64), Promises> {
    let mut promises: HashMap<(Name, u64), Promises> = HashMap::new();
    for deed in case.deeds {
        let mut one = |job: Name, held: Held| {
            let least = deed.at + i64::from(held.ttl_sec) * 1_000;
            if held.expires_at < least && !case.jumped() {
                let what = format!("renewed for {} ms less than its length", least - held.expires_at);
                case.broken(findings, "I15", Place::job(job).op(deed.invoked), what);
            }
            promises.entry((job, held.epoch)).or_default().held.push((deed.invoked, held));
        };
        match (&deed.ask, &deed.reply) {
            (Ask::Renew(fence), Reply::Renewed(held)) => one(fence.job, *held),
            (Ask::Heartbeat { .. }, Reply::Beat(beat)) => beat.renewed.iter().for_each(|(job, held)| one(*job, *held)),
            _ => {}
        }
        for lease in maybe_renewed(deed) {
            let known = promises.entry(lease).or_default();
            let at = if deed.is_answered() { deed.until } else { i64::MAX };
            let (before, ttl) = known.maybe.unwrap_or((at, 3_600));
            known.maybe = Some((before.max(at), ttl));
        }
    }
    promises
}

/// The leases that a request may have renewed, though its answer does not say so.
fn maybe_renewed(deed: &Deed) -> Vec<(Name, u64)> {
    if deed.fate == Fate::Done && deed.sent == 1 {
        return Vec::new();
    }
    match &deed.ask {
        Ask::Renew(fence) => vec![(fence.job, fence.epoch)],
        Ask::Heartbeat { leases, .. } => leases.clone(),
        _ => Vec::new(),
    }
}
