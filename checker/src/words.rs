//! The words of the contract for stages, reasons, leases and results. Each knows only what the contract says of it.

use serde::Deserialize;

/// Where a job stands, in forward order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Blocked,
    Queued,
    Assigned,
    Building,
    Review,
    Testing,
    Shipped,
    Failed,
    DeadLetter,
    Cancelled,
}

impl Stage {
    pub(crate) fn is_terminal(self) -> bool {
        self >= Self::Shipped
    }

    /// A stage that a factory works in.
    pub(crate) fn is_worked_in(self) -> bool {
        (Self::Assigned..=Self::Testing).contains(&self)
    }

    /// The work is done and saved.
    pub(crate) fn is_delivered(self) -> bool {
        matches!(self, Self::Review | Self::Testing)
    }
}

/// Why a job is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    Dependencies,
    Children,
    NeedsInput,
    DependencyFailed,
}

/// Whether a lease is held, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    None,
    Held,
    Released,
    Expired,
    Evicted,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Succeeded,
    NoChanges,
    Failed,
    TimedOut,
    OverBudget,
    NeedsInput,
    Quota,
    Lost,
    Cancelled,
    Preempted,
    Released,
}

impl Outcome {
    /// A run that ends so uses an attempt.
    pub(crate) fn uses_attempt(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Lost)
    }

    /// The run of delivered work ends so.
    pub(crate) fn is_delivery(self) -> bool {
        matches!(self, Self::Succeeded | Self::NoChanges)
    }
}

/// How urgent a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Priority {
    Low,
    Normal,
    High,
    Critical,
}

/// Whether all or any of the dependencies must settle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    #[default]
    All,
    Any,
}

/// What a dependency that does not ship means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Policy {
    #[default]
    Block,
    Fail,
    Ignore,
}

/// How a factory says it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Health {
    #[default]
    Ok,
    Degraded,
    Failing,
}

/// What a factory's state is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Presence {
    Online,
    Draining,
    Stale,
    Offline,
    Revoked,
}

/// The codes of refusals that mean something to the checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Code {
    StaleLease,
    LeaseEnded,
    IllegalTransition,
    ApprovalsMissing,
    IdempotencyMismatch,
    OutcomeUnknown,
    Overloaded,
    RateLimited,
    StorageFull,
    NoFreeSeat,
    FactoryDraining,
    FactoryFailing,
    UnknownFactory,
    NotFound,
    InvalidRequest,
    PreconditionFailed,
    DependencyCycle,
    /// The answer carries none.
    #[serde(skip)]
    #[default]
    Missing,
    #[serde(other)]
    Another,
}
