//! Nothing comes out of nothing, and nothing happens twice: every change is one that exactly one request asked for.
//!
//! What was acknowledged names its change. What is left over by a factory or an operator has to be the doing of a request
//! whose outcome is unknown, or that was delivered more than once; that holds only where the history is complete.

use std::collections::HashMap;

use super::sight::Sight;
use crate::case::Case;
use crate::deed::{Action, Ask, Deed, Fate, Fence, Reply};
use crate::fact::{By, Fact, What};
use crate::findings::{Findings, Place};
use crate::names::Name;
use crate::track::{Track, word};
use crate::words::{Code, Outcome};

/// A kind of change that a request can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Submit(Option<Name>),
    /// A job was given children.
    Adopt(Name),
    Claim(Name, Option<Name>),
    Report(Name, u64),
    Release(Name, u64),
    Act(Name, Action),
    Edit(Name),
    /// A lease that an emergency stop ended.
    Stopped,
    Gate(Gate),
    Set,
    Beat(Name),
    Drain(Name),
    Undrain(Name),
    Fenced(Name, u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Gate {
    Pause,
    Resume,
    Estop,
}

/// What a request may have done: since when, how often at most, and whether its outcome is unknown.
struct Room {
    at: i64,
    left: u64,
    unknown: bool,
}

type Rooms = HashMap<Kind, Vec<Room>>;

pub(super) fn check(case: &Case<'_>, track: &Track, sight: &Sight<'_>, findings: &mut Findings) {
    let owned = owned(case, track, sight, findings);
    if !case.complete {
        return;
    }
    let mut rooms = rooms(case, &owned);
    let mut claims: HashMap<(Name, Option<Name>), i64> = HashMap::new();
    for deed in case.deeds {
        if let Ask::Claim(claim) = &deed.ask {
            let first = claims.entry((claim.factory, claim.id)).or_insert(deed.at);
            *first = deed.at.min(*first);
        }
    }
    for (at, change) in track.changes.iter().enumerate() {
        if sight.owner[at].is_some() || change.by == By::Coordinator {
            continue;
        }
        let fact = &case.facts[change.last];
        let Some(kind) = of_change(case, track, at) else { continue };
        if take(case, &mut rooms, kind, fact, findings) || given_back(case, track, &claims, at) {
            continue;
        }
        let what = format!("{}: no request asked for it, or one was carried out twice", word(fact));
        case.broken(findings, "origin", Place::job(change.job).seq(fact.seq), what);
    }
    for fact in case.facts {
        let Some(kind) = aside(fact) else { continue };
        if !take(case, &mut rooms, kind, fact, findings) {
            let what = format!("{}: no request asked for it", word(fact));
            case.broken(findings, "origin", Place { job: fact.job, ..Place::default() }.seq(fact.seq), what);
        }
    }
    let changes = |kind: &Kind| !matches!(kind, Kind::Stopped | Kind::Fenced(..));
    let left = rooms.iter().filter(|(kind, _)| changes(kind)).flat_map(|(_, rooms)| rooms);
    let left = left.filter(|room| room.unknown && room.left > 0).count();
    (0..left).for_each(|_| findings.seen("unknown outcome that was not committed"));
}

/// Matches acknowledged requests with the changes that they were told of. Counts them for each request.
fn owned(case: &Case<'_>, track: &Track, sight: &Sight<'_>, findings: &mut Findings) -> HashMap<usize, u64> {
    let mut owned: HashMap<usize, u64> = HashMap::new();
    let mut told = vec![None; track.changes.len()];
    for view in sight.views.iter().filter(|view| view.own) {
        let Some(change) = view.change else { continue };
        *owned.entry(view.deed).or_default() += 1;
        let deed = &case.deeds[view.deed];
        let fact = &case.facts[track.changes[change].last];
        let place = Place::job(view.shown.job).op(deed.invoked).seq(fact.seq);
        if let Some(first) = told[change].replace(deed.invoked) {
            let grant = matches!(deed.ask, Ask::Claim(_));
            let what = format!("{} was acknowledged to this request and to op {first}", word(fact));
            case.broken(findings, if grant { "I1" } else { "origin" }, place, what);
        }
        if let Ask::Act(_, _, Some(asked)) = deed.ask
            && fact.said.is_some_and(|said| said != asked)
        {
            let what = format!("{} says something else than this request asked for", word(fact));
            case.broken(findings, "origin", place, what);
        }
        if !answers(case, track, change, deed) {
            let what = format!("acknowledged with {}, which it did not ask for", word(fact));
            case.broken(findings, "origin", place, what);
        }
    }
    owned
}

/// A change is what the request asked for.
fn answers(case: &Case<'_>, track: &Track, change: usize, deed: &Deed) -> bool {
    let asked = match &deed.ask {
        Ask::Submit(_) | Ask::Batch(_) | Ask::Adopt(..) => {
            return of_change(case, track, change).is_some_and(|kind| matches!(kind, Kind::Submit(_)));
        }
        Ask::Claim(claim) => Kind::Claim(claim.factory, claim.id),
        Ask::Report(report) => Kind::Report(report.fence.job, report.fence.epoch),
        Ask::Release(fence) => Kind::Release(fence.job, fence.epoch),
        Ask::Act(job, action, _) => Kind::Act(*job, *action),
        Ask::Edit(job) => Kind::Edit(*job),
        _ => return true,
    };
    of_change(case, track, change) == Some(asked)
}

/// What kind of request makes such a change. None: no request does.
fn of_change(case: &Case<'_>, track: &Track, change: usize) -> Option<Kind> {
    let now = &track.changes[change];
    let job = now.job;
    let fact = &case.facts[now.last];
    let first = &case.facts[now.first];
    let epoch = track.before(change).map_or(0, |state| state.epoch);
    if let What::Created(..) = first.what {
        return Some(Kind::Submit(case.specs.get(&job).and_then(|spec| spec.key)));
    }
    if let What::Adopted { .. } = fact.what {
        return Some(Kind::Adopt(job));
    }
    if let By::Factory(_) = now.by {
        return Some(match &fact.what {
            What::Leased(grant) => Kind::Claim(grant.factory, grant.claim),
            What::Released { end, .. } if end.outcome != Outcome::Quota || end.epoch != epoch => {
                Kind::Release(job, epoch)
            }
            _ => Kind::Report(job, epoch),
        });
    }
    let action = match &fact.what {
        What::Requeued(_) => Action::Requeue,
        What::Rejected { .. } => Action::Reject,
        What::Cancelled(_) => Action::Cancel,
        What::Shipped(_) => Action::Ship,
        What::Approved { .. } => Action::Approve,
        What::Answered => Action::Answer,
        What::Edited { .. } => return Some(Kind::Edit(job)),
        What::Released { .. } => return Some(Kind::Stopped),
        _ => return None,
    };
    Some(Kind::Act(job, action))
}

/// What kind of request leaves an event that changes no job.
fn aside(fact: &Fact) -> Option<Kind> {
    let operator = matches!(fact.by, By::Operator(_));
    Some(match (&fact.what, fact.factory) {
        (What::Fenced { epoch, .. }, _) => Kind::Fenced(fact.job?, *epoch),
        // The coordinator changes a card where a run of its factory has ended at a usage limit.
        (What::Changed(_), _) if fact.by == By::Coordinator => return None,
        (What::Registered(_) | What::Changed(_), Some(factory)) => Kind::Beat(factory),
        (What::Draining, Some(factory)) if operator => Kind::Drain(factory),
        (What::Undrained, Some(factory)) if operator => Kind::Undrain(factory),
        (What::Paused, None) => Kind::Gate(Gate::Pause),
        (What::Resumed, None) => Kind::Gate(Gate::Resume),
        (What::Estop, None) => Kind::Gate(Gate::Estop),
        (What::Settings { .. }, None) => Kind::Set,
        _ => return None,
    })
}

/// What requests may have done beyond what they were told.
fn rooms(case: &Case<'_>, owned: &HashMap<usize, u64>) -> Rooms {
    let mut rooms = Rooms::new();
    for (at, deed) in case.deeds.iter().enumerate() {
        let mut enter = |kind, left: u64| {
            let unknown = deed.fate == Fate::Unknown;
            if left > 0 {
                rooms.entry(kind).or_default().push(Room { at: deed.at, left, unknown });
            }
        };
        // A request that was delivered twice may have been carried out and refused, in this order.
        let sent = u64::from(deed.sent);
        let beyond = if deed.fate == Fate::Unknown { sent } else { sent.saturating_sub(1) };
        let fence = |fence: &Fence| (fence.job, fence.epoch);
        match &deed.ask {
            Ask::Submit(submit) => {
                enter(Kind::Submit(submit.key), beyond);
                submit.below.iter().for_each(|key| enter(Kind::Submit(*key), carried(deed)));
                submit.parent.iter().for_each(|parent| enter(Kind::Adopt(*parent), carried(deed)));
            }
            Ask::Adopt(parent, keys) => {
                enter(Kind::Adopt(*parent), carried(deed));
                keys.iter().for_each(|key| enter(Kind::Submit(*key), beyond));
            }
            Ask::Batch(submits) => entries(deed, submits, beyond, &mut enter),
            Ask::Claim(claim) => {
                let more =
                    u64::from(claim.max).saturating_mul(sent).saturating_sub(owned.get(&at).copied().unwrap_or(0));
                let left = if deed.fate == Fate::Unknown { more } else { beyond * u64::from(claim.max) };
                enter(Kind::Claim(claim.factory, claim.id), left);
            }
            Ask::Report(report) => {
                let (job, epoch) = fence(&report.fence);
                enter(Kind::Report(job, epoch), beyond);
                enter(Kind::Fenced(job, epoch), fenced(deed, beyond));
            }
            Ask::Release(of) | Ask::Renew(of) => {
                let (job, epoch) = fence(of);
                if matches!(deed.ask, Ask::Release(_)) {
                    enter(Kind::Release(job, epoch), beyond);
                }
                enter(Kind::Fenced(job, epoch), fenced(deed, beyond));
            }
            Ask::Act(job, action, _) => enter(Kind::Act(*job, *action), beyond),
            Ask::Edit(job) => enter(Kind::Edit(*job), beyond),
            Ask::Pause => enter(Kind::Gate(Gate::Pause), carried(deed)),
            Ask::Resume => enter(Kind::Gate(Gate::Resume), carried(deed)),
            Ask::Estop => {
                enter(Kind::Gate(Gate::Estop), carried(deed));
                enter(Kind::Stopped, carried(deed).saturating_mul(u64::from(u32::MAX)));
            }
            Ask::Set => enter(Kind::Set, carried(deed)),
            Ask::Heartbeat { factory, .. } => enter(Kind::Beat(*factory), carried(deed)),
            Ask::Drain(factory) => enter(Kind::Drain(*factory), carried(deed)),
            Ask::Undrain(factory) => enter(Kind::Undrain(*factory), carried(deed)),
            _ => {}
        }
    }
    rooms
}

/// How often a request may have been carried out whose answer does not tell what it changed.
fn carried(deed: &Deed) -> u64 {
    match deed.fate {
        Fate::Done | Fate::Unknown => u64::from(deed.sent),
        Fate::Refused | Fate::NotDone => u64::from(deed.sent.saturating_sub(1)),
    }
}

/// How often a request may have been fenced.
fn fenced(deed: &Deed, beyond: u64) -> u64 {
    if deed.code == Code::StaleLease { u64::from(deed.sent) } else { beyond }
}

fn entries(deed: &Deed, submits: &[crate::deed::Submit], beyond: u64, enter: &mut impl FnMut(Kind, u64)) {
    for (at, submit) in submits.iter().enumerate() {
        let unknown = match &deed.reply {
            Reply::Entries(entries) => entries.get(at).is_some_and(|entry| entry.code == Code::OutcomeUnknown),
            _ => false,
        };
        enter(Kind::Submit(submit.key), if unknown { u64::from(deed.sent) } else { beyond });
    }
}

/// Takes a change from a request that had begun by then.
fn take(case: &Case<'_>, rooms: &mut Rooms, kind: Kind, fact: &Fact, findings: &mut Findings) -> bool {
    let begun = |room: &&mut Room| room.left > 0 && (room.at <= fact.at || case.jumped);

    let Some(room) = rooms.get_mut(&kind).and_then(|rooms| rooms.iter_mut().find(begun)) else { return false };
    room.left -= 1;
    if room.unknown && !matches!(kind, Kind::Stopped | Kind::Fenced(..)) {
        findings.seen("unknown outcome that was committed");
    }
    true
}

/// A grant that reached nobody and was taken back again: its claim was told that there is nothing.
fn given_back(case: &Case<'_>, track: &Track, claims: &HashMap<(Name, Option<Name>), i64>, change: usize) -> bool {
    let What::Leased(grant) = &case.facts[track.changes[change].last].what else { return false };
    let Some(end) = track.lease(track.changes[change].job, grant.epoch).and_then(|lease| lease.ended) else {
        return false;
    };
    let end = &track.changes[end];
    // Or it ran out, where a product that reloads has forgotten it, or an operator ended it first.
    let taken = !matches!(end.by, By::Factory(_));
    let asked = claims.get(&(grant.factory, grant.claim)).is_some_and(|at| *at <= track.changes[change].at);
    taken && asked
}
