//! What answers show: which `rev` of which record, and from which stamp on everybody could know it. Decides nothing.

use std::collections::HashMap;

use crate::case::Case;
use crate::deed::{Deed, Reply};
use crate::names::Name;
use crate::shown::Shown;
use crate::track::Track;

/// An answer that shows a job.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    /// The request, by its index.
    pub(super) deed: usize,
    pub(super) shown: &'a Shown,
    /// The request made this `rev`.
    pub(super) own: bool,
    /// The change that made it, if the log has it.
    pub(super) change: Option<usize>,
}

/// Everything that answers show of jobs.
pub(super) struct Sight<'a> {
    pub(super) views: Vec<View<'a>>,
    /// For each job the stamps at which an answer came, and the highest `rev` that was shown by then.
    known: HashMap<Name, Vec<(u64, u64)>>,
    /// The acknowledged request that made a change.
    pub(super) owner: Vec<Option<usize>>,
}

impl<'a> Sight<'a> {
    pub(super) fn of(case: &Case<'a>, track: &Track) -> Self {
        let mut views = Vec::new();
        for (deed, told) in case.deeds.iter().enumerate() {
            each(told, |shown, own| {
                views.push(View { deed, shown, own, change: track.made(shown.job, shown.rev) });
            });
        }
        let mut known: HashMap<Name, Vec<(u64, u64)>> = HashMap::new();
        let mut owner = vec![None; track.changes.len()];
        for view in &views {
            known.entry(view.shown.job).or_default().push((case.deeds[view.deed].returned, view.shown.rev));
            if let Some(change) = view.change.filter(|_| view.own) {
                owner[change].get_or_insert(view.deed);
            }
        }
        for seen in known.values_mut() {
            seen.sort_unstable();
            let mut highest = 0;
            for (_, rev) in seen.iter_mut() {
                highest = highest.max(*rev);
                *rev = highest;
            }
        }
        Self { views, known, owner }
    }

    /// The highest `rev` of a job that an answer had shown before this stamp; 0 if none had.
    pub(super) fn known(&self, job: Name, stamp: u64) -> u64 {
        let Some(seen) = self.known.get(&job) else { return 0 };
        let before = seen.partition_point(|(returned, _)| *returned < stamp);
        before.checked_sub(1).map_or(0, |last| seen[last].1)
    }

    /// The stamp of the first answer that showed this `rev` of a job, or a later one.
    pub(super) fn first(&self, job: Name, rev: u64) -> Option<u64> {
        let seen = self.known.get(&job)?;
        seen.get(seen.partition_point(|(_, highest)| *highest < rev)).map(|(returned, _)| *returned)
    }

    /// A change surely came about only after this request had been answered.
    pub(super) fn is_after(&self, case: &Case<'_>, track: &Track, change: usize, deed: &Deed) -> bool {
        let asked_later = self.owner[change].is_some_and(|owner| case.deeds[owner].invoked > deed.returned);
        asked_later || (deed.is_answered() && !case.jumped && track.changes[change].at > deed.until)
    }
}

/// Every job that an answer shows, and whether the request made the `rev` that is shown.
fn each<'a>(deed: &'a Deed, mut view: impl FnMut(&'a Shown, bool)) {
    match &deed.reply {
        Reply::Job(shown) => view(shown, deed.ask.writes() && !shown.repeated),
        Reply::Submitted(shown, created) => view(shown, *created),
        Reply::Entries(entries) => {
            for entry in entries {
                entry.job.iter().for_each(|shown| view(shown, entry.created));
            }
        }
        Reply::Grants(grants) => grants.iter().for_each(|grant| view(&grant.job, !grant.repeated)),
        Reply::Jobs(jobs) => jobs.iter().for_each(|shown| view(shown, false)),
        Reply::None
        | Reply::Renewed(_)
        | Reply::Beat(_)
        | Reply::Lease(_)
        | Reply::Runs(_)
        | Reply::Events(_)
        | Reply::Factories(_)
        | Reply::Product { .. }
        | Reply::Problem(_) => {}
    }
}
