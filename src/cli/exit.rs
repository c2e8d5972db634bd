//! How the program ends: the exit codes, and the signals that end it early.

use std::future::Future;
use std::io;
use std::process::ExitCode;

/// The exit codes as the help shows them.
pub(super) const HELP: &str = "\
Exit codes:
  0    done
  1    it failed
  2    the command was not understood, or something it needs is not set
  3    not found
  4    conflict: the state does not allow it, or somebody was faster
  5    no access
  6    timed out while waiting
  7    the job ended, but not well
  8    the job was stopped by its budget
  130  interrupted

Environment:
  AQ_FLEET_API, AQ_PRODUCT_ID  as --api and --product
  AQ_FLEET_TOKEN               the token; there is no flag for it
  NO_COLOR                     no colours";

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Done,
    Failed,
    Usage,
    NotFound,
    Conflict,
    NoAccess,
    TimedOut,
    JobFailed,
    BudgetStop,
    Interrupted,
}

impl Exit {
    /// Every one.
    #[cfg(test)]
    pub(super) const ALL: [Self; 10] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::NotFound,
        Self::Conflict,
        Self::NoAccess,
        Self::TimedOut,
        Self::JobFailed,
        Self::BudgetStop,
        Self::Interrupted,
    ];

    /// The number that the shell sees.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Conflict => 4,
            Self::NoAccess => 5,
            Self::TimedOut => 6,
            Self::JobFailed => 7,
            Self::BudgetStop => 8,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Returns when the process is asked to end. Listens from the moment that this is called.
pub(super) fn signalled() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        Ok(async {
            // Without a handler nobody can ask.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending().await
            }
        })
    }
}
