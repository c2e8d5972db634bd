//! One job from its grant to its last report: room, engine, checkpoints, verdict, delivery. Ships nothing without an
//! accepted write under its epoch, and leaves no process and no work tree behind.

mod deliver;
mod judge;
mod save;
pub(crate) mod space;
mod work;

use std::sync::Arc;
use std::time::Duration;

use domain::FactoryId;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use wire::{Grant, Insights, ReleaseResult, Report, Stage};

use crate::config::Config;
use crate::detect::Found;
use crate::engine::{self, Seen};
use crate::fleet::{Fleet, Refused};
use crate::journal::{Entry, Journal};
use crate::lease::{Lease, Stop};
use crate::link::{Link, Tries};
use crate::log::{self, Log};
use judge::Verdict;
use save::Saved;
use space::Space;

/// How long saving may take when the factory ends.
const LAST_SAVE: Duration = Duration::from_secs(4);

/// What all runs of a factory share.
#[derive(Debug)]
pub struct Host<F> {
    /// What the factory was told.
    pub config: Config,
    /// Its name.
    pub factory: FactoryId,
    /// The coordinator.
    pub fleet: F,
    /// The engines that are here.
    pub engines: Vec<Found>,
    /// The local record.
    pub journal: Journal,
}

/// How a run ended, seen from this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The coordinator accepted the last report; the job is in this stage.
    Reported(Stage),
    /// The job was given back unfinished.
    Released,
    /// The run was ended and nothing was delivered.
    Aborted(Stop),
    /// The work is done, but the coordinator did not take the report.
    Unreported(String),
}

/// One run going on.
pub(crate) struct Attempt<'a, F> {
    host: &'a Host<F>,
    grant: &'a Grant,
    link: Link<F>,
    log: Log,
    seen: Arc<Seen>,
    engine: Option<&'a str>,
    deadline: Option<Instant>,
    saved: Mutex<Saved>,
}

/// Does one job. `lease` is what the heartbeat keeps alive and stops.
pub async fn run<F: Fleet>(host: &Host<F>, grant: &Grant, lease: Arc<Lease>) -> Finish {
    let (job, epoch) = (grant.job.id.as_str(), grant.lease_epoch);
    host.journal.add(Entry::Started, job, epoch, &grant.run.id);
    let finish = match Attempt::new(host, grant, lease) {
        Ok(attempt) => attempt.go().await,
        Err(why) => Finish::Unreported(format!("the log cannot be written: {why}")),
    };
    match &finish {
        Finish::Reported(stage) => host.journal.add(Entry::Ended, job, epoch, stage.as_str()),
        Finish::Released => host.journal.add(Entry::Ended, job, epoch, "released"),
        Finish::Aborted(why) => host.journal.add(Entry::FencedAbort, job, epoch, &format!("{why:?}")),
        Finish::Unreported(why) => host.journal.add(Entry::Unreported, job, epoch, why),
    }
    tracing::info!(%job, epoch, ?finish, "run ended");
    finish
}

impl<'a, F: Fleet> Attempt<'a, F> {
    fn new(host: &'a Host<F>, grant: &'a Grant, lease: Arc<Lease>) -> std::io::Result<Self> {
        let file = host.config.workdir.join("logs").join(format!("{}-{}.log", lease.job, lease.epoch));
        let log = Log::create(&file, log::CAP)?;
        let have: Vec<String> = host.engines.iter().map(|engine| engine.name.clone()).collect();
        let engine = engine::choose(grant.run.engine.as_deref(), &grant.job.engines, &have);
        let version = host.engines.iter().find(|found| Some(found.name.as_str()) == engine);
        let known = Insights {
            engine: engine.map(str::to_owned),
            engine_version: version.and_then(|found| found.version.clone()),
            sandbox: Some("none".to_owned()),
            ..Insights::default()
        };
        let limits = grant.job.budget.unwrap_or_default();
        let seconds = [grant.job.timeout_sec, limits.wall_sec].into_iter().flatten().min();
        Ok(Self {
            host,
            grant,
            link: Link { fleet: host.fleet.clone(), factory: host.factory.clone(), lease },
            log,
            seen: Arc::new(Seen::new(known, limits.usd)),
            engine,
            deadline: seconds.map(|secs| Instant::now() + Duration::from_secs(secs)),
            saved: Mutex::default(),
        })
    }

    fn lease(&self) -> &Arc<Lease> {
        &self.link.lease
    }

    fn patience(&self) -> Tries {
        Tries::Until(self.host.config.patience)
    }

    async fn go(&self) -> Finish {
        let begun = Report { stage: Some(Stage::Building), insights: Some(self.seen.totals()), ..Report::default() };
        match self.link.report(begun, Tries::One).await {
            // Every checkpoint says it again.
            Ok(_) | Err(Refused::Later { .. }) => {}
            Err(Refused::Fenced) => return Finish::Aborted(Stop::Fenced),
            Err(Refused::No { detail, .. }) => return Finish::Unreported(detail),
        }
        let lease = self.lease().clone();
        let prepared = tokio::select! {
            biased;
            why = lease.stopping() => return self.leave_unbegun(why).await,
            space = Space::prepare(&self.host.config.workdir, self.grant, lease.job) => space,
        };
        match prepared {
            Ok(space) => {
                let finish = self.within(&space).await;
                space.remove().await;
                finish
            }
            Err(why) => {
                self.log.note(&format!("no room for the run: {why}"));
                self.discard();
                let verdict = Verdict::failed(why.to_string()).final_unless(why.is_worth_another_try());
                self.report_failure(verdict, None).await
            }
        }
    }

    async fn within(&self, space: &Space) -> Finish {
        let ended = self.work(space).await;
        if let Some(why) = self.lease().stopped() {
            return self.leave(space, why).await;
        }
        // Taken before `verify`, which may leave files of its own.
        let work = self.save(space, true).await;
        let verdict = self.judge(space, ended).await;
        match self.lease().stopped() {
            Some(why) => self.leave(space, why).await,
            None => self.deliver(space, work, verdict).await,
        }
    }

    /// Ends a run early: the work is kept; whether anyone is told depends on who still has the lease.
    async fn leave(&self, space: &Space, why: Stop) -> Finish {
        let result = match why {
            Stop::Fenced | Stop::Cancelled => {
                self.save(space, false).await;
                return Finish::Aborted(why);
            }
            Stop::Shutdown => ReleaseResult::Released,
            Stop::Preempted(_) => ReleaseResult::Preempted,
        };
        // A push that does not end must not cost the release.
        if timeout(LAST_SAVE, self.checkpoint(space)).await.is_err() {
            tracing::warn!(job = %self.lease().job, "the last checkpoint took too long");
        }
        self.give_back(result).await
    }

    async fn leave_unbegun(&self, why: Stop) -> Finish {
        self.discard();
        match why {
            Stop::Fenced | Stop::Cancelled => Finish::Aborted(why),
            Stop::Shutdown => self.give_back(ReleaseResult::Released).await,
            Stop::Preempted(_) => self.give_back(ReleaseResult::Preempted).await,
        }
    }

    async fn give_back(&self, result: ReleaseResult) -> Finish {
        match self.link.release(Some(result), Tries::One).await {
            Ok(()) => Finish::Released,
            Err(Refused::Fenced) => Finish::Aborted(Stop::Fenced),
            Err(why) => Finish::Unreported(why.to_string()),
        }
    }

    /// Removes what a room that was never finished has left.
    fn discard(&self) {
        let root = Space::root(&self.host.config.workdir, self.lease().job, self.lease().epoch);
        if let Err(why) = crate::git::remove_tree(&root) {
            tracing::warn!(%why, "a run's directory is left for the next start");
        }
    }
}
