//! Submits: straight to the store, since no actor owns a job that is not there yet. The dispatcher is asked only to
//! watch dependencies, before their stages are read, so that no end of one falls between.

use std::sync::Arc;

use domain::dispatch::{Awaits, Verdict, settled};
use domain::job::{self, Spec, Stage};
use domain::mutant::Mutant;
use domain::{By, JobId};
use ractor::ActorRef;
use tokio::sync::oneshot;

use crate::answer::{NotDone, Submission, Submitted};
use crate::lane::Lane;
use crate::line::Hearers;
use crate::store::{Change, Fault, Write};
use crate::{dispatcher, product};

/// Submits a job. Refuses another content under a known key, and unknown dependencies.
pub(crate) async fn submit(lane: &Lane, actors: &Hearers, submission: Submission) -> Result<Submitted, NotDone> {
    let Submission { id, spec, by } = submission;
    if spec.depends_on.is_empty() {
        return commit(lane, actors, id, spec, true, by).await;
    }
    let awaits = Awaits { jobs: spec.depends_on.clone(), mode: spec.deps_mode, on_failure: spec.on_dep_failure };
    let watching = watch(actors, id, &awaits).await?;
    let stages = lane.store.stages(&lane.product, &awaits.jobs).await?;
    let known = |dep: &JobId| stages.iter().any(|(id, _)| id == dep);
    let unknown: Vec<JobId> = awaits.jobs.iter().filter(|dep| !known(dep)).copied().collect();
    if !unknown.is_empty() {
        return Err(NotDone::UnknownDependency { ids: unknown });
    }
    let reached: Vec<Stage> = stages.iter().map(|(_, stage)| *stage).collect();
    // The dispatcher has to know what was read: a dependency that ended before tells nobody again.
    let _ = actors.dispatcher.cast(dispatcher::Msg::Stages(id, stages));
    let met = settled(&awaits, &reached) == Verdict::Met;
    let submitted = commit(lane, actors, id, spec, met, by).await;
    drop(watching);
    submitted
}

async fn commit(
    lane: &Lane,
    actors: &Hearers,
    id: JobId,
    spec: Spec,
    deps_met: bool,
    by: By,
) -> Result<Submitted, NotDone> {
    let now = lane.now();
    let hash = spec.content_hash.clone();
    let submitted = job::submit(id, lane.product.clone(), spec, deps_met, now);
    let job = Arc::new(submitted.job);
    let write = Write {
        product: lane.product.clone(),
        at: now,
        by,
        facts: submitted.facts.into_iter().map(Into::into).collect(),
        change: Change::Submit { job: job.clone() },
    };
    match lane.store.commit(write).await {
        Ok(_) => Ok(Submitted::Created(job)),
        Err(Fault::KeyTaken { job, content_hash })
            if content_hash == hash || Mutant::KeyContentIgnored.is_planted() =>
        {
            existing(lane, job).await
        }
        Err(Fault::Lost) => {
            // Whether it is written is seen by whoever opens the product again.
            let _ = actors.product.cast(product::Msg::Lost);
            Err(NotDone::OutcomeUnknown)
        }
        Err(fault) => Err(fault.into()),
    }
}

async fn existing(lane: &Lane, id: JobId) -> Result<Submitted, NotDone> {
    let stored = lane.store.job(&lane.product, id).await?;
    stored.map(|stored| Submitted::Duplicate(stored.job)).ok_or(NotDone::NotFound)
}

/// Edges that are watched ahead of their job's commit; forgotten at the drop unless the job was committed by then.
struct Watching {
    job: JobId,
    dispatcher: ActorRef<dispatcher::Msg>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        // A dispatcher that has gone watches nothing.
        let _ = self.dispatcher.cast(dispatcher::Msg::Forget(self.job));
    }
}

async fn watch(actors: &Hearers, job: JobId, awaits: &Awaits) -> Result<Watching, NotDone> {
    let (port, watched) = oneshot::channel();
    let dispatcher = actors.dispatcher.clone();
    let reloading = || NotDone::Overloaded { retry_after_sec: 1 };
    dispatcher.cast(dispatcher::Msg::Watch(job, awaits.clone(), port)).map_err(|_| reloading())?;
    let watching = Watching { job, dispatcher };
    watched.await.map_err(|_| reloading())?;
    Ok(watching)
}
