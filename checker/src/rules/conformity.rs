//! Answers have the form of the contract: no status without a meaning, no refusal without a code. Also counts requests.

use crate::case::Case;
use crate::deed::{Ask, Fate, Reply};
use crate::findings::{Findings, Place};
use crate::words::Code;

pub(super) fn check(case: &Case<'_>, findings: &mut Findings) {
    for deed in case.deeds {
        let place = Place::default().op(deed.invoked);
        let counts = findings.counts();
        match deed.fate {
            Fate::Done => counts.acknowledged += u64::from(deed.ask.writes() && changed(&deed.reply)),
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
        if deed.fate == Fate::Done && matches!(deed.ask, Ask::Other) {
            case.broken(findings, "conformity", place, "carried out, and it is nothing that can be asked for");
        }
    }
}

/// It did something, rather than find it done.
fn changed(reply: &Reply) -> bool {
    match reply {
        Reply::Job(shown) => !shown.repeated,
        Reply::Submitted(_, created) => *created,
        Reply::Grants(grants) => grants.iter().any(|grant| !grant.repeated),
        Reply::None => false,
        _ => true,
    }
}
