//! Asking for jobs while seats are free, and starting a run for each. A claim keeps its id until it is answered, so a
//! lost answer never costs a job its turn.

use std::sync::Arc;
use std::time::Duration;

use domain::{Epoch, JobId};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;
use wire::{ClaimRequest, Code, Grant};

use super::heart::Standing;
use super::seats::Seat;
use super::{FactoryError, Shared, Summary, asked};
use crate::backoff::Backoff;
use crate::fleet::{Fleet, Refused};
use crate::lease::Lease;
use crate::run;

/// The pause before a factory asks again after an answer that changes by itself.
const AGAIN: Duration = Duration::from_secs(2);

/// A job to do, with its seat.
struct Taken {
    grant: Grant,
    lease: Arc<Lease>,
    seat: Seat,
}

impl<F: Fleet> Shared<F> {
    /// Takes and does jobs until it is asked to end, or its one job is done.
    pub(super) async fn serve(self: Arc<Self>, shutdown: watch::Receiver<bool>) -> Result<Summary, FactoryError> {
        let mut stop = shutdown.clone();
        let seats = Arc::new(Semaphore::new(self.host.config.seats.max(1) as usize));
        let (mut runs, mut summary) = (JoinSet::new(), Summary::default());
        let mut end = Ok(());
        while !(self.host.config.once && summary.jobs > 0) {
            while let Some(finish) = runs.try_join_next() {
                summary.last = finish.ok();
            }
            let taken = tokio::select! {
                biased;
                () = asked(&mut stop) => break,
                taken = self.next(&seats) => taken,
            };
            match taken {
                Ok(Some((taken, permit))) => {
                    summary.jobs += 1;
                    let shared = self.clone();
                    runs.spawn(async move {
                        let Taken { grant, lease, seat } = taken;
                        let finish = run::run(&shared.host, &grant, lease).await;
                        drop((seat, permit));
                        finish
                    });
                    self.beat_now.notify_one();
                }
                Ok(None) => break,
                Err(refused) => {
                    end = Err(refused);
                    break;
                }
            }
        }
        if self.host.config.once {
            let finished = async {
                while let Some(finish) = runs.join_next().await {
                    summary.last = finish.ok();
                }
            };
            tokio::select! {
                () = finished => {}
                () = asked(&mut stop) => {}
            }
        }
        self.wind_down(runs, &mut summary).await;
        end.map(|()| summary)
    }

    /// Waits for a free seat and a job for it; without either in the time that `once` allows: none.
    async fn next(
        &self,
        seats: &Arc<Semaphore>,
    ) -> Result<Option<(Taken, tokio::sync::OwnedSemaphorePermit)>, FactoryError> {
        let Ok(permit) = seats.clone().acquire_owned().await else { return Ok(None) };
        let taken = if self.host.config.once {
            match timeout(self.host.config.once_wait, self.claim()).await {
                Ok(taken) => taken?,
                Err(_) => return Ok(None),
            }
        } else {
            self.claim().await?
        };
        Ok(Some((taken, permit)))
    }

    async fn claim(&self) -> Result<Taken, FactoryError> {
        let mut claim_id = Uuid::now_v7();
        let mut backoff = Backoff::new();
        loop {
            self.may_claim().await?;
            let wait = self.host.config.claim_wait_sec.min(60);
            let claim = ClaimRequest {
                factory_id: self.host.factory.to_string(),
                claim_id: Some(claim_id.to_string()),
                wait_sec: Some(wait),
                lease_ttl_sec: Some(self.host.config.lease_ttl_sec),
                ..ClaimRequest::default()
            };
            let sent = Instant::now();
            match self.host.fleet.claim(&claim).await {
                Ok(grants) => {
                    claim_id = Uuid::now_v7();
                    let empty = grants.is_empty();
                    if let Some(taken) = grants.into_iter().find_map(|grant| self.take(grant, sent)) {
                        return Ok(taken);
                    }
                    // An answer that came at once, though it was allowed to wait, must not become a storm.
                    if !empty || sent.elapsed() < Duration::from_secs(wait.into()).min(AGAIN) {
                        sleep(backoff.pause(None)).await;
                    } else {
                        backoff = Backoff::new();
                    }
                }
                Err(Refused::Later { after, why }) => {
                    let pause = backoff.pause(after);
                    tracing::warn!(%why, ?pause, "a claim was not answered");
                    sleep(pause).await;
                }
                Err(refused) => self.refused_claim(refused, &mut backoff).await?,
            }
        }
    }

    async fn refused_claim(&self, refused: Refused, backoff: &mut Backoff) -> Result<(), FactoryError> {
        let code = match &refused {
            Refused::No { code, .. } => Some(*code),
            Refused::Fenced | Refused::Later { .. } => None,
        };
        match code {
            Some(Code::FactoryRevoked | Code::Unauthenticated | Code::Forbidden) => {
                return Err(FactoryError::Refused(refused.to_string()));
            }
            Some(Code::FactoryDraining) => {
                self.standing.send_replace(Standing::Draining);
            }
            // The next heartbeat tells who this is and which seats are really taken.
            Some(Code::UnknownFactory | Code::NoFreeSeat) => {
                self.beat_now.notify_one();
                sleep(backoff.pause(Some(AGAIN))).await;
            }
            Some(_) | None => {
                tracing::warn!(%refused, "a claim was refused");
                sleep(backoff.pause(Some(AGAIN))).await;
            }
        }
        Ok(())
    }

    /// Waits until the factory may ask for jobs. Refuses to wait for what will never be.
    async fn may_claim(&self) -> Result<(), FactoryError> {
        let mut standing = self.standing.subscribe();
        let Ok(now) = standing.wait_for(|now| *now != Standing::Draining).await else { return Ok(()) };
        match &*now {
            Standing::Refused(why) => Err(FactoryError::Refused(why.clone())),
            Standing::Open | Standing::Draining => Ok(()),
        }
    }

    /// Takes a seat for a grant that is alive and new.
    fn take(&self, grant: Grant, sent: Instant) -> Option<Taken> {
        if grant.lease_active == Some(false) {
            return None;
        }
        let Ok(job) = grant.job.id.parse::<JobId>() else {
            tracing::warn!(job = %grant.job.id, "a grant whose job has no fitting id is left alone");
            return None;
        };
        let ttl = Duration::from_secs(grant.lease_ttl_sec.into());
        let lease = Arc::new(Lease::new(job, Epoch(grant.lease_epoch), sent, ttl));
        let seat = self.seats.take(lease.clone())?;
        tracing::info!(%job, epoch = grant.lease_epoch, run = %grant.run.id, "job taken");
        Some(Taken { grant, lease, seat })
    }
}
