//! What a committed batch says of money: which runs cost something, and which have ended.

use domain::budget::command::Usage;
use domain::job::Run;
use domain::{Epoch, JobId, Usd};

use crate::store::{Change, Told};

/// One write's word about one run.
#[derive(Clone, Debug)]
pub(super) struct News {
    /// The last event of the write; none where it left no event.
    pub(super) seq: Option<u64>,
    pub(super) of: Of,
}

/// Whose money it is about.
#[derive(Clone, Debug)]
pub(super) enum Of {
    /// A run that goes on, or has just ended.
    Run(JobId, Box<Run>),
    /// A run that has ended before, under this epoch.
    Late(JobId, Epoch),
}

impl News {
    /// What a write says, if it says anything.
    pub(super) fn of(told: &Told) -> Option<Self> {
        let seq = last_seq(told);
        let of = match &told.write.change {
            Change::Job { job, ended: Some(run), .. } => Of::Run(job.id, run.clone()),
            Change::Job { job, ended: None, .. } => {
                let run = job.run.as_ref().filter(|run| run.insights.cost_usd.is_some())?;
                Of::Run(job.id, Box::new(run.clone()))
            }
            Change::Note { job, usage: Some((epoch, insights)), .. } if insights.cost_usd.is_some() => {
                Of::Late(*job, *epoch)
            }
            Change::Submit { .. }
            | Change::Note { .. }
            | Change::Factory { .. }
            | Change::Settings { .. }
            | Change::Budget { .. }
            | Change::Profile { .. }
            | Change::Renewals { .. } => return None,
        };
        Some(Self { seq, of })
    }
}

/// The last event of a write.
pub(super) fn last_seq(told: &Told) -> Option<u64> {
    (told.first_seq + told.write.facts.len() as u64).checked_sub(1).filter(|_| !told.write.facts.is_empty())
}

/// What is known of a run's money.
pub(super) fn usage(job: JobId, run: &Run) -> Usage {
    Usage::of(job, run, reserved(run))
}

/// What its grant has kept for a run.
pub(super) fn reserved(run: &Run) -> Usd {
    run.reserved.unwrap_or_default()
}
