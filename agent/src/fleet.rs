//! The coordinator as the factory needs it: five questions, and refusals sorted by what has to follow from them.
//! Repeats nothing by itself.

use std::time::Duration;

use wire::{ClaimRequest, Code, Grant, Heartbeat, HeartbeatAnswer, Job, Release, Renew, Renewed, Report};

/// Why a question was not answered with a yes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Another epoch has begun, or the job is gone: this run has lost its lease.
    #[error("the lease is gone")]
    Fenced,
    /// Not now, or not reached: ask again, at the earliest after the time asked for.
    #[error("the coordinator cannot answer now: {why}")]
    Later {
        /// The pause that the coordinator asks for.
        after: Option<Duration>,
        /// What went wrong.
        why: String,
    },
    /// A no that will stay a no.
    #[error("refused: {detail}")]
    No {
        /// The kind of refusal.
        code: Code,
        /// The coordinator's words.
        detail: String,
    },
}

/// What a factory asks of the coordinator.
pub trait Fleet: Clone + Send + Sync + 'static {
    /// Tells that the factory lives, and renews its leases.
    fn heartbeat(&self, beat: &Heartbeat) -> impl Future<Output = Result<HeartbeatAnswer, Refused>> + Send;
    /// Asks for jobs.
    fn claim(&self, claim: &ClaimRequest) -> impl Future<Output = Result<Vec<Grant>, Refused>> + Send;
    /// Reports on a run.
    fn report(&self, job: &str, report: &Report) -> impl Future<Output = Result<Job, Refused>> + Send;
    /// Renews one lease.
    fn renew(&self, job: &str, renew: &Renew) -> impl Future<Output = Result<Renewed, Refused>> + Send;
    /// Gives a lease back.
    fn release(&self, job: &str, release: &Release) -> impl Future<Output = Result<Job, Refused>> + Send;
}
