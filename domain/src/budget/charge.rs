//! What one run has been charged. A row of its own, by job and epoch; written by the budget alone.
//!
//! What a window has spent is the sum of these rows, so a row outlives its job until the window is over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::Fact;
use super::state::RunKey;
use super::window::Day;
use crate::{Epoch, JobId, Timestamp, Usd};

/// The charge of a run, by job and epoch. Only grows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Charge {
    /// The job.
    pub job_id: JobId,
    /// The epoch of the run's lease.
    pub epoch: Epoch,
    /// The run's engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// How much, in all.
    pub amount: Usd,
    /// It is the run's reservation: a floor, until a higher cost is reported.
    pub estimated: bool,
    /// The run has ended and reserves nothing; only a higher cost changes the charge.
    pub settled: bool,
    /// The same amount by the day on which it was charged. A window is whole days, so this says its window too.
    pub days: BTreeMap<Day, Usd>,
}

impl Charge {
    /// The run that was charged.
    pub fn run(&self) -> RunKey {
        RunKey { job_id: self.job_id, epoch: self.epoch }
    }

    /// The part that was charged at `start` or later, where that is a window's start.
    pub fn since(&self, start: Timestamp) -> Usd {
        self.days.range(Day::of(start)..).fold(Usd(0), |sum, (_, part)| sum.plus(*part))
    }

    /// The charge after a fact became true on a day. None: the fact charges nobody.
    pub fn after(prior: Option<Self>, fact: &Fact, day: Day) -> Option<Self> {
        let Fact::Settled { run, engine, charged_usd, total_usd, estimated, ended } = fact else { return None };
        let mut charge = prior.unwrap_or_else(|| Self {
            job_id: run.job_id,
            epoch: run.epoch,
            engine: None,
            amount: Usd(0),
            estimated: false,
            settled: false,
            days: BTreeMap::new(),
        });
        charge.engine = engine.clone().or(charge.engine);
        charge.amount = *total_usd;
        charge.estimated = *estimated;
        charge.settled |= ended;
        if *charged_usd > Usd(0) {
            let part = charge.days.entry(day).or_default();
            *part = part.plus(*charged_usd);
        }
        Some(charge)
    }
}
