//! An event, condensed: what the checks need of it, with names as numbers. How it is read from JSON is in `read`.

mod card;
mod decision;
mod read;

use crate::names::Name;
use crate::words::{Outcome, Priority, Reason, Stage, Status};

pub(crate) use card::{Card, Engine};
pub(crate) use decision::{Decision, Weights};

pub(crate) use card::shown_card;
pub(crate) use read::{Members, Unreadable, checkpoint, name};

/// An event of a product's log.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) seq: u64,
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) by: By,
    pub(crate) job: Option<Name>,
    pub(crate) factory: Option<Name>,
    pub(crate) rev: Option<u64>,
    /// The print of everything but the particulars.
    pub(crate) print: u64,
    /// The print of an operator's words, where it is about an order.
    pub(crate) said: Option<u64>,
    pub(crate) what: What,
}

/// Who caused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum By {
    Factory(Name),
    Operator(Name),
    Coordinator,
}

/// How a run and its lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) outcome: Outcome,
    pub(crate) status: Status,
    pub(crate) epoch: u64,
}

/// A grant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) factory: Name,
    pub(crate) run: Name,
    /// The run's ordinal.
    pub(crate) ordinal: u32,
    pub(crate) epoch: u64,
    pub(crate) ttl_sec: u32,
    pub(crate) claim: Option<Name>,
    pub(crate) decision: Option<Decision>,
}

/// An operator's requeue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requeue {
    pub(crate) epoch: u64,
    pub(crate) fresh: bool,
    pub(crate) blocked: bool,
    pub(crate) noted: bool,
    pub(crate) end: Option<End>,
}

/// What became true.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// With its urgency, where it says so, and the job that it is a part of.
    Created(Option<Priority>, Option<Name>),
    Ready,
    Blocked(Reason),
    Leased(Grant),
    Staged {
        stage: Stage,
        outcome: Option<Outcome>,
    },
    /// With its print.
    Checkpoint(u64),
    Released {
        stage: Stage,
        end: End,
    },
    Expired(End),
    /// It was given children. With those of its earlier ones that count no more, and its dependencies with them, where
    /// everything that it waited for had settled.
    Adopted {
        end: Option<End>,
        settled: Option<Vec<Name>>,
    },
    /// With the job that it made room for.
    Preempted(End, Option<Name>),
    Fenced {
        epoch: u64,
        factory: Option<Name>,
    },
    Retried {
        end: Option<End>,
        attempt: u32,
        not_before: i64,
    },
    DeadLettered {
        end: Option<End>,
        attempt: u32,
    },
    Failed(Option<End>),
    NeedsInput {
        question: u64,
        end: End,
    },
    Answered,
    Requeued(Requeue),
    Rejected {
        for_good: bool,
        end: Option<End>,
    },
    Approved {
        reviewer: u64,
        noted: bool,
    },
    Cancelled(Option<End>),
    Shipped(Option<End>),
    /// With whether a member changed that a holder works by, one that claims are decided by, one that says how often
    /// and with whose approval, and how urgent it is.
    Edited {
        holders: bool,
        needs: bool,
        terms: bool,
        priority: bool,
    },
    Parked,
    Registered(Box<Card>),
    Changed(Box<Card>),
    Stale,
    Offline,
    Online,
    Draining,
    Undrained,
    Paused,
    Resumed,
    Estop,
    /// The limit of the jobs in review and the weights, where they are new.
    Settings {
        review_limit: Option<Option<u32>>,
        weights: Option<Weights>,
    },
    /// A type of a newer version.
    Another,
}

impl What {
    /// How a run ended by it, if one did.
    pub(crate) fn end(&self) -> Option<End> {
        match self {
            Self::Released { end, .. } | Self::NeedsInput { end, .. } => Some(*end),
            Self::Expired(end) | Self::Preempted(end, _) => Some(*end),
            Self::Retried { end, .. } | Self::DeadLettered { end, .. } | Self::Rejected { end, .. } => *end,
            Self::Failed(end) | Self::Cancelled(end) | Self::Shipped(end) | Self::Adopted { end, .. } => *end,
            Self::Requeued(requeue) => requeue.end,
            Self::Created(..)
            | Self::Ready
            | Self::Blocked(_)
            | Self::Leased(_)
            | Self::Staged { .. }
            | Self::Checkpoint(_)
            | Self::Fenced { .. }
            | Self::Answered
            | Self::Approved { .. }
            | Self::Edited { .. }
            | Self::Parked
            | Self::Registered(_)
            | Self::Changed(_)
            | Self::Stale
            | Self::Offline
            | Self::Online
            | Self::Draining
            | Self::Undrained
            | Self::Paused
            | Self::Resumed
            | Self::Estop
            | Self::Settings { .. }
            | Self::Another => None,
        }
    }

    /// It is about a job and changes none of its members.
    pub(crate) fn is_aside(&self) -> bool {
        matches!(self, Self::Fenced { .. } | Self::Parked | Self::Another)
    }
}
