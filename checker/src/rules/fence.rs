//! I3: only the holder of the current lease changes a job, and nobody who holds it is turned away.

use super::sight::Sight;
use crate::case::Case;
use crate::deed::{Ask, Beat, Deed, Fate, Fence, Reply};
use crate::fact::By;
use crate::findings::{Findings, Place};
use crate::names::Name;
use crate::track::Track;
use crate::words::Code;

/// An end that the coordinator has ordered is written within this time.
const SOON_MS: i64 = 5_000;

/// What every look at a fence needs.
struct Look<'a> {
    case: &'a Case<'a>,
    track: &'a Track,
    sight: &'a Sight<'a>,
    deed: &'a Deed,
}

pub(super) fn check(case: &Case<'_>, track: &Track, sight: &Sight<'_>, findings: &mut Findings) {
    for deed in case.deeds {
        let look = Look { case, track, sight, deed };
        let fence = match &deed.ask {
            Ask::Report(report) => Some(report.fence),
            Ask::Renew(fence) | Ask::Release(fence) => Some(*fence),
            _ => None,
        };
        if let Some(fence) = fence {
            match deed.fate {
                Fate::Done => look.accepted(fence, findings),
                Fate::Refused => {
                    look.refused(fence, findings);
                    look.charged(fence, findings);
                }
                Fate::NotDone | Fate::Unknown => {}
            }
        }
        if let (Ask::Heartbeat { factory, leases, .. }, Reply::Beat(beat)) = (&deed.ask, &deed.reply) {
            look.beat(*factory, leases, beat, findings);
        }
    }
}

impl Look<'_> {
    fn broken(&self, findings: &mut Findings, job: Name, what: impl Into<String>) {
        self.case.broken(findings, "I3", Place::job(job).op(self.deed.invoked), what);
    }

    /// The lease was held from before the request began until after it was answered, as far as anybody can know.
    fn held_throughout(&self, fence: &Fence) -> bool {
        let Some(lease) = self.track.lease(fence.job, fence.epoch) else { return false };
        let granted = self.track.changes[lease.granted].state.rev;
        let known = self.sight.known(fence.job, self.deed.invoked) >= granted;
        let ended = lease.ended.is_none_or(|end| self.sight.is_after(self.case, self.track, end, self.deed));
        fence.factory.is_none_or(|factory| factory == lease.holder) && known && ended
    }

    /// Everybody could know before the request began that the lease had ended.
    fn was_over(&self, fence: &Fence) -> bool {
        let end = self.track.lease(fence.job, fence.epoch).and_then(|lease| lease.ended);
        let ended = end.map(|end| self.track.changes[end].state.rev);
        ended.is_some_and(|rev| self.sight.known(fence.job, self.deed.invoked) >= rev)
    }

    fn accepted(&self, fence: Fence, findings: &mut Findings) {
        let Some(lease) = self.track.lease(fence.job, fence.epoch) else {
            let what = format!("accepted under epoch {}, which was never granted", fence.epoch);
            return self.broken(findings, fence.job, what);
        };
        if fence.factory.is_some_and(|factory| factory != lease.holder) {
            let what = format!("accepted from a factory that did not hold epoch {}", fence.epoch);
            return self.broken(findings, fence.job, what);
        }
        match &self.deed.reply {
            Reply::Renewed(held) if held.epoch != fence.epoch || self.was_over(&fence) => {
                self.broken(findings, fence.job, format!("epoch {} was renewed, and had ended", fence.epoch));
            }
            Reply::Job(shown) if !shown.repeated => {
                let made = self.track.made(shown.job, shown.rev);
                let before = made.and_then(|made| self.track.before(made));
                if made.is_some() && before.is_none_or(|before| !before.holds(fence.epoch)) {
                    let what = format!("accepted under epoch {}, which was not held then", fence.epoch);
                    self.broken(findings, fence.job, what);
                }
            }
            _ => {}
        }
    }

    fn refused(&self, fence: Fence, findings: &mut Findings) {
        if !matches!(self.deed.code, Code::StaleLease | Code::LeaseEnded) {
            return;
        }
        if self.held_throughout(&fence) {
            let what = format!("refused under epoch {}, which was held all the time", fence.epoch);
            self.broken(findings, fence.job, what);
        }
        let Reply::Problem(problem) = &self.deed.reply else { return };
        let Some(epoch) = problem.lease_epoch else {
            if self.deed.code == Code::StaleLease {
                self.broken(findings, fence.job, "refused as stale without the job's epoch");
            }
            return;
        };
        self.plausible(fence.job, epoch, findings);
    }

    /// Usage that comes with a stale report is charged to the run of its epoch.
    fn charged(&self, fence: Fence, findings: &mut Findings) {
        let (Ask::Report(report), Reply::Problem(problem)) = (&self.deed.ask, &self.deed.reply) else { return };
        let lease = self.track.lease(fence.job, fence.epoch);
        let ours = lease.is_some_and(|lease| fence.factory.is_none_or(|factory| factory == lease.holder));
        let stale = self.deed.code == Code::StaleLease && self.was_over(&fence);
        if report.usage && stale && ours && !problem.usage_accepted {
            let place = Place::job(fence.job).op(self.deed.invoked);
            self.case.broken(findings, "I11", place, format!("usage under epoch {} was fenced away", fence.epoch));
        }
    }

    /// The epoch that a refusal names was the job's at some time while it was decided.
    fn plausible(&self, job: Name, epoch: u64, findings: &mut Findings) {
        let Some(changes) = self.track.jobs.get(&job) else { return };
        let of = |change: &usize| self.track.changes[*change].state.epoch;
        let after = changes.partition_point(|change| of(change) <= epoch);
        let last = after.checked_sub(1).map(|at| changes[at]).filter(|change| of(change) == epoch);
        let first = changes.get(changes.partition_point(|change| of(change) < epoch)).copied();
        let Some(last) = last else {
            return self.broken(findings, job, format!("refused with epoch {epoch}, which the job never had"));
        };
        if self.sight.known(job, self.deed.invoked) > self.track.changes[last].state.rev && after < changes.len() {
            let known = self.track.made(job, self.sight.known(job, self.deed.invoked));
            if known.is_some_and(|known| of(&known) > epoch) {
                self.broken(findings, job, format!("refused with epoch {epoch}, and a later one had been shown"));
            }
        }
        if first.is_some_and(|first| self.sight.is_after(self.case, self.track, first, self.deed)) {
            self.broken(findings, job, format!("refused with epoch {epoch} before the job had it"));
        }
    }

    fn beat(&self, factory: Name, listed: &[(Name, u64)], beat: &Beat, findings: &mut Findings) {
        let fence = |(job, epoch): (Name, u64)| Fence { job, epoch, factory: Some(factory), ttl_sec: None };
        for (job, held) in &beat.renewed {
            self.accepted(fence((*job, held.epoch)), findings);
            if !listed.contains(&(*job, held.epoch)) {
                self.broken(findings, *job, format!("epoch {} was renewed, and not listed", held.epoch));
            }
            if self.was_over(&fence((*job, held.epoch))) {
                self.broken(findings, *job, format!("epoch {} was renewed, and had ended", held.epoch));
            }
        }
        for lost in &beat.lost {
            if self.held_throughout(&fence(*lost)) && !self.may_be_ending(lost.0, lost.1) {
                self.broken(findings, lost.0, format!("epoch {} was told lost, and was held all the time", lost.1));
            }
        }
        for named in listed {
            let renewed = beat.renewed.iter().any(|(job, held)| (*job, held.epoch) == *named);
            if !renewed && !beat.lost.contains(named) && self.held_throughout(&fence(*named)) {
                self.broken(findings, named.0, format!("epoch {} was listed, and nothing was said of it", named.1));
            }
        }
        for named in &beat.unlisted {
            let lease = self.track.lease(named.0, named.1);
            if lease.is_none_or(|lease| lease.holder != factory) || self.was_over(&fence(*named)) {
                self.broken(findings, named.0, format!("epoch {} was missed in a list, and is not its", named.1));
            }
        }
    }

    /// Its end may have been ordered and not have been written yet: it was due by the clock, or came soon after.
    fn may_be_ending(&self, job: Name, epoch: u64) -> bool {
        let Some(lease) = self.track.lease(job, epoch) else { return true };
        let granted = self.track.changes[lease.granted].at;
        let due = self.deed.until >= granted.saturating_add(i64::from(lease.ttl_sec) * 1_000);
        let end = lease.ended.map(|end| &self.track.changes[end]);
        let soon =
            end.is_some_and(|end| end.by == By::Coordinator && end.at <= self.deed.until.saturating_add(SOON_MS));
        due || soon || self.case.jumped
    }
}
