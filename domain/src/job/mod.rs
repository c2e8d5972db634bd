//! A job: the unit of work, its lease and its epoch.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> blocked: submit, deps unmet
//!     [*] --> queued: submit
//!     blocked --> queued: dependencies_met, answer, requeue
//!     blocked --> failed: dependency_failed
//!     queued --> assigned: lease
//!     assigned --> building: report
//!     assigned --> review: report
//!     assigned --> testing: report
//!     building --> review: report
//!     building --> testing: report
//!     review --> testing: report
//!     assigned --> shipped: report
//!     building --> shipped: report
//!     review --> shipped: report, ship
//!     testing --> shipped: report, ship
//!     assigned --> queued: report, release, expire, reclaim, limit, preempt, evict, requeue
//!     building --> queued: report, release, expire, reclaim, limit, preempt, evict, requeue
//!     review --> queued: report, reject, requeue
//!     testing --> queued: report, reject, requeue
//!     assigned --> blocked: report
//!     building --> blocked: report
//!     review --> blocked: report
//!     testing --> blocked: report
//!     assigned --> failed: report, limit
//!     building --> failed: report, limit
//!     review --> failed: report, reject
//!     testing --> failed: report, reject
//!     assigned --> dead_letter: report, expire, limit
//!     building --> dead_letter: report, expire, limit
//!     review --> dead_letter: report
//!     testing --> dead_letter: report
//!     blocked --> cancelled: cancel
//!     queued --> cancelled: cancel
//!     assigned --> cancelled: cancel
//!     building --> cancelled: cancel
//!     review --> cancelled: cancel
//!     testing --> cancelled: cancel
//!     failed --> queued: requeue
//!     dead_letter --> queued: requeue
//!     cancelled --> queued: requeue
//!     cancelled --> blocked: requeue
//!     shipped --> [*]
//! ```

mod apply;
pub mod command;
mod decide;
mod decision;
pub mod event;
pub mod insights;
mod limits;
#[cfg(feature = "mutants")]
mod mutants;
pub mod refusal;
mod retry;
pub mod spec;
pub mod state;
mod submit;
mod transition;

pub use apply::apply;
pub use command::Command;
pub use decide::decide;
pub use decision::Decision;
pub use event::Fact;
pub use insights::Insights;
pub use limits::Reason;
pub use refusal::Refusal;
pub use spec::Spec;
pub use state::{BlockedReason, Job, Lease, LeaseStatus, Run, RunResult, Stage};
pub use submit::{Submitted, submit};
pub use transition::{Step, transition};
