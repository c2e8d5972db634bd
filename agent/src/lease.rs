//! The right to work on one job, as this host sees it: until when it surely lasts, and whether the run has to stop.
//! Time is counted from before the request left, so this view ends before the coordinator's.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::{Epoch, JobId};
use tokio::sync::watch;
use tokio::time::Instant;

/// Why a run has to stop; a later, stronger reason replaces a weaker one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// The factory ends.
    Shutdown,
    /// A more urgent job needs the seat; save and leave within this time.
    Preempted(Duration),
    /// An operator ended the job.
    Cancelled,
    /// Another epoch has begun: nothing of this run counts any more.
    Fenced,
}

/// One lease that this factory works under.
#[derive(Debug)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// The fencing token that every write carries.
    pub epoch: Epoch,
    until: Mutex<Instant>,
    stop: watch::Sender<Option<Stop>>,
}

impl Lease {
    /// A lease granted by an answer to a request that left at `sent`.
    pub fn new(job: JobId, epoch: Epoch, sent: Instant, ttl: Duration) -> Self {
        Self { job, epoch, until: Mutex::new(sent + ttl), stop: watch::Sender::new(None) }
    }

    /// The lease lives on: a request that left at `sent` was answered so.
    pub fn renewed(&self, sent: Instant, ttl: Duration) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = (*until).max(sent + ttl);
    }

    /// When it ends unless it is renewed.
    pub fn until(&self) -> Instant {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the run to stop.
    pub fn stop(&self, why: Stop) {
        self.stop.send_if_modified(|now| {
            let stronger = now.is_none_or(|now| now < why);
            if stronger {
                *now = Some(why);
            }
            stronger
        });
    }

    /// Why the run has to stop, if it has to.
    pub fn stopped(&self) -> Option<Stop> {
        *self.stop.borrow()
    }

    /// Waits until the run has to stop.
    pub async fn stopping(&self) -> Stop {
        let mut seen = self.stop.subscribe();
        loop {
            let why = *seen.borrow_and_update();
            if let Some(why) = why {
                return why;
            }
            if seen.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lease_only_grows_and_stops_for_the_strongest_reason() {
        let start = Instant::now();
        let lease = Lease::new(
            "01890000-0000-7000-8000-000000000001".parse().unwrap(),
            Epoch(1),
            start,
            Duration::from_secs(90),
        );
        lease.renewed(start + Duration::from_secs(30), Duration::from_secs(90));
        lease.renewed(start, Duration::from_secs(90));
        assert_eq!(lease.until(), start + Duration::from_secs(120));
        lease.stop(Stop::Fenced);
        lease.stop(Stop::Shutdown);
        assert_eq!(lease.stopping().await, Stop::Fenced);
    }
}
