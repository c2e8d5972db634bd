//! What the pure backend does with a factory's writes: receipts, late usage, and who is fenced (ADR 009); and what it
//! shows of its records.

use std::collections::BTreeMap;
use std::sync::Arc;

use actors::{Done, NotDone};
use domain::job::command::{Fence, Release, Report};
use domain::job::{Command as Order, Job, Refusal, Stage};
use domain::{By, Epoch, FactoryId, JobId, Timestamp};

use super::pure::Pure;
use super::{answers, border};

/// When each zombie last left its event.
pub(super) type Zombies = BTreeMap<(JobId, Epoch, Option<FactoryId>), Timestamp>;

impl Pure {
    /// Every record, by its name.
    pub(super) fn lines(&self) -> BTreeMap<String, String> {
        let mut lines = BTreeMap::new();
        let events = |of: &str| {
            let own = self.log.iter().filter(|(name, _)| name == of).map(|(_, kind)| *kind);
            own.collect::<Vec<_>>().join(" ")
        };
        for (id, job) in &self.jobs {
            let name = format!("j{:03}", border::number(*id));
            let runs = self.runs.iter().filter(|((of, _), _)| of == id).map(|(_, run)| answers::ended(run));
            lines.insert(format!("{name} runs"), runs.collect::<Vec<_>>().join("; "));
            lines.insert(format!("{name} events"), events(&name));
            let mut job = Job::clone(job);
            if let (Some(lease), Some(held)) = (&mut job.lease, self.leases.get(*id)) {
                (lease.expires_at, lease.ttl_sec, lease.renewals) = (held.expires_at, held.ttl_sec, held.renewals);
            }
            lines.insert(name, answers::record(&job));
        }
        for (id, factory) in &self.factories {
            lines.insert(id.to_string(), format!("{} uses {}", answers::card(factory), self.board.seats_used(id)));
            lines.insert(format!("{id} events"), events(id.as_str()));
        }
        lines.insert("product".into(), answers::settings(&self.settings));
        lines.insert("product events".into(), events("product"));
        lines
    }

    /// Carries out a report whose history is known.
    pub(super) fn taken(
        &mut self,
        id: JobId,
        report: Report,
        receipt: Option<(String, String)>,
        by: By,
    ) -> Result<Done, NotDone> {
        let job = self.job(id)?;
        let by = speaker(&job, &report.fence, by);
        let outcome = self.order(id, Order::Report(Box::new(report.clone())), &by);
        match &outcome {
            Ok(done) => {
                if done.repeated && (self.charge(id, &report) || receipt.is_some()) {
                    self.hear_of(id, &report.fence, &by);
                }
                self.reports.extend(receipt.map(|(no, content)| ((id, no), content)));
            }
            Err(NotDone::Refused(Refusal::LeaseEnded { .. })) => {
                if self.charge(id, &report) {
                    self.hear_of(id, &report.fence, &by);
                }
            }
            Err(why) if Self::is_stale(why) => return Err(self.fence(id, &report.fence, Some(&report))),
            Err(_) => {}
        }
        outcome
    }

    pub(super) fn release(&mut self, id: JobId, release: Release) -> Result<Done, NotDone> {
        let (job, fence) = (self.job(id)?, release.fence.clone());
        let by = speaker(&job, &fence, By::Coordinator);
        match self.order(id, Order::Release(release), &by) {
            Err(why) if Self::is_stale(&why) => {
                if self.ended_itself(id, &fence) {
                    Ok(Done { job, repeated: true })
                } else {
                    Err(self.fence(id, &fence, None))
                }
            }
            outcome => outcome,
        }
    }

    /// Why a renewal that the map of leases does not know is refused.
    pub(super) fn renew_refused(&mut self, id: JobId, fence: &Fence) -> NotDone {
        let Ok(job) = self.job(id) else { return NotDone::NotFound };
        match self.order(id, Order::Renew(fence.clone()), &By::Coordinator) {
            Err(why) if Self::is_stale(&why) && self.ended_itself(id, fence) => {
                NotDone::Refused(Refusal::LeaseEnded { stage: job.stage })
            }
            Err(why) if Self::is_stale(&why) => self.fence(id, fence, None),
            Err(why) => why,
            Ok(_) => panic!("the map of leases and the job disagree"),
        }
    }

    /// The run that the fence names was ended by its factory's own final report.
    fn ended_itself(&self, id: JobId, fence: &Fence) -> bool {
        let reached = self.ended_run(id, fence).map(|run| run.reached);
        matches!(reached, Some(Stage::Shipped | Stage::Failed | Stage::Blocked))
    }

    /// Merges usage into the ended run that it belongs to. False: it says nothing new.
    fn charge(&mut self, id: JobId, report: &Report) -> bool {
        let Some(mut run) = self.ended_run(id, &report.fence).filter(|_| report.insights.has_usage()) else {
            return false;
        };
        let merged = run.insights.merged(&report.insights);
        let more = merged != run.insights;
        run.insights = merged;
        self.runs.insert((id, run.epoch), run);
        more
    }

    /// Hears who spoke, or the factory of the run that it was about.
    fn hear_of(&mut self, id: JobId, fence: &Fence, by: &By) {
        let of_run = self.ended_run(id, fence).map(|run| run.factory);
        if let Some(factory) = if let By::Factory(factory) = by { Some(factory.clone()) } else { of_run } {
            self.hear(&factory);
        }
    }

    fn fence(&mut self, id: JobId, fence: &Fence, report: Option<&Report>) -> NotDone {
        let (job, ran) = (self.jobs[&id].clone(), self.ended_run(id, fence));
        let usage_accepted = ran.is_some() && report.is_some_and(|report| report.insights.has_usage());
        if let Some(report) = report {
            self.charge(id, report);
        }
        let zombie = (id, fence.epoch, fence.factory.clone().filter(|_| ran.is_some()));
        let quiet = self.zombies.get(&zombie).is_some_and(|last| self.now.ms_since(*last) < 60_000);
        let runs = job.run.as_ref().is_some_and(|run| run.epoch == fence.epoch);
        let told = (ran.is_some() || runs) && !quiet;
        if told {
            self.zombies.insert(zombie, self.now);
            self.tell(id, "job.fenced");
        }
        let who = fence.factory.clone().or(ran.map(|run| run.factory));
        if let (Some(who), true) = (who, told || usage_accepted) {
            self.hear(&who);
        }
        NotDone::Fenced { current: job.epoch, usage_accepted }
    }
}

/// Who speaks under a fence: the factory that it names, or the holder of that lease.
fn speaker(job: &Arc<Job>, fence: &Fence, by: By) -> By {
    let holder = job.lease.as_ref().filter(|lease| lease.epoch == fence.epoch).map(|lease| &lease.holder);
    fence.factory.as_ref().or(holder).map_or(by, |factory| By::Factory(factory.clone()))
}
