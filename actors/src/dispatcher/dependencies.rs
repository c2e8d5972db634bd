//! Dependencies: follows the stages of jobs that others wait for, and tells those what it comes to.
//!
//! Level-triggered: a blocked job that is seen is judged again, whatever was told before.

use std::time::Duration;

use domain::JobId;
use domain::dispatch::{Standing, Verdict};
use domain::job::{BlockedReason, Stage};
use ractor::ActorRef;

use super::Msg;
use super::state::State;
use crate::job;

/// How long to wait before a verdict that could not be committed is told again.
const TELL_AGAIN: Duration = Duration::from_secs(1);

impl State {
    /// Follows one job as it was committed: what it waits for, and who waits for it.
    pub(super) fn follow(&mut self, me: &ActorRef<Msg>, standing: &Standing) {
        match &standing.awaits {
            Some(awaits) if self.graph.knows(standing.job) => {
                self.graph.watch(standing.job, awaits, true);
                if standing.blocked_reason == Some(BlockedReason::Dependencies) {
                    self.tell_verdict(standing.job);
                }
            }
            Some(awaits) => {
                self.graph.watch(standing.job, awaits, true);
                self.look_up(me, standing.job);
            }
            None => self.graph.forget(standing.job, false),
        }
        self.reached(standing.job, standing.stage);
    }

    /// Takes in what was read of the jobs that this one waits for.
    pub(super) fn stages(&mut self, id: JobId, stages: Vec<(JobId, Stage)>) {
        for (dep, stage) in stages {
            self.graph.read(dep, stage);
        }
        if self.graph.is_confirmed(id) {
            self.tell_verdict(id);
        }
    }

    /// Tells a job what its dependencies come to, if that is settled.
    pub(super) fn tell_verdict(&self, id: JobId) {
        match self.graph.verdict(id) {
            Verdict::Open => {}
            verdict @ (Verdict::Met | Verdict::Failed) => self.tell_job(id, job::Msg::Dependencies(verdict)),
        }
    }

    /// After a start: tells every blocked job whose dependencies have settled while nobody listened.
    pub(super) fn tell_open_verdicts(&self) {
        for id in self.graph.waiting() {
            self.tell_verdict(id);
        }
    }

    /// The job could not commit it: tells it again a little later.
    pub(super) fn ask_again(&self, me: &ActorRef<Msg>, id: JobId) {
        me.send_after(TELL_AGAIN, move || Msg::Verdict(id));
    }

    fn reached(&mut self, dep: JobId, stage: Stage) {
        for (job, verdict) in self.graph.reached(dep, stage) {
            self.tell_job(job, job::Msg::Dependencies(verdict));
        }
    }

    /// Reads what has become of the jobs that this one waits for.
    pub(super) fn look_up(&self, me: &ActorRef<Msg>, id: JobId) {
        let deps = self.graph.dependencies(id);
        let (store, product, me) = (self.lane.store.clone(), self.lane.product.clone(), me.clone());
        tokio::spawn(async move {
            match store.stages(&product, &deps).await {
                // A dispatcher that has gone is followed by one that reads everything anew.
                Ok(stages) => drop(me.cast(Msg::Stages(id, stages))),
                Err(why) => {
                    tracing::warn!(job = %id, %why, "its dependencies could not be read");
                    me.send_after(TELL_AGAIN, move || Msg::LookUp(id));
                }
            }
        });
    }
}
