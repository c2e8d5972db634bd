//! Edits of what a job waits for. As with a submit, the edges are watched before the commit, so that no two changes close
//! a circle together; the graph then follows what is committed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::JobId;
use domain::dispatch::{Awaits, Verdict, settled};
use domain::job::command::Edit;
use domain::job::{Command, Refusal, Stage, transition};
use tokio::sync::oneshot;

use crate::answer::{Done, NotDone, Order};
use crate::dispatcher::Edges;
use crate::handle::reloading;
use crate::lane::Lane;
use crate::line::Hearers;
use crate::store::Node;
use crate::{job, product, submit};

/// Jobs that are looked through for a way back, at most.
const MOST: usize = 100_000;

/// Changes what a job waits for. Refuses what the job refuses, dependencies that do not exist, and circles.
pub(crate) async fn edit(lane: &Lane, actors: &Hearers, id: JobId, order: Order) -> Result<Done, NotDone> {
    let Order { command: Command::Edit(mut edit), by, if_rev } = order else { return Err(NotDone::NotFound) };
    let stored = lane.store.job(&lane.product, id).await?.ok_or(NotDone::NotFound)?.job;
    if if_rev.is_some_and(|rev| rev != stored.rev) {
        return Err(NotDone::Precondition { rev: stored.rev });
    }
    transition(&stored, Command::Edit(edit.clone()), &by, lane.now()).map_err(NotDone::Refused)?;
    let dependencies = edit.spec.depends_on.clone();
    let edges = Edges { proposed: vec![(id, dependencies.clone())], ..Edges::default() };
    let watching = submit::watch(actors, edges).await?;
    let known = submit::stages(lane, &dependencies).await?;
    let new = dependencies.iter().filter(|dep| !stored.spec.depends_on.contains(dep));
    for dep in new.filter(|dep| known.get(dep) != Some(&Stage::Shipped)) {
        refuse_way_back(lane, id, *dep).await?;
    }
    edit.deps_met = are_met(&edit, &known);
    let (port, answer) = oneshot::channel();
    let order = Order { command: Command::Edit(edit), by, if_rev };
    let msg = product::Msg::ToJob(id, job::Msg::Order(Box::new(order), port));
    actors.product.cast(msg).map_err(|_| reloading())?;
    let done = answer.await.unwrap_or(Err(NotDone::OutcomeUnknown));
    drop(watching);
    done
}

fn are_met(edit: &Edit, known: &BTreeMap<JobId, Stage>) -> bool {
    let awaits = Awaits::of(&edit.spec, edit.spec.kind);
    let stages: Vec<Stage> = awaits.jobs.iter().filter_map(|dep| known.get(dep).copied()).collect();
    settled(&awaits, &stages) == Verdict::Met
}

/// Refuses a circle over jobs that wait for nothing at the moment, but might again, such as those that were cancelled:
/// the graph has no edges of theirs.
async fn refuse_way_back(lane: &Lane, id: JobId, dep: JobId) -> Result<(), NotDone> {
    let nodes = lane.store.dag(&lane.product, dep, MOST).await?;
    if nodes.len() >= MOST {
        let why = "too many jobs would have to be looked through for a circle";
        return Err(NotDone::Refused(Refusal::Unfit { member: "dependsOn", why }));
    }
    way(&nodes, dep, id).map_or(Ok(()), |way| Err(NotDone::Cycle { path: [id].into_iter().chain(way).collect() }))
}

/// The shortest way from one job to another over what was asked for. What has shipped waits for nothing any more.
fn way(nodes: &[Node], from: JobId, to: JobId) -> Option<Vec<JobId>> {
    let mut waits_for: BTreeMap<JobId, Vec<JobId>> = BTreeMap::new();
    for node in nodes {
        if let Some(parent) = node.parent {
            waits_for.entry(parent).or_default().push(node.id);
        }
        waits_for.entry(node.id).or_default().extend(&node.depends_on);
    }
    let over: BTreeSet<JobId> = nodes.iter().filter(|node| node.stage == Stage::Shipped).map(|node| node.id).collect();
    let (mut came_from, mut next) = (BTreeMap::from([(from, None)]), VecDeque::from([from]));
    while let Some(job) = next.pop_front() {
        if job == to {
            let mut way: Vec<JobId> =
                std::iter::successors(Some(to), |job| came_from.get(job).copied().flatten()).collect();
            way.reverse();
            return Some(way);
        }
        for dep in waits_for.get(&job).into_iter().flatten().filter(|_| !over.contains(&job)) {
            if !came_from.contains_key(dep) {
                came_from.insert(*dep, Some(job));
                next.push_back(*dep);
            }
        }
    }
    None
}
