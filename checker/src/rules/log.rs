//! I13: the log of a product is 1, 2, 3, … without a gap, and its time does not run back. Also counts what is in it.

use crate::case::Case;
use crate::fact::{Fact, What};
use crate::findings::{Findings, Place};

/// Writers on several threads take their time before they queue: so much it may seem to run back between records.
const SLACK_MS: i64 = 1_000;

pub(super) fn check(case: &Case<'_>, findings: &mut Findings) {
    let mut due = 1;
    let mut newest = i64::MIN;
    let restarted = case.jumped;
    for fact in case.facts {
        let place = Place { job: fact.job, ..Place::default() }.seq(fact.seq);
        if fact.seq < due {
            case.broken(findings, "I13", place, format!("seq {} stands twice", fact.seq));
        } else if fact.seq > due {
            case.broken(findings, "I13", place, format!("seq {due} to {} are missing", fact.seq - 1));
        }
        due = due.max(fact.seq + 1);
        if !restarted && fact.at.saturating_add(SLACK_MS) < newest {
            case.broken(
                findings,
                "I13",
                place,
                format!("its time is {} ms before an earlier event's", newest - fact.at),
            );
        }
        newest = newest.max(fact.at);
        count(fact, findings);
    }
}

fn count(fact: &Fact, findings: &mut Findings) {
    let counts = findings.counts();
    counts.events += 1;
    counts.jobs += u64::from(matches!(fact.what, What::Created(_)));
    counts.grants += u64::from(matches!(fact.what, What::Leased(_)));
    counts.expiries += u64::from(matches!(fact.what, What::Expired(_)));
}
