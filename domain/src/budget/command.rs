//! Orders to a budget, and what its consumer tells it of runs.

use super::charge::Charge;
use super::state::RunKey;
use super::window::Window;
use crate::job::{Run, RunResult};
use crate::{JobId, Usd};

/// An order to a budget, or news of a run. Whatever comes, a window that has ended turns first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// An operator chooses ceiling and window.
    Set(Set),
    /// An operator stops it.
    Pause,
    /// An operator lifts an operator's pause.
    Resume,
    /// A run has said what it cost so far, or has ended.
    Note(Box<Note>),
    /// The window has ended. Nothing happens if it has not.
    Turn,
    /// A lost run has kept silent for an hour. Nothing happens if it has not.
    Lapse(Lapse),
}

/// Ceiling and window as they are to be; both at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set {
    /// How much may be spent in a window. None: no limit.
    pub ceiling: Option<Usd>,
    /// For how long that holds.
    pub window: Window,
    /// What was charged since `window.start(now)`, summed over the product's charges ([`Charge::since`]).
    /// Looked at only where the kind of window changes: the new one begins at its natural start with this much spent.
    pub recount: Usd,
}

/// News of a run, from one event of the product's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The event's place in the log: one that is counted already changes nothing. None: usage under an old epoch that
    /// left no event; to count it twice changes nothing either.
    pub seq: Option<u64>,
    /// What is known of the run.
    pub usage: Usage,
    /// What the run has been charged before.
    pub prior: Option<Charge>,
}

/// What is known of a run's money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The run.
    pub run: RunKey,
    /// Its engine, where one was chosen.
    pub engine: Option<String>,
    /// What its grant reserved, whatever it has used of it.
    pub reserved: Usd,
    /// Its total cost so far, as far as it is known. Absent is not zero.
    pub cost: Option<Usd>,
    /// How it ended, with the one event that ended it. None while it goes on, and for what comes after the end.
    pub result: Option<RunResult>,
}

impl Usage {
    /// What a run says by itself, while it goes on or at the moment of its end. `reserved` is its lease's.
    pub fn of(job_id: JobId, run: &Run, reserved: Usd) -> Self {
        Self {
            run: RunKey { job_id, epoch: run.epoch },
            engine: run.engine.clone(),
            reserved,
            cost: run.insights.cost_usd,
            result: run.ended_at.and(run.result),
        }
    }

    /// The same for what comes after the run's end.
    pub fn late(job_id: JobId, run: &Run, reserved: Usd) -> Self {
        Self { result: None, ..Self::of(job_id, run, reserved) }
    }
}

/// The end of the hour in which a lost run could say what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lapse {
    /// The run, as the deadline names it.
    pub run: RunKey,
    /// What it has been charged before.
    pub prior: Option<Charge>,
}

impl Command {
    /// The run that it speaks of, and what that was charged before.
    pub(super) fn run(&self) -> Option<(RunKey, Option<&Charge>)> {
        match self {
            Self::Note(note) => Some((note.usage.run, note.prior.as_ref())),
            Self::Lapse(lapse) => Some((lapse.run, lapse.prior.as_ref())),
            Self::Set(_) | Self::Pause | Self::Resume | Self::Turn => None,
        }
    }

    /// The place in the log that is counted with it.
    pub(super) fn seq(&self) -> Option<u64> {
        match self {
            Self::Note(note) => note.seq,
            Self::Set(_) | Self::Pause | Self::Resume | Self::Turn | Self::Lapse(_) => None,
        }
    }
}
