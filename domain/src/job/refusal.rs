//! Why a job says no. A refusal changes nothing.

use super::state::Stage;
use crate::{Epoch, Timestamp};

/// A job's "no".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The write came under an epoch that is not the held lease's, or from someone who is not its holder.
    #[error("the lease is gone: the job's epoch is {current}")]
    StaleLease {
        /// The job's epoch.
        current: Epoch,
    },
    /// The lease was ended by its holder's own word: a final report, or a release.
    #[error("the lease was ended by its own holder: the job is {stage}")]
    LeaseEnded {
        /// Where the job is now.
        stage: Stage,
    },
    /// The order has no meaning where the job stands.
    #[error("a job that is {from} cannot go to {to}")]
    IllegalTransition {
        /// Where the job stands.
        from: Stage,
        /// Where it was to go.
        to: Stage,
    },
    /// It cannot ship before more reviewers have approved.
    #[error("{missing} more approval(s) needed before it ships")]
    ApprovalsMissing {
        /// How many.
        missing: u32,
    },
    /// The same report id was accepted with other content.
    #[error("this reportId was used for another report")]
    ReportMismatch,
    /// It is queued, but its pause is not over.
    #[error("not before {until:?}")]
    NotReady {
        /// When it may be claimed.
        until: Timestamp,
    },
    /// The member can only be changed while nobody holds a lease.
    #[error("{member} can only be changed while no factory holds the job")]
    LeasedField {
        /// The member, as on the wire.
        member: String,
    },
    /// A part of the order does not fit the rest.
    #[error("{member}: {why}")]
    Unfit {
        /// The member, as on the wire.
        member: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
}
