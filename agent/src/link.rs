//! One run's line to the coordinator: every write carries the epoch, is repeated under the same id while that makes
//! sense, and a refusal by the fence stops the run at once. Decides nothing about the work.

use std::sync::Arc;
use std::time::Duration;

use domain::FactoryId;
use tokio::time::{Instant, sleep};
use uuid::Uuid;
use wire::{Release, ReleaseResult, Renew, Report, Stage};

use crate::backoff::Backoff;
use crate::fleet::{Fleet, Refused};
use crate::lease::{Lease, Stop};

/// How often an unreachable coordinator is asked within one write.
pub(crate) enum Tries {
    /// Once: the next write says the same and more.
    One,
    /// Until it answers, as long as the lease surely lasts and this long beyond.
    Until(Duration),
}

/// A run's line to the coordinator.
#[derive(Clone)]
pub(crate) struct Link<F> {
    pub(crate) fleet: F,
    pub(crate) factory: FactoryId,
    pub(crate) lease: Arc<Lease>,
}

impl<F: Fleet> Link<F> {
    /// Reports and gives the stage that the job has then. The report gets the epoch and an id of its own.
    pub(crate) async fn report(&self, report: Report, tries: Tries) -> Result<Stage, Refused> {
        let report = Report {
            lease_epoch: self.lease.epoch.0,
            factory_id: Some(self.factory.to_string()),
            report_id: Some(Uuid::now_v7().to_string()),
            ..report
        };
        let job = self.lease.job.to_string();
        self.repeat(tries, || self.fleet.report(&job, &report)).await.map(|job| job.stage)
    }

    /// Proves that the epoch still stands: a write that the coordinator accepts and that says nothing.
    pub(crate) async fn renew(&self, tries: Tries) -> Result<(), Refused> {
        let renew =
            Renew { lease_epoch: self.lease.epoch.0, factory_id: Some(self.factory.to_string()), lease_ttl_sec: None };
        let job = self.lease.job.to_string();
        let ask = || async {
            let sent = Instant::now();
            let renewed = self.fleet.renew(&job, &renew).await?;
            Ok((sent, renewed))
        };
        let (sent, renewed) = self.repeat(tries, ask).await?;
        self.lease.renewed(sent, Duration::from_secs(renewed.lease_ttl_sec.into()));
        Ok(())
    }

    /// Gives the lease back.
    pub(crate) async fn release(&self, result: Option<ReleaseResult>, tries: Tries) -> Result<(), Refused> {
        let release = Release {
            lease_epoch: self.lease.epoch.0,
            factory_id: Some(self.factory.to_string()),
            result,
            resets_at: None,
        };
        let job = self.lease.job.to_string();
        self.repeat(tries, || self.fleet.release(&job, &release)).await.map(drop)
    }

    async fn repeat<T, A: Future<Output = Result<T, Refused>>>(
        &self,
        tries: Tries,
        ask: impl Fn() -> A,
    ) -> Result<T, Refused> {
        let mut backoff = Backoff::new();
        loop {
            let refused = match ask().await {
                Ok(answer) => return Ok(answer),
                Err(refused) => refused,
            };
            match (&refused, &tries) {
                (Refused::Fenced, _) => {
                    self.lease.stop(Stop::Fenced);
                    return Err(refused);
                }
                (Refused::Later { after, .. }, Tries::Until(beyond)) => {
                    let pause = backoff.pause(*after);
                    // Also once the heartbeat has told that the lease is gone: the answer to this very write may have
                    // been lost, and only the coordinator knows whether it was accepted.
                    if Instant::now() + pause > self.lease.until() + *beyond {
                        return Err(refused);
                    }
                    tracing::debug!(job = %self.lease.job, ?pause, %refused, "a report waits");
                    sleep(pause).await;
                }
                (Refused::Later { .. } | Refused::No { .. }, _) => return Err(refused),
            }
        }
    }
}
