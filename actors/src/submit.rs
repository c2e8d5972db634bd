//! Submits: straight to the store, since no actor owns a job that is not there yet. The dispatcher is asked only to
//! watch what waits for others, before their stages are read, so that no end of one falls between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::dispatch::{Awaits, Verdict, settled};
use domain::job::spec::Kind;
use domain::job::{self, Spec, Stage};
use domain::mutant::Mutant;
use domain::{By, JobId, Timestamp};
use ractor::ActorRef;
use tokio::sync::oneshot;

use crate::answer::{Family, NotDone, Submission, Submitted};
use crate::dispatcher::Edges;
use crate::lane::Lane;
use crate::line::Hearers;
use crate::store::{Change, Fault, Write};
use crate::{dispatcher, product};

/// Submits a job with its children, all of them or none. Refuses another content under a known key, unknown dependencies
/// and circles of them.
pub(crate) async fn submit(lane: &Lane, actors: &Hearers, family: Family) -> Result<Submitted, NotDone> {
    let Family { parent: Submission { id, spec, by }, children } = family;
    let (key, hash) = (spec.idempotency_key.clone(), spec.content_hash.clone());
    let jobs = numbered([(id, spec)].into_iter().chain(children).collect());
    let (watching, met) = watch_all(lane, actors, None, &jobs).await?;
    let writes: Vec<Write> = jobs.into_iter().map(|job| write(lane, job, &met, &by, lane.now())).collect();
    let parent = writes.first().and_then(|write| write.job().cloned());
    let committed = lane.store.commit_all(writes).await;
    drop(watching);
    match committed {
        Ok(_) => parent.map(Submitted::Created).ok_or(NotDone::NotFound),
        Err(Fault::KeyTaken { key: taken, job, content_hash })
            if key.as_ref() == Some(&taken) && (content_hash == hash || Mutant::KeyContentIgnored.is_planted()) =>
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

/// A job to be made, with the number of its children among those that are made with it.
pub(crate) struct Entry {
    pub(crate) id: JobId,
    pub(crate) spec: Spec,
    children: u32,
}

impl Entry {
    fn awaits(&self) -> Option<Awaits> {
        let kind = if self.children > 0 { Kind::Composite } else { self.spec.kind };
        (!self.spec.depends_on.is_empty() || kind == Kind::Composite).then(|| Awaits::of(&self.spec, kind))
    }
}

/// Counts the children of each of these jobs among them.
pub(crate) fn numbered(jobs: Vec<(JobId, Spec)>) -> Vec<Entry> {
    let mut counts: BTreeMap<JobId, u32> = BTreeMap::new();
    for parent in jobs.iter().filter_map(|(_, spec)| spec.parent) {
        *counts.entry(parent).or_default() += 1;
    }
    let entry = |(id, spec)| Entry { id, spec, children: counts.get(&id).copied().unwrap_or_default() };
    jobs.into_iter().map(entry).collect()
}

/// The write that makes a job; `met` says of those that wait for others whether that has settled.
pub(crate) fn write(lane: &Lane, job: Entry, met: &BTreeMap<JobId, bool>, by: &By, now: Timestamp) -> Write {
    let Entry { id, spec, children } = job;
    let met = met.get(&id).copied().unwrap_or(true);
    let submitted = job::submit(id, lane.product.clone(), spec, (met, children), now);
    Write {
        product: lane.product.clone(),
        at: now,
        by: by.clone(),
        facts: submitted.facts.into_iter().map(Into::into).collect(),
        change: Change::Submit { job: Arc::new(submitted.job) },
    }
}

async fn existing(lane: &Lane, id: JobId) -> Result<Submitted, NotDone> {
    let stored = lane.store.job(&lane.product, id).await?;
    stored.map(|stored| Submitted::Duplicate(stored.job)).ok_or(NotDone::NotFound)
}

/// Watches what these jobs wait for, and says of those that wait for others whether that has settled. `parent`: a job
/// that is there already and is given all of them as children.
///
/// Refuses dependencies that do not exist, and circles.
pub(crate) async fn watch_all(
    lane: &Lane,
    actors: &Hearers,
    parent: Option<(JobId, Awaits)>,
    jobs: &[Entry],
) -> Result<(Option<Watching>, BTreeMap<JobId, bool>), NotDone> {
    let own: BTreeSet<JobId> = jobs.iter().map(|job| job.id).collect();
    let waiting: Vec<(JobId, Awaits)> = jobs.iter().filter_map(|job| Some((job.id, job.awaits()?))).collect();
    if waiting.is_empty() && parent.is_none() {
        return Ok((None, BTreeMap::new()));
    }
    let outside = waiting.iter().flat_map(|(_, awaits)| &awaits.jobs).filter(|dep| !own.contains(dep));
    let outside: Vec<JobId> = outside.copied().collect::<BTreeSet<_>>().into_iter().collect();
    let children = jobs.iter().filter_map(|job| Some((job.spec.parent?, job.id))).collect();
    let edges = Edges { waiting: waiting.iter().cloned().chain(parent).collect(), children };
    let watching = watch(actors, edges).await?;
    let stages = match outside.is_empty() {
        true => Vec::new(),
        false => lane.store.stages(&lane.product, &outside).await?,
    };
    let known: BTreeMap<JobId, Stage> = stages.iter().copied().collect();
    let unknown: Vec<JobId> = outside.into_iter().filter(|dep| !known.contains_key(dep)).collect();
    if !unknown.is_empty() {
        return Err(NotDone::UnknownDependency { ids: unknown });
    }
    // The dispatcher has to know what was read: a dependency that ended before tells nobody again.
    let _ = actors.dispatcher.cast(dispatcher::Msg::Read(stages));
    let reached = |dep: &JobId| known.get(dep).copied().unwrap_or(Stage::Queued);
    let met = waiting.into_iter().map(|(id, awaits)| {
        let stages: Vec<Stage> = awaits.jobs.iter().map(reached).collect();
        (id, settled(&awaits, &stages) == Verdict::Met)
    });
    Ok((Some(watching), met.collect()))
}

/// Edges that are watched ahead of their commit; forgotten at the drop unless they were committed by then.
pub(crate) struct Watching {
    edges: Edges,
    dispatcher: ActorRef<dispatcher::Msg>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        // A dispatcher that has gone watches nothing.
        let _ = self.dispatcher.cast(dispatcher::Msg::Forget(std::mem::take(&mut self.edges)));
    }
}

async fn watch(actors: &Hearers, edges: Edges) -> Result<Watching, NotDone> {
    let (port, watched) = oneshot::channel();
    let dispatcher = actors.dispatcher.clone();
    let reloading = || NotDone::Overloaded { retry_after_sec: 1 };
    dispatcher.cast(dispatcher::Msg::Watch(edges.clone(), port)).map_err(|_| reloading())?;
    let watching = Watching { edges, dispatcher };
    match watched.await {
        Ok(None) => Ok(watching),
        Ok(Some(path)) => Err(NotDone::Cycle { path }),
        Err(_) => Err(reloading()),
    }
}
