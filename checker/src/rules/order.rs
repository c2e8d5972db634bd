//! I17: what was answered before another request began is not undone by it. Every answer stands at a place of the log;
//! an answer that began later stands nowhere before it.

use super::sight::Sight;
use crate::case::Case;
use crate::deed::Reply;
use crate::findings::{Findings, Place};
use crate::names::Name;
use crate::shown::Factory;
use crate::track::Track;

/// An answer's place in the log: after `from`, and before `until`.
struct Stand {
    deed: usize,
    job: Option<Name>,
    from: u64,
    until: u64,
}

pub(super) fn check(case: &Case<'_>, track: &Track, sight: &Sight<'_>, findings: &mut Findings) {
    for view in &sight.views {
        let deed = &case.deeds[view.deed];
        let known = sight.known(view.shown.job, deed.invoked);
        if known > view.shown.rev {
            let place = Place::job(view.shown.job).op(deed.invoked);
            let what = format!("shows rev {}, and rev {known} had been shown before it was asked", view.shown.rev);
            case.broken(findings, "I17", place, what);
        }
    }
    for deed in case.deeds.iter().filter(|deed| deed.status == 404) {
        let known = deed.ask.job().filter(|job| sight.known(*job, deed.invoked) > 0);
        if known.is_some() {
            let place = Place { job: known, ..Place::default() }.op(deed.invoked);
            case.broken(findings, "I17", place, "answered 404, and it had been shown before it was asked for");
        }
    }
    if !case.logged {
        return;
    }
    let mut stands = stands(case, track, sight);
    for stand in &stands {
        let deed = &case.deeds[stand.deed];
        let fact = case.facts.binary_search_by_key(&stand.from, |fact| fact.seq).ok().map(|at| &case.facts[at]);
        let change = stand.job.and_then(|job| Some((job, fact?.rev?))).and_then(|(job, rev)| track.made(job, rev));
        if change.is_some_and(|change| sight.is_after(case, track, change, deed)) {
            let place = Place { job: stand.job, ..Place::default() }.op(deed.invoked).seq(stand.from);
            case.broken(findings, "I17", place, "shows what was changed only after it had been answered");
        }
    }
    stands.sort_unstable_by_key(|stand| case.deeds[stand.deed].invoked);
    let mut ends: Vec<(u64, u64)> = stands.iter().map(|stand| (case.deeds[stand.deed].returned, stand.from)).collect();
    ends.sort_unstable();
    let (mut next, mut newest) = (0, 0);
    for stand in &stands {
        let deed = &case.deeds[stand.deed];
        while let Some((_, from)) = ends.get(next).filter(|(returned, _)| *returned < deed.invoked) {
            newest = newest.max(*from);
            next += 1;
        }
        if newest >= stand.until {
            let place = Place { job: stand.job, ..Place::default() }.op(deed.invoked).seq(stand.from);
            let what =
                format!("stands before seq {}, and seq {newest} had been shown before it was asked", stand.until);
            case.broken(findings, "I17", place, what);
        }
    }
}

fn stands(case: &Case<'_>, track: &Track, sight: &Sight<'_>) -> Vec<Stand> {
    let seq = |change: usize| case.facts[track.changes[change].first].seq;
    let mut stands = Vec::with_capacity(sight.views.len());
    for view in &sight.views {
        let Some(change) = view.change else { continue };
        let from = seq(change);
        // What a request changed itself stands exactly there.
        let until = if view.own { from } else { track.next(change).map_or(u64::MAX, seq) };
        stands.push(Stand { deed: view.deed, job: Some(view.shown.job), from, until });
    }
    for (deed, told) in case.deeds.iter().enumerate() {
        let mut one = |factory: &Factory| {
            let changes = track.factories.get(&factory.id).map(Vec::as_slice).unwrap_or_default();
            let Some(at) = changes.binary_search_by_key(&factory.rev, |change| change.rev).ok() else { return };
            let until = changes.get(at + 1).map_or(u64::MAX, |next| case.facts[next.fact].seq);
            stands.push(Stand { deed, job: None, from: case.facts[changes[at].fact].seq, until });
        };
        match &told.reply {
            Reply::Factories(factories) => factories.iter().for_each(one),
            Reply::Beat(beat) => one(&beat.factory),
            _ => {}
        }
    }
    stands
}
