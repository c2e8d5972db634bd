//! Every answer is the record as its `rev` left it; what was acknowledged or shown is in the log (I4).

use std::fmt::Debug;

use super::sight::{Sight, View};
use crate::case::Case;
use crate::deed::{Ask, Deed, Reply};
use crate::findings::{Findings, Place};
use crate::names::Name;
use crate::shown::{Factory, Run, Shown};
use crate::track::{CardChange, Lease, Presence, State, Track};
use crate::words;

pub(super) fn check(case: &Case<'_>, track: &Track, sight: &Sight<'_>, findings: &mut Findings) {
    for view in &sight.views {
        job(case, track, view, findings);
    }
    for deed in case.deeds {
        others(case, track, sight, deed, findings);
    }
}

fn job(case: &Case<'_>, track: &Track, view: &View<'_>, findings: &mut Findings) {
    let (shown, deed) = (view.shown, &case.deeds[view.deed]);
    let place = Place::job(shown.job).op(deed.invoked);
    if deed.ask.job().is_some_and(|job| job != shown.job) {
        return case.broken(findings, "answer", place, "is not the job that was asked for");
    }
    let Some(change) = view.change else {
        let last = track.last(shown.job).map_or(0, |change| change.state.rev);
        let how = if view.own { "acknowledged" } else { "shown" };
        let what = format!("rev {} was {how}, and is not in the log, which ends at rev {last}", shown.rev);
        return case.broken(findings, "I4", place, what);
    };
    let change = &track.changes[change];
    let place = place.seq(case.facts[change.last].seq);
    if let Some(what) = differs(case, shown, &change.state) {
        case.broken(findings, "answer", place, format!("rev {} was shown with {what}", shown.rev));
    }
}

/// A lease that is shown by itself was the job's at some time while it was asked for.
fn lease(
    case: &Case<'_>,
    track: &Track,
    sight: &Sight<'_>,
    deed: &Deed,
    shown: &crate::shown::Lease,
) -> Option<String> {
    let job = deed.ask.job()?;
    let known = sight.known(job, deed.invoked);
    let same = |state: &State| match state.lease {
        None => shown.status == words::Status::None && shown.epoch == state.epoch,
        Some(lease) => (shown.holder, shown.epoch, shown.status) == (Some(lease.holder), lease.epoch, lease.status),
    };
    let changes = track.jobs.get(&job).map(Vec::as_slice).unwrap_or_default();
    // The last `rev` that was known then counts as well: nothing may have happened since.
    let from = changes.partition_point(|change| track.changes[*change].state.rev < known);
    let within = changes[from..].iter().take_while(|change| !sight.is_after(case, track, **change, deed));
    let found = within.into_iter().any(|change| same(&track.changes[*change].state));
    (!found).then(|| format!("the lease was shown {:?} under epoch {}", shown.status, shown.epoch))
}

/// The first member in which a shown job is not what it ought to be.
pub(super) fn differs(case: &Case<'_>, shown: &Shown, state: &State) -> Option<String> {
    let lease = state.lease.map(|lease| (Some(lease.holder), lease.epoch, lease.status));
    let shown_lease = shown.lease.map(|lease| (lease.holder, lease.epoch, lease.status));
    let name = |(holder, epoch, status): (Option<Name>, u64, words::Status)| {
        format!("{status:?} epoch {epoch} by {}", holder.map_or("nobody", |holder| case.text(holder)))
    };
    let before = state.not_before;
    [
        member("stage", shown.stage, state.stage),
        member("blockedReason", shown.reason, state.reason),
        member("leaseEpoch", shown.epoch, state.epoch),
        member("lease", shown_lease.map(name), lease.map(name)),
        member("attempt", shown.attempt, state.attempt),
        member("result", shown.outcome, state.outcome),
        member("checkpoint", shown.checkpoint, state.checkpoint),
        member("approvals", shown.approvals, state.approvals),
        member("notes", shown.notes, state.notes),
        member("question", shown.question, state.question),
        before.and_then(|before| member("notBefore", shown.not_before, before)),
        member("createdAt", shown.created_at, state.created_at),
        member("updatedAt", shown.updated_at, state.updated_at),
        member("queuedAt", shown.queued_at, state.queued_at),
        member("finishedAt", shown.finished_at, state.finished_at),
    ]
    .into_iter()
    .flatten()
    .next()
}

pub(super) fn member<T: PartialEq + Debug>(name: &str, shown: T, due: T) -> Option<String> {
    (shown != due).then(|| format!("{name} {shown:?} where {due:?} was due"))
}

/// What answers show besides jobs.
fn others(case: &Case<'_>, track: &Track, sight: &Sight<'_>, deed: &Deed, findings: &mut Findings) {
    let place = Place::default().op(deed.invoked);
    match &deed.reply {
        Reply::Lease(shown) => {
            if let Some(what) = lease(case, track, sight, deed, shown) {
                case.broken(findings, "answer", Place { job: deed.ask.job(), ..place }, what);
            }
        }
        Reply::Runs(runs) => {
            for found in runs {
                if deed.ask.job() != Some(found.job) {
                    case.broken(findings, "answer", Place::job(found.job).op(deed.invoked), "a run of another job");
                }
                if let Some(what) = run(case, track, found) {
                    case.broken(findings, "answer", Place::job(found.job).op(deed.invoked), what);
                }
            }
        }
        Reply::Grants(grants) => {
            for grant in grants {
                let place = Place::job(grant.job.job).op(deed.invoked);
                if let Some(what) = run(case, track, &grant.run) {
                    case.broken(findings, "answer", place, what);
                }
                let active = grant
                    .job
                    .lease
                    .is_some_and(|lease| lease.epoch == grant.lease.epoch && lease.status == words::Status::Held);
                if grant.active != active {
                    case.broken(findings, "answer", place, format!("leaseActive {} beside its job", grant.active));
                }
            }
        }
        Reply::Events(events) => log(case, deed, events, findings),
        Reply::Factories(factories) => {
            let asked = match deed.ask {
                Ask::Factory(id) | Ask::Drain(id) | Ask::Undrain(id) => Some(id),
                _ => None,
            };
            for one in factories {
                if asked.is_some_and(|id| id != one.id) {
                    case.broken(findings, "answer", place, "is not the factory that was asked for");
                }
                factory(case, track, one, place, findings);
            }
        }
        Reply::Beat(beat) => factory(case, track, &beat.factory, place, findings),
        Reply::Product { paused } if *paused != matches!(deed.ask, Ask::Pause | Ask::Estop) => {
            case.broken(findings, "answer", place, format!("paused: {paused}"));
        }
        _ => {}
    }
}

/// What is wrong with a run that is shown.
pub(super) fn run(case: &Case<'_>, track: &Track, run: &Run) -> Option<String> {
    let Some(lease) = track.lease(run.job, run.epoch) else {
        return Some(format!("a run under epoch {}, which was never granted", run.epoch));
    };
    let Lease { holder, ordinal, run: id, granted, ended, .. } = *lease;
    let began = track.changes[granted].at;
    let what = [
        member("id", case.text(run.id), case.text(id)),
        member("factoryId", case.text(run.factory), case.text(holder)),
        member("attempt", run.ordinal, ordinal),
        member("startedAt", run.started_at, began),
    ];
    let what = what.into_iter().flatten().next().or_else(|| {
        // One that goes on may have been shown before it ended.
        let at = run.ended_at?;
        let Some(end) = ended else { return Some("its end, and its lease is held".to_owned()) };
        let outcome = case.facts[track.changes[end].first..=track.changes[end].last].iter().find_map(|f| f.what.end());
        member("endedAt", at, track.changes[end].at)
            .or_else(|| member("result", run.outcome, outcome.map(|end| end.outcome)))
    });
    what.map(|what| format!("the run of epoch {} with {what}", run.epoch))
}

fn factory(case: &Case<'_>, track: &Track, shown: &Factory, place: Place, findings: &mut Findings) {
    let name = case.text(shown.id);
    let Some(change) = track.factory(shown.id, shown.rev) else {
        let what = format!("factory {name} was shown with rev {}, which is not in the log", shown.rev);
        return case.broken(findings, "I4", place, what);
    };
    if let Some(what) = factory_differs(shown, change) {
        case.broken(findings, "answer", place, format!("factory {name} rev {} with {what}", shown.rev));
    }
}

/// The first member in which a shown factory is not what it ought to be.
pub(super) fn factory_differs(shown: &Factory, change: &CardChange) -> Option<String> {
    let due = match (change.presence, change.draining) {
        (Presence::Offline, _) => words::Presence::Offline,
        (Presence::Stale, _) => words::Presence::Stale,
        (Presence::Online, true) => words::Presence::Draining,
        (Presence::Online, false) => words::Presence::Online,
    };
    member("state", shown.presence, due)
        .or_else(|| member("seatLimit", shown.card.seats, change.card.seats))
        .or_else(|| member("health", shown.card.health, change.card.health))
        .or_else(|| member("heartbeatSec", shown.card.heartbeat_sec, change.card.heartbeat_sec))
        .or_else(|| (shown.card.capabilities != change.card.capabilities).then(|| "other capabilities".to_owned()))
}

/// A page of a log is that part of the log.
fn log(case: &Case<'_>, deed: &Deed, events: &[(u64, u64)], findings: &mut Findings) {
    for (seq, print) in events {
        let place = Place::default().op(deed.invoked).seq(*seq);
        let known = case.facts.binary_search_by_key(seq, |fact| fact.seq);
        match known.map(|at| case.facts[at].print == *print) {
            Ok(true) => {}
            Ok(false) => case.broken(findings, "I13", place, "the event was another one when it was shown"),
            Err(_) => case.broken(findings, "I13", place, "the event was shown, and is not in the log"),
        }
    }
}
