//! A product's budget as it stands: ceiling, window, what is spent, and the lost runs whose cost is still open.

use serde::{Deserialize, Serialize};

use super::window::Window;
use crate::{Epoch, JobId, ProductId, Timestamp, Usd};

/// A product's cost ceiling over a window, and what was spent in it. Its serialised form is the snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// The product.
    pub product: ProductId,
    /// How much may be spent in a window. None: there is no limit, and spending is counted all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<Usd>,
    /// For how long the ceiling holds.
    pub window: Window,
    /// When this window began.
    pub window_start: Timestamp,
    /// What was charged in this window; only grows in it.
    pub spent: Usd,
    /// Who or what stopped it. An operator's pause hides the ceiling's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_by: Option<PausedBy>,
    /// The highest warning that was given in this window, under this ceiling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warned: Option<Mark>,
    /// Lost runs whose reservation is still kept, the oldest first; at most [`MAX_LOST`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Lost>,
    /// The `seq` up to which the product's events are counted. Moves without a `rev` of its own.
    pub cursor: u64,
    /// +1 for each saved change; 0 before the first.
    pub rev: u64,
}

/// So many lost runs keep their reservations at a time; one more is charged its own at once.
pub const MAX_LOST: usize = 1_000;

/// A run as money knows it: the job, and the epoch that the run had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunKey {
    /// The job.
    pub job_id: JobId,
    /// The epoch of the run's lease.
    pub epoch: Epoch,
}

/// A lost run whose factory may still say what it cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lost {
    /// The run.
    pub run: RunKey,
    /// Its engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// What is left of its reservation.
    pub reserved: Usd,
    /// When that is charged, unless its usage comes before.
    pub until: Timestamp,
}

/// Whether jobs are handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As far as the ceiling reaches.
    Active,
    /// None are.
    Paused,
}

/// Who or what paused a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PausedBy {
    /// A person. Only a person resumes it.
    Operator,
    /// The ceiling was reached. A higher one or the window's turn resumes it.
    Ceiling,
}

/// How much of the ceiling is spent when a warning is due. Saved and sent as a percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Mark {
    /// 50 %.
    Half,
    /// 80 %.
    Most,
    /// 100 %.
    All,
}

impl Mark {
    /// Every mark, the lowest first.
    pub const EVERY: [Self; 3] = [Self::Half, Self::Most, Self::All];

    /// The share of the ceiling in percent.
    pub fn percent(self) -> u8 {
        match self {
            Self::Half => 50,
            Self::Most => 80,
            Self::All => 100,
        }
    }
}

impl From<Mark> for u8 {
    fn from(mark: Mark) -> Self {
        mark.percent()
    }
}

/// A percentage at which no warning is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("warnings are given at 50, 80 and 100 percent")]
pub struct BadMark;

impl TryFrom<u8> for Mark {
    type Error = BadMark;
    fn try_from(percent: u8) -> Result<Self, BadMark> {
        Self::EVERY.into_iter().find(|mark| mark.percent() == percent).ok_or(BadMark)
    }
}

/// Why a budget has to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Its window ends: [`Command::Turn`](super::Command::Turn).
    Turn,
    /// A lost run has kept silent for an hour: [`Command::Lapse`](super::Command::Lapse).
    Lapse(RunKey),
}

impl Budget {
    /// The budget of a product that nobody has set one for: no ceiling, everything counts.
    pub fn new(product: ProductId) -> Self {
        Self {
            product,
            ceiling: None,
            window: Window::Total,
            window_start: Timestamp(0),
            spent: Usd(0),
            paused_by: None,
            warned: None,
            lost: Vec::new(),
            cursor: 0,
            rev: 0,
        }
    }

    /// Whether jobs are handed out.
    pub fn status(&self) -> Status {
        if self.paused_by.is_none() { Status::Active } else { Status::Paused }
    }

    /// The budget with everything up to `seq` counted, after events that mean no money. Saved with the next change:
    /// to look at them again would lead to nothing new.
    #[must_use]
    pub fn counted(self, seq: u64) -> Self {
        Self { cursor: self.cursor.max(seq), ..self }
    }

    /// When to look again, and why: the window's end or the oldest lost run, whichever comes first.
    pub fn deadline(&self) -> Option<(Timestamp, Reason)> {
        let turn = self.window.end(self.window_start).map(|end| (end, Reason::Turn));
        let lapse = self.lost.first().map(|lost| (lost.until, Reason::Lapse(lost.run)));
        [turn, lapse].into_iter().flatten().min()
    }

    /// The reservation that is kept for a lost run.
    pub(super) fn kept(&self, run: RunKey) -> Option<&Lost> {
        self.lost.iter().find(|lost| lost.run == run)
    }

    /// The ceiling is reached.
    pub(super) fn is_spent(&self) -> bool {
        self.ceiling.is_some_and(|ceiling| self.spent >= ceiling)
    }

    /// A warning is due. Where nothing was spent there is nothing to warn of, whatever the ceiling.
    pub(super) fn reaches(&self, mark: Mark) -> bool {
        let share = |ceiling: Usd| u128::from(ceiling.0) * u128::from(mark.percent());
        self.spent > Usd(0) && self.ceiling.is_some_and(|ceiling| u128::from(self.spent.0) * 100 >= share(ceiling))
    }
}
