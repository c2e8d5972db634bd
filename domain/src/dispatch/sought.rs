//! What came of looking for a job for a claim.
//! What is told of a pick, and recorded with the grant.

use std::collections::BTreeMap;

use super::reason::Reason;
use super::score::{Breakdown, Score};
use crate::{FactoryId, JobId};

/// A job for a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    /// The job.
    pub job: JobId,
    /// The factory that gets it.
    pub factory: FactoryId,
    /// The engine to use.
    pub engine: Option<String>,
    /// Why this one.
    pub breakdown: Breakdown,
    /// What was looked at.
    pub sought: Sought,
}

/// What was looked at for a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// Ready jobs.
    pub considered: usize,
    /// Those of them that the factory cannot get, by the first reason against each.
    pub filtered: BTreeMap<Reason, usize>,
    /// The best of the others after the one that was picked, where the product keeps them.
    pub top: Vec<(JobId, Score)>,
}

/// How many runners-up are kept.
pub(super) const MOST_TOP: usize = 3;

impl Sought {
    /// Counts jobs that the factory cannot get.
    pub(super) fn filter(&mut self, reason: Reason, jobs: usize) {
        if jobs > 0 {
            *self.filtered.entry(reason).or_default() += jobs;
        }
    }

    /// Keeps the best of these.
    pub(super) fn keep_top(&mut self, mut others: Vec<(JobId, Score)>) {
        others.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        others.truncate(MOST_TOP);
        self.top = others;
    }
}
