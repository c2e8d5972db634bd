//! What happens: the jobs are submitted, done and shipped; one machine is lost and its late report refused. Drives the
//! demo by what the events say, never by guessing how long something takes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use wire::{Client, Event, Job, Outcome, Problem, Report, Stage};

use super::Teller;
use super::jobs::{self, Planned};
use super::log::{Grant, Log};
use super::world::World;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::out::{clean, or_dash};

/// How long the whole story may take.
const PATIENCE: Duration = Duration::from_secs(55);
/// The pause between two looks at the events.
const LOOK: Duration = Duration::from_millis(150);
/// The factory that is lost.
const LOST: &str = "forge-gpu";

/// What happened after the machine was lost.
#[derive(Debug, Default)]
pub(super) struct Loss {
    /// The lease that was lost with it.
    pub(super) grant: Option<Grant>,
    /// How the late report was answered.
    pub(super) refused: Option<Problem>,
}

/// The story so far.
#[derive(Debug)]
pub(super) struct Story {
    client: Client,
    teller: Teller,
    began: Instant,
    pub(super) log: Log,
    /// The jobs by their names in the plan.
    pub(super) jobs: BTreeMap<&'static str, Job>,
    shipped: BTreeSet<&'static str>,
    pub(super) duplicate: Option<(String, Outcome)>,
    pub(super) loss: Loss,
}

impl Story {
    /// Starts the factories and submits everything. The first factory alone sees the job that it will not finish.
    pub(super) async fn begin(world: &mut World, teller: Teller) -> Result<Self, Failure> {
        let mut story = Self {
            client: world.client()?,
            teller,
            began: Instant::now(),
            log: Log::default(),
            jobs: BTreeMap::new(),
            shipped: BTreeSet::new(),
            duplicate: None,
            loss: Loss::default(),
        };
        world.start_factory(LOST, "gpu", teller)?;
        let repository = world.repository()?.path.to_string_lossy().into_owned();
        let [first, rest @ ..] = &jobs::ALL;
        story.submit(first, &repository).await?;
        while story.told(first.name).grants.is_empty() {
            story.look().await?;
        }
        world.start_factory("forge-docs", "docs", teller)?;
        for planned in rest {
            story.submit(planned, &repository).await?;
        }
        let again = jobs::ALL.iter().find(|planned| planned.name == jobs::TWICE);
        if let Some(again) = again {
            let answer = story.client.submit_markdown(&again.markdown(&repository, &[])).await?;
            story.duplicate = Some((answer.job.id, answer.outcome));
        }
        Ok(story)
    }

    async fn submit(&mut self, planned: &Planned, repository: &str) -> Result<(), Failure> {
        let deps = match self.jobs.get(jobs::FIRST) {
            Some(first) if planned.name == jobs::SECOND => vec![first.id.as_str()],
            Some(_) | None => Vec::new(),
        };
        let submitted = if planned.is_repeated() {
            let request = planned.request(repository, &deps);
            let request = request.map_err(|problem| Failure::said(Exit::Failed, problem.to_string()))?;
            self.client.submit(&request).await?
        } else {
            self.client.submit_markdown(&planned.markdown(repository, &deps)).await?
        };
        self.jobs.insert(planned.name, submitted.job);
        Ok(())
    }

    /// Lets it happen until every job has ended and the late report was answered.
    pub(super) async fn play(&mut self, world: &mut World) -> Result<(), Failure> {
        while !(self.loss.refused.is_some() && jobs::ALL.iter().all(|planned| self.told(planned.name).ended)) {
            self.look().await?;
            self.ship().await?;
            if self.loss.grant.is_none() && self.is_time() {
                self.lose(world).await;
            }
            if self.loss.refused.is_none() && self.told(jobs::SURVIVOR).grants.len() > 1 {
                self.report_late().await?;
            }
        }
        // The late report has left an event too.
        self.look().await?;
        for planned in &jobs::ALL {
            if let Some(job) = self.jobs.get_mut(planned.name) {
                *job = self.client.job(&job.id).await?;
            }
        }
        Ok(())
    }

    /// The story when nothing more happens.
    pub(super) fn end(self) -> Self {
        let secs = self.began.elapsed().as_secs_f64();
        self.teller.say(&format!("{secs:5.1} s  everything has ended"));
        self
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// What the events say of a job of the plan.
    pub(super) fn told(&self, name: &str) -> super::log::Told {
        self.jobs.get(name).map(|job| self.log.of(&job.id)).unwrap_or_default()
    }

    /// Reads the news and tells them. Refuses to wait for ever.
    async fn look(&mut self) -> Result<(), Failure> {
        sleep(LOOK).await;
        for event in self.log.read(&self.client).await? {
            self.tell(&event);
        }
        if self.began.elapsed() < PATIENCE {
            return Ok(());
        }
        let open = jobs::ALL.iter().filter(|planned| !self.told(planned.name).ended).map(|planned| planned.name);
        let open = open.collect::<Vec<_>>().join(", ");
        Err(Failure::said(Exit::Failed, format!("the demo takes too long; still open: {open}")))
    }

    /// Ships what waits for a person, as an operator does.
    async fn ship(&mut self) -> Result<(), Failure> {
        for planned in jobs::ALL.iter().filter(|planned| planned.needs_shipping()) {
            if self.told(planned.name).waits_for_shipping
                && let Some(job) = self.jobs.get(planned.name)
                && self.shipped.insert(planned.name)
            {
                self.client.ship(&job.id).await?;
            }
        }
        Ok(())
    }

    /// All but one job have ended, and the work on that one is saved.
    fn is_time(&self) -> bool {
        let others = jobs::ALL.iter().filter(|planned| planned.name != jobs::SURVIVOR);
        others.map(|planned| self.told(planned.name)).all(|told| told.ended)
            && self.told(jobs::SURVIVOR).checkpoints > 0
    }

    async fn lose(&mut self, world: &mut World) {
        let grant = self.told(jobs::SURVIVOR).grants.into_iter().next();
        let Some(grant) = grant else { return };
        self.say(&format!("LOST      the machine of {} (SIGKILL)", grant.factory));
        world.lose(&grant.factory, &grant.run).await;
        self.loss.grant = Some(grant);
    }

    /// The lost factory was only cut off, it seems: it reports under the lease that it once had.
    async fn report_late(&mut self) -> Result<(), Failure> {
        let (Some(grant), Some(job)) = (&self.loss.grant, self.jobs.get(jobs::SURVIVOR)) else { return Ok(()) };
        let report = Report {
            lease_epoch: grant.epoch,
            factory_id: Some(grant.factory.clone()),
            report_id: Some("late".to_owned()),
            stage: Some(Stage::Review),
            ..Report::default()
        };
        match self.client.report(&job.id, &report).await {
            Ok(_) => return Err(Failure::said(Exit::Failed, "a report under a lost lease was accepted")),
            Err(error) => match error.problem() {
                Some(problem) => {
                    let code = problem.code.as_str();
                    self.say(&format!("REFUSED   the late report of {}: {} {code}", grant.factory, problem.status));
                    self.loss.refused = Some(problem.clone());
                }
                None => return Err(error.into()),
            },
        }
        Ok(())
    }

    fn say(&self, line: &str) {
        self.teller.say(&format!("{:5.1} s  {line}", self.began.elapsed().as_secs_f64()));
    }

    /// Tells an event that a person wants to see.
    fn tell(&self, event: &Event) {
        let text = |name: &str| or_dash(event.data.get(name).and_then(serde_json::Value::as_str));
        let title = self.jobs.values().find(|job| Some(&job.id) == event.job_id.as_ref());
        let title = title.map_or_else(String::new, |job| clean(&job.title));
        let line = match event.kind.as_str() {
            "job.leased" => format!("leased    {title} → {} (epoch {})", text("factory"), event.data["epoch"]),
            "job.checkpoint" => format!("saved     {title}"),
            "job.lease_expired" => format!("expired   {title}: its factory was not heard any more"),
            "job.retry" => format!("retry     {title}"),
            "job.dead_lettered" => format!("dead      {title}: no attempts left"),
            "job.fenced" => format!("fenced    {title}"),
            "job.shipped" => format!("shipped   {title}"),
            _ => return,
        };
        self.say(&line);
    }
}
