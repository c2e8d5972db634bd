//! I15: a lease lives as long as it was promised, and not much longer.

use std::collections::HashMap;

use super::calm::Calm;
use crate::case::Case;
use crate::deed::{Ask, Deed, Fate, Held, Reply};
use crate::fact::What;
use crate::findings::{Findings, Place};
use crate::names::Name;
use crate::track::{Change, Lease, Track};

/// An end that is due is written within a second.
const LATE_MS: i64 = 1_000;
/// Leases that are held together before the reaper may brake.
const CROWD: usize = 20;
/// The longest lease.
const LONGEST_MS: i64 = 3_600_000;

/// What was promised to a lease's holder after the grant.
#[derive(Default)]
struct Promises {
    /// With the stamps between which it was promised.
    held: Vec<(u64, u64, Held)>,
    /// The latest instant at which a renewal may have come that nobody knows the outcome of.
    maybe: Option<i64>,
    /// Such a renewal may have asked for another length.
    unsure: bool,
}

pub(super) fn check(case: &Case<'_>, track: &Track, calm: &Calm, findings: &mut Findings) {
    let promises = promises(case, findings);
    let times = |change: &dyn Fn(&Lease) -> Option<usize>| {
        let mut times: Vec<i64> = track.leases.iter().filter_map(|l| Some(track.changes[change(l)?].at)).collect();
        times.sort_unstable();
        times
    };
    let (grants, ends) = (times(&|lease| Some(lease.granted)), times(&|lease| lease.ended));
    let none = Promises::default();
    for lease in &track.leases {
        let promised = promises.get(&(lease.job, lease.epoch)).unwrap_or(&none);
        let granted = track.changes[lease.granted].at;
        let ttl = i64::from(lease.ttl_sec) * 1_000;
        let (until, renewed) = last(promised, granted, ttl);
        let end = lease.ended.map(|end| &track.changes[end]);
        let expired = end.filter(|end| expires(case, end));
        if let Some(expired) = expired.filter(|_| !promised.unsure) {
            let sure = calm.is_calm(renewed, expired.at);
            let least = if sure { until } else { soft(track, lease, granted, renewed, until) };
            if expired.at < least && calm.is_once(renewed, expired.at) {
                let what = format!("epoch {} expired {} ms before its end", lease.epoch, least - expired.at);
                case.broken(findings, "I15", Place::job(lease.job).seq(case.facts[expired.first].seq), what);
            }
        }
        if promised.maybe == Some(i64::MAX) || case.jumped {
            continue;
        }
        let limit = promised.maybe.map_or(until, |at| until.max(at + LONGEST_MS));
        let held = grants.partition_point(|at| *at <= limit).saturating_sub(ends.partition_point(|at| *at < granted));
        let brake = if held >= CROWD || !case.alone { ttl } else { 0 };
        let due = limit + LATE_MS + brake;
        let ended = end.map_or(calm.horizon, |end| end.at);
        if ended > due && calm.is_calm(renewed, due) {
            let place = Place { seq: end.map(|end| case.facts[end.first].seq), ..Place::job(lease.job) };
            let how = if expired.is_some() { "expired" } else { "was still held" };
            let what = format!("epoch {} {how} {} ms after its end", lease.epoch, ended - limit);
            case.broken(findings, "I15", place, what);
        }
    }
}

fn expires(case: &Case<'_>, end: &Change) -> bool {
    case.facts[end.first..=end.last].iter().any(|fact| matches!(fact.what, What::Expired(_)))
}

/// When a lease ends by the last that was promised, and when it was last renewed.
fn last(promised: &Promises, granted: i64, ttl: i64) -> (i64, i64) {
    let shortened = promised.held.iter().any(|(.., held)| i64::from(held.ttl_sec) * 1_000 != ttl);
    let began = |(_, _, held): &&(u64, u64, Held)| held.expires_at - i64::from(held.ttl_sec) * 1_000;
    if !shortened {
        let best = promised.held.iter().map(|(.., held)| held.expires_at).max();
        let renewed = promised.held.iter().map(|one| began(&one)).max();
        return (best.unwrap_or(granted).max(granted + ttl), renewed.unwrap_or(granted).max(granted));
    }
    // Of those that came together nobody knows which was the last.
    let newest = promised.held.iter().map(|(invoked, ..)| *invoked).max().unwrap_or_default();
    let together = || promised.held.iter().filter(|(_, returned, _)| *returned > newest);
    let until = together().map(|(.., held)| held.expires_at).min();
    (until.unwrap_or(granted), together().map(|one| began(&one)).min().unwrap_or(granted).max(granted))
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
            if held.expires_at < least && !case.jumped {
                let what = format!("renewed for {} ms less than its length", least - held.expires_at);
                case.broken(findings, "I15", Place::job(job).op(deed.invoked), what);
            }
            promises.entry((job, held.epoch)).or_default().held.push((deed.invoked, deed.returned, held));
        };
        match (&deed.ask, &deed.reply) {
            (Ask::Renew(fence), Reply::Renewed(held)) => one(fence.job, *held),
            (Ask::Heartbeat { .. }, Reply::Beat(beat)) => beat.renewed.iter().for_each(|(job, held)| one(*job, *held)),
            _ => {}
        }
        if deed.fate == Fate::Done && deed.sent == 1 {
            continue;
        }
        // What is delivered twice may be delivered late.
        let at = if deed.is_answered() && deed.sent == 1 { deed.until } else { i64::MAX };
        for (lease, other) in maybe_renewed(deed) {
            let known = promises.entry(lease).or_default();
            known.maybe = Some(known.maybe.unwrap_or(at).max(at));
            known.unsure |= other;
        }
    }
    promises
}

/// The leases that a request may have renewed, and whether for another length.
fn maybe_renewed(deed: &Deed) -> Vec<((Name, u64), bool)> {
    match &deed.ask {
        Ask::Renew(fence) => vec![((fence.job, fence.epoch), fence.ttl_sec.is_some())],
        Ask::Heartbeat { leases, .. } => leases.iter().map(|lease| (*lease, false)).collect(),
        _ => Vec::new(),
    }
}
