//! Answers have the form of the contract: no status without a meaning, no refusal without a code,
//! no entry of a batch without an outcome. Also counts requests.

use crate::case::Case;
use crate::deed::{Ask, Deed, Entry, Fate, Reply};
use crate::findings::{Findings, Place};
use crate::words::Code;

pub(super) fn check(case: &Case<'_>, findings: &mut Findings) {
    for deed in case.deeds {
        let place = Place::default().op(deed.invoked);
        let counts = findings.counts();
        match deed.fate {
            Fate::Done => counts.acknowledged += acknowledged(deed),
            Fate::Refused => counts.refused += 1,
            Fate::NotDone => counts.not_done += 1,
            Fate::Unknown => counts.unknown += 1,
        }
        if !deed.is_answered() {
            continue;
        }
        if deed.status >= 400 && deed.code == Code::Missing {
            case.broken(findings, "conformity", place, format!("{} without a code", deed.status));
        } else if !matches!(deed.status, 200..300 | 400..500 | 503 | 507) {
            case.broken(findings, "conformity", place, format!("status {}", deed.status));
        }
        if let (Ask::Batch(asked), Reply::Entries(entries)) = (&deed.ask, &deed.reply)
            && let Some(what) = batch(asked.len(), entries)
        {
            case.broken(findings, "conformity", place, what);
        }
        if let (Ask::Adopt(_, keys), Reply::Entries(entries)) = (&deed.ask, &deed.reply)
            && let Some(what) = batch(keys.len(), entries)
        {
            case.broken(findings, "conformity", place, what);
        }
        if deed.fate == Fate::Done && matches!(deed.ask, Ask::Other) {
            case.broken(findings, "conformity", place, "carried out, and it is nothing that can be asked for");
        }
    }
}

/// How many changes a request was told to have made, rather than to have found. What may be forgotten is none.
fn acknowledged(deed: &Deed) -> u64 {
    let one = match &deed.reply {
        Reply::Job(shown) => deed.ask.writes() && !shown.repeated,
        Reply::Submitted(_, created) => *created,
        Reply::Factories(_) | Reply::Product { .. } => deed.ask.writes(),
        Reply::Entries(entries) => return entries.iter().filter(|entry| entry.created).count() as u64,
        Reply::Grants(grants) => return grants.iter().filter(|grant| !grant.repeated).count() as u64,
        _ => false,
    };
    u64::from(one)
}

/// What is wrong with the answer to a batch: each entry has an outcome of its own, as if it had been sent alone.
fn batch(asked: usize, entries: &[Entry]) -> Option<String> {
    if asked != entries.len() {
        return Some(format!("{asked} entries, and {} of them were answered", entries.len()));
    }
    let wrong = |entry: &Entry| match entry.status {
        200 | 201 => entry.job.is_none() || entry.created != (entry.status == 201),
        400..500 | 503 | 507 => entry.job.is_some() || entry.code == Code::Missing,
        _ => true,
    };
    let at = entries.iter().position(wrong)?;
    Some(format!("entry {at} was answered {} {:?}", entries[at].status, entries[at].code))
}
