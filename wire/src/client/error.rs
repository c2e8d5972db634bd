//! Why a question got no answer, and whether asking again makes sense.

use std::time::Duration;

use crate::problem::{Code, Problem};

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The coordinator said no.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// The coordinator was not reached, or the connection broke: what was asked may or may not have been done.
    #[error("the coordinator cannot be reached: {}", causes(.0))]
    Transport(#[source] reqwest::Error),
    /// The answer, or the question, is not as agreed.
    #[error("{0}")]
    Protocol(String),
}

impl ClientError {
    /// Leaves the address out: it stands in the configuration, not in every message.
    pub(super) fn transport(error: reqwest::Error) -> Self {
        Self::Transport(error.without_url())
    }

    pub(super) fn unfit(what: &str) -> Self {
        Self::Protocol(format!("{what} cannot be used in a request"))
    }

    /// The problem, where the coordinator said no.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            Self::Transport(_) | Self::Protocol(_) => None,
        }
    }

    /// The write was fenced: the lease belongs to nobody or somebody else.
    pub fn is_stale_lease(&self) -> bool {
        self.has(Code::StaleLease)
    }

    /// The lease ended by the holder's own final report.
    pub fn is_lease_ended(&self) -> bool {
        self.has(Code::LeaseEnded)
    }

    /// The same request may succeed later: the connection failed, there is too much work, or the server has a fault.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Problem(problem) => problem.status == 429 || problem.status >= 500,
            Self::Transport(_) => true,
            Self::Protocol(_) => false,
        }
    }

    /// How long to wait before asking again, where the coordinator said so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.problem()?.retry_after.map(|secs| Duration::from_secs(secs.into()))
    }

    fn has(&self, code: Code) -> bool {
        self.problem().is_some_and(|problem| problem.code == code)
    }
}

/// The error with what lies beneath it: alone it says little.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
