//! Dependencies: follows the stages of jobs that others wait for, and tells those what it comes to.
//!
//! Level-triggered: a blocked job that is seen is judged again, whatever was told before.

use std::time::Duration;

use domain::JobId;
use domain::dispatch::{Standing, Verdict};
use domain::job::{BlockedReason, Stage};
use domain::mutant::Mutant;
use ractor::ActorRef;

use super::state::State;
use super::{Edges, Msg};
use crate::job;
use crate::store::Why;

/// How long to wait before a verdict that could not be committed is told again.
pub(super) const TELL_AGAIN: Duration = Duration::from_secs(1);

impl State {
    /// Follows one job as it was committed: what it waits for, and who waits for it.
    pub(super) fn follow(&mut self, me: &ActorRef<Msg>, standing: &Standing) {
        match &standing.awaits {
            Some(awaits) => {
                let known = self.graph.knows(standing.job);
                self.graph.watch(standing.job, awaits, true);
                if !known || awaits.composite && !self.graph.has_all_children(standing.job) {
                    self.look_up(me, standing.job);
                } else if standing.blocked_reason != Some(BlockedReason::DependencyFailed) {
                    self.tell_verdict(standing.job);
                }
            }
            None => self.graph.forget(standing.job, false),
        }
        if let Some(parent) = standing.parent {
            self.graph.adopt(parent, standing.job, Some(standing.stage));
        }
        self.reached(standing.job, standing.stage);
    }

    /// Enters the edges of jobs that are about to be made. Answers a circle, if there is one; then nothing is entered.
    pub(super) fn watch(&mut self, edges: &Edges) -> Option<Vec<JobId>> {
        for (job, awaits) in &edges.waiting {
            self.graph.watch(*job, awaits, false);
        }
        for (parent, child) in &edges.children {
            self.graph.adopt(*parent, *child, None);
        }
        let jobs: Vec<JobId> = edges.waiting.iter().map(|(job, _)| *job).collect();
        let circle = if Mutant::CircleIgnored.is_planted() { None } else { self.graph.cycle(&jobs) };
        if circle.is_some() {
            self.forget(edges);
        }
        self.weigh();
        circle
    }

    /// Removes edges that were not committed.
    pub(super) fn forget(&mut self, edges: &Edges) {
        for (parent, child) in &edges.children {
            self.graph.disown(*parent, *child);
        }
        for (job, _) in &edges.waiting {
            self.graph.forget(*job, true);
        }
        self.weigh();
    }

    /// Takes in what was read of jobs that others wait for.
    pub(super) fn read(&mut self, stages: Vec<(JobId, Stage)>) {
        for (dep, stage) in stages {
            self.graph.read(dep, stage);
        }
    }

    /// Takes in what was read of the jobs that this one waits for.
    pub(super) fn stages(&mut self, id: JobId, stages: Vec<(JobId, Stage)>, children: Option<Vec<(JobId, Stage)>>) {
        if let Some(children) = children {
            for (child, stage) in children {
                self.graph.adopt(id, child, Some(stage));
            }
            self.graph.has_read_children(id);
        }
        self.read(stages);
        if self.graph.is_confirmed(id) {
            self.tell_verdict(id);
        }
    }

    /// Tells a job what it has come to, if that is not open.
    pub(super) fn tell_verdict(&self, id: JobId) {
        match self.graph.verdict(id) {
            Verdict::Open => {}
            verdict @ (Verdict::Met | Verdict::ChildrenOpen | Verdict::ChildrenMet(_) | Verdict::Failed) => {
                self.tell_job(id, job::Msg::Dependencies(verdict));
            }
        }
    }

    /// After a start: tells every blocked job what it waits for has settled while nobody listened.
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
        let (deps, has_children) = self.graph.dependencies(id);
        let (store, product, me) = (self.lane.store.clone(), self.lane.product.clone(), me.clone());
        tokio::spawn(async move {
            let read = async {
                let stages = store.stages(&product, &deps).await?;
                let children = if has_children { Some(store.children(&product, id).await?) } else { None };
                Ok::<_, Why>((stages, children))
            };
            match read.await {
                // A dispatcher that has gone is followed by one that reads everything anew.
                Ok((stages, children)) => drop(me.cast(Msg::Stages(id, stages, children))),
                Err(why) => {
                    tracing::warn!(job = %id, %why, "what it waits for could not be read");
                    me.send_after(TELL_AGAIN, move || Msg::LookUp(id));
                }
            }
        });
    }

    /// Finds the unfinished children of a job that was cancelled: they go with it.
    pub(super) fn find_orphans(&self, me: &ActorRef<Msg>, parent: JobId) {
        let (store, product, me) = (self.lane.store.clone(), self.lane.product.clone(), me.clone());
        tokio::spawn(async move {
            match store.children(&product, parent).await {
                Ok(children) => {
                    let open = children.into_iter().filter(|(_, stage)| !stage.is_terminal());
                    drop(me.cast(Msg::Orphans(open.map(|(child, _)| child).collect())));
                }
                Err(why) => {
                    tracing::warn!(job = %parent, %why, "its children could not be read");
                    me.send_after(TELL_AGAIN, move || Msg::FindOrphans(parent));
                }
            }
        });
    }
}
