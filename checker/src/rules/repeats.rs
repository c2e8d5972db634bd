//! I5 and I6: what carries an id can be sent again. A key names one job, a claim's id one grant, a report's id one
//! change; a repeat is answered so, and never turned away.

use std::collections::HashMap;

use super::sight::Sight;
use crate::case::Case;
use crate::deed::{Ask, Claim, Deed, Fate, Reply, Report, Submit};
use crate::findings::{Findings, Place};
use crate::names::Name;
use crate::shown::Shown;
use crate::track::Track;
use crate::words::{Code, Stage};

/// Ids are kept for 7 days.
const KEPT_MS: i64 = 7 * 24 * 3_600_000;

pub(super) fn check(case: &Case<'_>, track: &Track, sight: &Sight<'_>, findings: &mut Findings) {
    keys(case, findings);
    created_once(case, findings);
    reports(case, findings);
    claims(case, findings);
    granted_once(case, track, findings);
    if case.logged {
        for deed in case.deeds {
            truly_repeats(case, track, deed, findings);
            stage_repeats(case, track, sight, deed, findings);
        }
    }
}

/// A submit under a key and what became of it.
struct Keyed<'a> {
    deed: &'a Deed,
    submit: &'a Submit,
    status: u16,
    code: Code,
    job: Option<(&'a Shown, bool)>,
}

/// Everything that was submitted under a key.
fn keyed<'a>(case: &Case<'a>) -> HashMap<Name, Vec<Keyed<'a>>> {
    let mut keys: HashMap<Name, Vec<Keyed<'a>>> = HashMap::new();
    for deed in case.deeds {
        match (&deed.ask, &deed.reply) {
            (Ask::Submit(submit), reply) => {
                let Some(key) = submit.key else { continue };
                let job = if let Reply::Submitted(shown, created) = reply { Some((&**shown, *created)) } else { None };
                let (status, code) = (deed.status, deed.code);
                keys.entry(key).or_default().push(Keyed { deed, submit, status, code, job });
            }
            (Ask::Batch(submits), Reply::Entries(entries)) => {
                for (submit, entry) in submits.iter().zip(entries) {
                    let Some(key) = submit.key else { continue };
                    let job = entry.job.as_ref().map(|shown| (shown, entry.created));
                    let (status, code) = (entry.status, entry.code);
                    keys.entry(key).or_default().push(Keyed { deed, submit, status, code, job });
                }
            }
            _ => {}
        }
    }
    keys
}

fn keys(case: &Case<'_>, findings: &mut Findings) {
    for (key, submits) in keyed(case) {
        let key = case.text(key);
        let mut first: Option<(&Keyed<'_>, Name)> = None;
        let accepted = |keyed: &&Keyed<'_>| keyed.job.is_some();
        let created: Vec<_> = submits.iter().filter(accepted).filter(|keyed| keyed.job.is_some_and(|j| j.1)).collect();
        if let [_, second, ..] = created.as_slice() {
            let place = Place::default().op(second.deed.invoked);
            case.broken(findings, "I5", place, format!("the key {key} was told twice to have made a job"));
        }
        let mut by_end: Vec<&Keyed<'_>> = submits.iter().filter(accepted).collect();
        by_end.sort_by_key(|keyed| keyed.deed.returned);
        for keyed in &by_end {
            let Some((shown, _)) = keyed.job else { continue };
            let place = Place::job(shown.job).op(keyed.deed.invoked);
            let (early, job) = *first.get_or_insert((keyed, shown.job));
            if job != shown.job {
                case.broken(findings, "I5", place, format!("the key {key} names two jobs"));
            } else if case.specs.get(&job).is_some_and(|spec| spec.key.map(|key| case.text(key)) != Some(key)) {
                case.broken(findings, "I5", place, format!("the key {key} was answered with a job of another key"));
            } else if early.submit.other != keyed.submit.other {
                case.broken(findings, "I5", place, format!("the key {key} was accepted with two contents"));
            }
        }
        let Some((early, job)) = first else { continue };
        for later in submits.iter().filter(|later| later.deed.invoked > early.deed.returned) {
            let place = Place::job(job).op(later.deed.invoked);
            let mismatch = later.code == Code::IdempotencyMismatch;
            if mismatch && later.submit.same == early.submit.same {
                case.broken(findings, "I5", place, format!("a repeat under the key {key} was refused as another"));
            } else if later.status == 409 || later.job.is_some_and(|(_, created)| created) {
                case.broken(findings, "I5", place, format!("a repeat under the key {key} was not taken as one"));
            }
        }
    }
}

/// The jobs themselves show their keys.
fn created_once(case: &Case<'_>, findings: &mut Findings) {
    let mut jobs: HashMap<Name, Name> = HashMap::new();
    let mut all: Vec<_> = case.specs.iter().filter_map(|(job, spec)| Some((*job, spec.key?))).collect();
    all.sort_unstable();
    for (job, key) in all {
        if let Some(first) = jobs.insert(key, job) {
            let what = format!("has the key {} as job {} has", case.text(key), case.text(first));
            case.broken(findings, "I5", Place::job(job), what);
        }
    }
}

fn reports(case: &Case<'_>, findings: &mut Findings) {
    let mut ids: HashMap<(Name, Name), Vec<(&Deed, &Report)>> = HashMap::new();
    for deed in case.deeds {
        if let Ask::Report(report) = &deed.ask
            && let Some(id) = report.id
        {
            ids.entry((report.fence.job, id)).or_default().push((deed, report));
        }
    }
    for ((job, id), sent) in ids {
        let done = sent.iter().filter(|(deed, _)| deed.fate == Fate::Done);
        let Some((first, said)) = done.min_by_key(|(deed, _)| deed.returned) else { continue };
        let id = case.text(id);
        for (later, again) in sent.iter().filter(|(later, _)| later.invoked > first.returned) {
            if later.at.saturating_sub(first.at) > KEPT_MS || later.status == 400 {
                continue;
            }
            let place = Place::job(job).op(later.invoked);
            let repeated = if let Reply::Job(shown) = &later.reply { shown.repeated } else { false };
            if again.same == said.same {
                let taken = matches!(later.fate, Fate::NotDone | Fate::Unknown) || repeated;
                if !taken {
                    let what = format!("the repeat of report {id} was answered {} {:?}", later.status, later.code);
                    case.broken(findings, "I6", place, what);
                }
            } else if again.other != said.other && later.fate == Fate::Done {
                case.broken(findings, "I6", place, format!("report {id} was accepted with two contents"));
            }
        }
    }
}

fn claims(case: &Case<'_>, findings: &mut Findings) {
    let mut ids: HashMap<(Name, Name), Vec<(&Deed, &Claim)>> = HashMap::new();
    for deed in case.deeds {
        if let Ask::Claim(claim) = &deed.ask
            && let Some(id) = claim.id
        {
            ids.entry((claim.factory, id)).or_default().push((deed, claim));
        }
    }
    let grant = |deed: &Deed| match &deed.reply {
        Reply::Grants(grants) => grants.first().map(|grant| (grant.job.job, grant.lease.epoch, grant.repeated)),
        _ => None,
    };
    for ((_, id), sent) in ids {
        let granted = sent.iter().filter_map(|(deed, _)| Some((*deed, grant(deed)?)));
        let Some((first, (job, epoch, _))) = granted.min_by_key(|(deed, _)| deed.returned) else { continue };
        let id = case.text(id);
        for (later, _) in &sent {
            let place = Place::job(job).op(later.invoked);
            match grant(later) {
                Some((other, under, _)) if (other, under) != (job, epoch) => {
                    case.broken(findings, "I6", place, format!("claim {id} was granted twice"));
                }
                Some((_, _, false)) if later.invoked > first.returned => {
                    case.broken(findings, "I6", place, format!("the repeat of claim {id} was not told to be one"));
                }
                None if later.invoked > first.returned
                    && later.at.saturating_sub(first.at) <= KEPT_MS
                    && later.status != 400
                    && matches!(later.fate, Fate::Done | Fate::Refused) =>
                {
                    let what = format!("the repeat of claim {id} was answered {} {:?}", later.status, later.code);
                    case.broken(findings, "I6", place, what);
                }
                _ => {}
            }
        }
    }
}

/// The log has at most one grant for a claim's id.
fn granted_once(case: &Case<'_>, track: &Track, findings: &mut Findings) {
    let mut granted: HashMap<(Name, Name), usize> = HashMap::new();
    for (at, lease) in track.leases.iter().enumerate() {
        let Some(claim) = lease.claim else { continue };
        let (now, fact) = (&track.changes[lease.granted], &case.facts[track.changes[lease.granted].first]);
        if let Some(first) = granted.insert((lease.holder, claim), at)
            && now.at.saturating_sub(track.changes[track.leases[first].granted].at) <= KEPT_MS
        {
            let what = format!("claim {} was granted a second time", case.text(claim));
            case.broken(findings, "I6", Place::job(lease.job).seq(fact.seq), what);
        }
    }
}

/// Who is told that a report repeats one had it accepted before.
fn truly_repeats(case: &Case<'_>, track: &Track, deed: &Deed, findings: &mut Findings) {
    let (Ask::Report(report), Reply::Job(shown)) = (&deed.ask, &deed.reply) else { return };
    let Some(stage) = report.stage.filter(|_| shown.repeated) else { return };
    let Some(lease) = track.lease(report.fence.job, report.fence.epoch) else { return };
    let last = lease.ended.unwrap_or(track.changes.len());
    let changes = track.jobs.get(&lease.job).map(Vec::as_slice).unwrap_or_default();
    let from = changes.partition_point(|change| *change < lease.granted);
    let under = changes[from..].iter().take_while(|change| **change <= last).map(|change| &track.changes[*change]);
    let reached = |state: &crate::track::State| state.lease.is_some_and(|lease| lease.reached == stage);
    if stage == Stage::Assigned || under.into_iter().any(|change| reached(&change.state)) {
        return;
    }
    let what = format!("told to repeat a report of {stage:?}, which was never accepted");
    case.broken(findings, "I6", Place::job(lease.job).op(deed.invoked), what);
}

/// Without an id, the furthest stage that was reached under an epoch is a repeat, also after the lease has ended.
fn stage_repeats(case: &Case<'_>, track: &Track, sight: &Sight<'_>, deed: &Deed, findings: &mut Findings) {
    let Ask::Report(report) = &deed.ask else { return };
    let refused = matches!(deed.code, Code::StaleLease | Code::LeaseEnded | Code::IllegalTransition);
    let (Some(stage), true) = (report.stage, refused && report.id.is_none() && !report.checkpoint) else { return };
    let fence = &report.fence;
    let Some(lease) = track.lease(fence.job, fence.epoch) else { return };
    let Some(end) = lease.ended.map(|end| &track.changes[end].state) else { return };
    let over = sight.known(fence.job, deed.invoked) >= end.rev;
    let by_holder = fence.factory.is_none_or(|factory| factory == lease.holder);
    if over && by_holder && end.lease.is_some_and(|lease| lease.reached == stage) {
        let what = format!("{stage:?} was reached under epoch {}, and its repeat was refused", fence.epoch);
        case.broken(findings, "I6", Place::job(fence.job).op(deed.invoked), what);
    }
}
