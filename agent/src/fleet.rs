//! The coordinator as the factory needs it: five questions, and refusals sorted by what has to follow from them.
//! Repeats nothing by itself.

use std::time::Duration;

use wire::{
    ClaimRequest, Client, ClientError, Code, Grant, Heartbeat, HeartbeatAnswer, Job, Release, Renew, Renewed, Report,
};

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

/// Sorts a refusal of any question.
fn sorted(error: ClientError) -> Refused {
    if let (Some(problem), false) = (error.problem(), error.is_transient()) {
        return Refused::No { code: problem.code, detail: problem.to_string() };
    }
    // An answer that cannot be read says nothing about what was done: it is asked for again.
    Refused::Later { after: error.retry_after(), why: error.to_string() }
}

/// Sorts a refusal of a write under a lease. A job that is gone is a lease that is gone.
fn fenced(error: ClientError) -> Refused {
    let gone = error.problem().is_some_and(|problem| problem.code == Code::NotFound);
    if gone || error.is_stale_lease() { Refused::Fenced } else { sorted(error) }
}

impl Fleet for Client {
    async fn heartbeat(&self, beat: &Heartbeat) -> Result<HeartbeatAnswer, Refused> {
        Client::heartbeat(self, beat).await.map_err(sorted)
    }

    async fn claim(&self, claim: &ClaimRequest) -> Result<Vec<Grant>, Refused> {
        Client::claim(self, claim).await.map_err(sorted)
    }

    async fn report(&self, job: &str, report: &Report) -> Result<Job, Refused> {
        Client::report(self, job, report).await.map_err(fenced)
    }

    async fn renew(&self, job: &str, renew: &Renew) -> Result<Renewed, Refused> {
        Client::renew(self, job, renew).await.map_err(fenced)
    }

    async fn release(&self, job: &str, release: &Release) -> Result<Job, Refused> {
        Client::release(self, job, release).await.map_err(fenced)
    }
}
