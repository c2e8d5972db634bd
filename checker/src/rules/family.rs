//! A cancelled parent takes its unfinished children along, and what has settled keeps no parent waiting (I20).

use super::calm::Calm;
use crate::case::Case;
use crate::evidence::Moment;
use crate::fact::What;
use crate::findings::{Findings, Place};
use crate::names::Name;
use crate::track::{Change, State, Track};
use crate::words::{Reason, Stage};

/// Whoever has to do something with the end of another job is told so within this time.
const TOLD_MS: i64 = 5_000;
/// After everything has healed, whatever was missed is made up for within this time.
const MADE_UP_MS: i64 = 60_000;

pub(super) fn check(case: &Case<'_>, track: &Track, calm: &Calm, findings: &mut Findings) {
    let healed = case.marks.iter().rfind(|mark| mark.mark == Moment::Healed).map(|mark| mark.at);
    for (at, change) in track.changes.iter().enumerate() {
        if change.state.stage == Stage::Cancelled && matches!(case.facts[change.last].what, What::Cancelled(_)) {
            cancelled(case, track, calm, (at, healed), findings);
        }
    }
    for job in track.families.parts.keys() {
        left_waiting(case, track, calm, *job, healed, findings);
    }
}

/// What was unfinished below a cancelled job ends with it, unless somebody requeues it.
fn cancelled(case: &Case<'_>, track: &Track, calm: &Calm, (at, healed): (usize, Option<i64>), findings: &mut Findings) {
    let change = &track.changes[at];
    let soon = change.at.saturating_add(TOLD_MS);
    let late = healed.map(|healed| healed.max(change.at).saturating_add(MADE_UP_MS));
    let promised = calm.is_calm(change.at.saturating_sub(TOLD_MS), soon) && !case.jumped;
    let due = if promised { Some(soon) } else { late };
    // A parent that is requeued may be given other children.
    let until = track.next(at).map_or(calm.horizon, |next| track.changes[next].at);
    let Some(due) = due.filter(|due| *due < until) else { return };
    for part in track.families.parts.get(&change.job).into_iter().flatten() {
        let changes = track.jobs.get(part).map(Vec::as_slice).unwrap_or_default();
        if changes.first().is_none_or(|first| *first > at) {
            continue;
        }
        let changes = || changes.iter().map(|at| &track.changes[*at]);
        let requeued =
            |other: &Change| other.at >= change.at && matches!(case.facts[other.last].what, What::Requeued(_));
        let Some(then) = changes().take_while(|other| other.at <= due).last() else { continue };
        if then.state.stage.is_terminal() || changes().any(|other| other.state.parked || requeued(other)) {
            continue;
        }
        let what = format!("is {:?} {} ms after its parent was cancelled", then.state.stage, due - change.at);
        case.broken(findings, "family", Place::job(*part).seq(case.facts[then.last].seq), what);
    }
}

/// After everything has healed, no parent waits for children that have all settled.
fn left_waiting(case: &Case<'_>, track: &Track, calm: &Calm, job: Name, healed: Option<i64>, findings: &mut Findings) {
    let Some(last) = track.last(job) else { return };
    let State { stage, reason, parked, .. } = last.state;
    if stage != Stage::Blocked || reason != Some(Reason::Children) || parked {
        return;
    }
    let overruled = track.families.settled.get(&job).map(Vec::as_slice).unwrap_or_default();
    let parts = track.families.parts.get(&job).into_iter().flatten().filter(|part| !overruled.contains(part));
    let ends: Vec<&Change> = parts.filter_map(|part| track.last(*part)).collect();
    let since = ends.iter().map(|end| end.at).chain([last.at]).max().unwrap_or(last.at);
    let due = since.max(healed.unwrap_or(since)).saturating_add(TOLD_MS);
    let all = !ends.is_empty() && ends.iter().all(|end| end.state.stage.is_terminal());
    if all && calm.horizon > due && calm.is_calm(since, due) {
        let place = Place::job(job).seq(case.facts[last.last].seq);
        case.broken(findings, "I20", place, "waits for children that have settled");
    }
}
