//! What a product can still promise: the ceiling without what is spent and what is reserved. Derived, never saved.
//!
//! The dispatcher keeps one and tells it offers, grants and the budget's facts in the order of the log. It owns no
//! decision of the budget: a reservation ends by the fact that settles it, never by the run's end alone, so that no
//! money is free between the two.

use std::collections::BTreeMap;

use super::event::Fact;
use super::state::{Budget, RunKey};
use crate::{JobId, Usd};

/// Money that may be promised to jobs.
///
/// **The bound.** A grant keeps `spent + reserved ≤ ceiling`. A charge within the run's reservation moves money from
/// reserved to spent; only one beyond it adds to the sum. So in a window under one ceiling
///
/// > spent + reserved ≤ ceiling + Σ over runs of what they were charged beyond what was still reserved for them.
///
/// That is what a run costs beyond its reservation, and what is reported after the end of a run that gave its
/// reservation back with its cost unknown (`released`, `preempted`, `quota`, `needs_input`, `cancelled`). A ceiling
/// that is lowered under what is spent and reserved stops grants; it takes nothing back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funds {
    ceiling: Option<Usd>,
    spent: Usd,
    is_paused: bool,
    offered: BTreeMap<JobId, Usd>,
    held: BTreeMap<RunKey, Usd>,
    /// The sum over both, which no amount of offers can overflow.
    reserved: u128,
}

impl Funds {
    /// The funds of a budget that has counted everything, with what it keeps for lost runs. Held leases are
    /// [granted](Self::grant) one by one.
    pub fn new(budget: &Budget) -> Self {
        let mut funds = Self {
            ceiling: budget.ceiling,
            spent: budget.spent,
            is_paused: budget.paused_by.is_some(),
            offered: BTreeMap::new(),
            held: BTreeMap::new(),
            reserved: 0,
        };
        for lost in &budget.lost {
            funds.hold(lost.run, lost.reserved);
        }
        funds
    }

    /// Whether a job that is taken to cost so much can be promised its money. At the ceiling nothing fits, not even
    /// what is taken to cost nothing.
    pub fn fits(&self, estimate: Usd) -> bool {
        let room = self.room();
        room > 0 && u128::from(estimate.0) <= room
    }

    /// So many micro-USD can be promised. Nothing while the budget is paused, everything where there is no ceiling.
    pub fn room(&self) -> u128 {
        match self.ceiling {
            _ if self.is_paused => 0,
            None => u128::MAX,
            Some(ceiling) => u128::from(ceiling.0).saturating_sub(u128::from(self.spent.0) + self.reserved),
        }
    }

    /// What is promised to offered, running and lost runs.
    pub fn reserved(&self) -> Usd {
        Usd(u64::try_from(self.reserved).unwrap_or(u64::MAX))
    }

    /// Counts a job as offered. Another offer of the same job takes the first one's place.
    pub fn offer(&mut self, job: JobId, estimate: Usd) {
        self.withdraw(job);
        if estimate > Usd(0) {
            self.offered.insert(job, estimate);
            self.reserved += u128::from(estimate.0);
        }
    }

    /// The offer has ended without a grant.
    pub fn withdraw(&mut self, job: JobId) {
        self.reserved -= self.offered.remove(&job).map_or(0, |usd| u128::from(usd.0));
    }

    /// The offer has become a grant, or a lease is found held: `left` is its reservation without what it was charged.
    /// What was reserved for the same run before ends with it.
    pub fn grant(&mut self, run: RunKey, left: Usd) {
        self.withdraw(run.job_id);
        self.hold(run, left);
    }

    /// Follows a fact of the budget.
    pub fn tell(&mut self, fact: &Fact) {
        match fact {
            Fact::Set { ceiling_usd, spent_usd, window: _, window_start: _ } => {
                self.ceiling = *ceiling_usd;
                self.spent = *spent_usd;
            }
            Fact::Reserved { run, reserved_usd, until: None, .. } => self.grant(*run, *reserved_usd),
            Fact::Reserved { run, reserved_usd, until: Some(_), .. } => self.hold(*run, *reserved_usd),
            Fact::Settled { run, charged_usd, ended, .. } => {
                self.spent = self.spent.plus(*charged_usd);
                let left = self.held.get(run).map_or(Usd(0), |held| held.minus(*charged_usd));
                self.hold(*run, if *ended { Usd(0) } else { left });
            }
            Fact::Warned { .. } => {}
            Fact::Paused { .. } => self.is_paused = true,
            Fact::Resumed {} => self.is_paused = false,
            Fact::Turned { .. } => self.spent = Usd(0),
        }
    }

    /// Reserves so much for a run, in place of what was reserved before.
    fn hold(&mut self, run: RunKey, left: Usd) {
        let before = if left > Usd(0) { self.held.insert(run, left) } else { self.held.remove(&run) };
        self.reserved += u128::from(left.0);
        self.reserved -= before.map_or(0, |usd| u128::from(usd.0));
    }
}
