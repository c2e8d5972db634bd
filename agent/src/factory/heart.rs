//! The heartbeat: says how the factory is, renews its leases, carries what the coordinator wants of it to the runs.
//! Starts and ends no run itself.

use std::sync::Arc;
use std::time::Duration;

use domain::FactoryId;
use tokio::time::{Instant, sleep, timeout};
use wire::factory::{Descriptor, Engine, FactoryState, Health};
use wire::{Code, Heartbeat, HeartbeatAnswer, LeaseRef, Release, ReleaseResult, Report, Signal, SignalKind};

use super::{FactoryError, Shared};
use crate::backoff::Backoff;
use crate::config::{Config, hostname};
use crate::detect::{self, Found};
use crate::fleet::{Fleet, Refused};
use crate::janitor::Orphan;
use crate::lease::Stop;

/// How long a preempted run has where the coordinator does not say.
const GRACE_SEC: u32 = 15;

/// Whether the factory may ask for jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It may.
    Open,
    /// It finishes what it has.
    Draining,
    /// It never may again.
    Refused(String),
}

/// What every heartbeat says of the host.
#[derive(Clone, Debug)]
pub(crate) struct Card(Heartbeat);

impl Card {
    pub(crate) fn new(config: &Config, factory: &FactoryId, engines: &[Found]) -> Self {
        let listed = engines.iter().map(|engine| Engine {
            name: engine.name.clone(),
            version: engine.version.clone(),
            account: None,
            state: "available".to_owned(),
            resets_at: None,
        });
        let descriptor = Descriptor {
            os: Some(std::env::consts::OS.to_owned()),
            arch: Some(std::env::consts::ARCH.to_owned()),
            hostname: Some(hostname()).filter(|name| !name.is_empty()),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        };
        Self(Heartbeat {
            factory_id: factory.to_string(),
            capabilities: Some(detect::capabilities(engines, &config.caps)),
            engines: Some(listed.collect()),
            health: Some(Health::Ok),
            seat_limit: Some(config.seats),
            heartbeat_sec: Some(u32::try_from(config.heartbeat.as_secs().max(1)).unwrap_or(u32::MAX)),
            descriptor: Some(descriptor),
            ..Heartbeat::default()
        })
    }

    pub(crate) fn capabilities(&self) -> &[String] {
        self.0.capabilities.as_deref().unwrap_or_default()
    }

    fn beat(&self, leases: Vec<LeaseRef>) -> Heartbeat {
        // Both are small numbers.
        let (used, limit) = (leases.len() as f64, f64::from(self.0.seat_limit.unwrap_or(1).max(1)));
        Heartbeat { load: Some((used / limit).min(1.0)), leases: Some(leases), ..self.0.clone() }
    }
}

impl<F: Fleet> Shared<F> {
    /// Makes the factory known, and gives back what an earlier life of it still holds.
    pub(super) async fn register(&self, orphans: Vec<Orphan>) -> Result<(), FactoryError> {
        let mut backoff = Backoff::new();
        let until = Instant::now() + self.host.config.once_wait;
        loop {
            match self.host.fleet.heartbeat(&self.card.beat(Vec::new())).await {
                Ok(answer) => {
                    self.heed(&answer);
                    self.give_back(&answer.unlisted, orphans).await;
                    return Ok(());
                }
                Err(Refused::Later { after, why }) => {
                    let pause = backoff.pause(after);
                    if self.host.config.once && Instant::now() + pause > until {
                        return Err(FactoryError::Unreached);
                    }
                    tracing::warn!(%why, ?pause, "the coordinator is not there yet");
                    sleep(pause).await;
                }
                Err(refused @ (Refused::No { .. } | Refused::Fenced)) => {
                    return Err(FactoryError::Refused(refused.to_string()));
                }
            }
        }
    }

    /// No claim of this life has been made yet, so what the coordinator thinks is held was held by an earlier one.
    async fn give_back(&self, held: &[LeaseRef], mut orphans: Vec<Orphan>) {
        for lease in held {
            let known = |orphan: &Orphan| orphan.job.to_string() == lease.job_id && orphan.epoch.0 == lease.lease_epoch;
            let work = orphans.iter_mut().find(|orphan| known(orphan)).and_then(|orphan| orphan.work.take());
            if let Some((mirror, checkpoint)) = work {
                let commit = checkpoint.wip_commit.clone().unwrap_or_default();
                let pushed = timeout(Duration::from_secs(60), mirror.push_wip(&checkpoint.wip_branch, &commit)).await;
                if matches!(pushed, Ok(Ok(()))) {
                    let report =
                        Report { lease_epoch: lease.lease_epoch, checkpoint: Some(checkpoint), ..Report::default() };
                    let told = self.host.fleet.report(&lease.job_id, &report).await;
                    tracing::info!(job = %lease.job_id, ok = told.is_ok(), "work of an earlier life is reported");
                }
            }
            let release = Release {
                lease_epoch: lease.lease_epoch,
                factory_id: Some(self.host.factory.to_string()),
                result: Some(ReleaseResult::Released),
                resets_at: None,
            };
            let released = self.host.fleet.release(&lease.job_id, &release).await;
            tracing::info!(job = %lease.job_id, ok = released.is_ok(), "a lease of an earlier life is given back");
        }
    }

    /// Beats for ever.
    pub(super) async fn heart(self: Arc<Self>) {
        let mut backoff = Backoff::new();
        loop {
            let pause = match self.beat().await {
                Ok(pause) => {
                    backoff = Backoff::new();
                    pause
                }
                Err(Refused::Later { after, why }) => {
                    let pause = backoff.pause(after);
                    tracing::warn!(%why, ?pause, "a heartbeat was not heard");
                    pause
                }
                Err(refused) => {
                    tracing::warn!(%refused, "a heartbeat was refused");
                    if let Refused::No {
                        code: Code::FactoryRevoked | Code::Unauthenticated | Code::Forbidden, ..
                    } = refused
                    {
                        self.standing.send_replace(Standing::Refused(refused.to_string()));
                    }
                    backoff.pause(None)
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = self.beat_now.notified() => {}
            }
        }
    }

    /// Beats once and gives the pause until the next.
    async fn beat(&self) -> Result<Duration, Refused> {
        let sent = Instant::now();
        let answer = self.host.fleet.heartbeat(&self.card.beat(self.seats.listed())).await?;
        let mut longest = self.host.config.heartbeat;
        for renewed in &answer.renewed {
            let ttl = Duration::from_secs(renewed.lease_ttl_sec.into());
            longest = longest.min(ttl / 3);
            if let Some(lease) = self.seats.find(&renewed.job_id, Some(renewed.lease_epoch)) {
                lease.renewed(sent, ttl);
            }
        }
        self.heed(&answer);
        let asked = Duration::from_secs(answer.heartbeat_sec.into());
        Ok(asked.min(longest).max(Duration::from_secs(1)))
    }

    /// Does what the answer asks for.
    fn heed(&self, answer: &HeartbeatAnswer) {
        for gone in &answer.lost {
            self.stop(&gone.job_id, Some(gone.lease_epoch), Stop::Fenced);
        }
        for signal in &answer.signals {
            self.obey(signal);
        }
        let standing = match answer.factory.state {
            FactoryState::Draining => Standing::Draining,
            FactoryState::Revoked => Standing::Refused("it was revoked".to_owned()),
            FactoryState::Online | FactoryState::Stale | FactoryState::Offline => Standing::Open,
        };
        let drained = answer.signals.iter().any(|signal| signal.kind == SignalKind::Drain);
        let standing = if drained && standing == Standing::Open { Standing::Draining } else { standing };
        self.standing.send_if_modified(|now| {
            let news = *now != standing;
            *now = standing;
            news
        });
    }

    fn obey(&self, signal: &Signal) {
        let why = match signal.kind {
            SignalKind::Cancel => Stop::Cancelled,
            SignalKind::Lost => Stop::Fenced,
            SignalKind::Preempt => Stop::Preempted(Duration::from_secs(signal.grace_sec.unwrap_or(GRACE_SEC).into())),
            SignalKind::Drain => return,
        };
        if let Some(job) = &signal.job_id {
            self.stop(job, signal.lease_epoch, why);
        }
    }

    fn stop(&self, job: &str, epoch: Option<u64>, why: Stop) {
        if let Some(lease) = self.seats.find(job, epoch) {
            tracing::info!(%job, ?why, "a run is to stop");
            lease.stop(why);
        }
    }
}
