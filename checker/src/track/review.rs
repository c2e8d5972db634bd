//! The limit of the jobs in review: when no job was to be handed out because of it.

use super::law::Broken;
use crate::case::Case;
use crate::fact::{Fact, What};
use crate::words::Stage;

/// How long a grant that was decided before may be on its way, and a change until it is committed.
const UNDER_WAY_MS: i64 = 30_000;

/// How many jobs are in review, and how many may be.
#[derive(Debug, Default)]
pub(super) struct Review {
    count: u32,
    limit: Option<u32>,
    since: Option<i64>,
    /// When the limit was reached, from when to when.
    pub(super) shut: Vec<(i64, i64)>,
}

impl Review {
    /// Takes in what a change made of a job's stage.
    pub(super) fn moves(&mut self, from: Stage, to: Stage, at: i64) {
        self.count -= u32::from(from == Stage::Review && self.count > 0);
        self.count += u32::from(to == Stage::Review);
        self.look(at);
    }

    /// Takes in the product's limit.
    pub(super) fn limit(&mut self, limit: Option<u32>, at: i64) {
        self.limit = limit;
        self.look(at);
    }

    fn look(&mut self, at: i64) {
        let shut = self.limit.is_some_and(|limit| self.count >= limit);
        match self.since {
            None if shut => self.since = Some(at),
            Some(since) if !shut => {
                self.shut.push((since, at));
                self.since = None;
            }
            _ => {}
        }
    }

    /// The times at which the limit was reached, the last of them perhaps without an end.
    pub(super) fn ends(mut self) -> Vec<(i64, i64)> {
        self.shut.extend(self.since.map(|since| (since, i64::MAX)));
        self.shut
    }

    /// What is wrong with a grant: one that was decided before the limit was reached is long over.
    pub(super) fn law(&self, case: &Case<'_>, fact: &Fact) -> Vec<Broken> {
        let (What::Leased(_), Some(since)) = (&fact.what, self.since) else { return Vec::new() };
        let recent = fact.at.saturating_sub(UNDER_WAY_MS);
        if since > recent || case.upsets().any(|mark| (recent..=fact.at).contains(&mark.at)) {
            return Vec::new();
        }
        vec![(
            "grant",
            format!("granted though the limit of the jobs in review was reached {} ms before", fact.at - since),
        )]
    }
}
