//! Where the money went: charges summed by day, job and engine. Pure sums over rows that were read elsewhere.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::charge::Charge;
use super::window::Day;
use crate::{JobId, Usd};

/// What was charged in some days. What nothing was charged to has no entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Burndown {
    /// In all.
    pub total: Usd,
    /// Of that, charges that are estimates.
    pub estimated: Usd,
    /// By day.
    pub days: BTreeMap<Day, Usd>,
    /// By job.
    pub jobs: BTreeMap<JobId, Usd>,
    /// By engine; None: of runs without a named one.
    pub engines: BTreeMap<Option<String>, Usd>,
}

/// Sums the parts of charges that lie in a range of days.
pub fn burndown<'a>(charges: impl IntoIterator<Item = &'a Charge>, days: RangeInclusive<Day>) -> Burndown {
    let mut sums = Burndown::default();
    if days.is_empty() {
        return sums;
    }
    for charge in charges {
        for (day, part) in charge.days.range(days.clone()) {
            sums.total = sums.total.plus(*part);
            if charge.estimated {
                sums.estimated = sums.estimated.plus(*part);
            }
            add(sums.days.entry(*day).or_default(), *part);
            add(sums.jobs.entry(charge.job_id).or_default(), *part);
            add(sums.engines.entry(charge.engine.clone()).or_default(), *part);
        }
    }
    sums
}

fn add(sum: &mut Usd, part: Usd) {
    *sum = sum.plus(part);
}
