//! Children for a job that is there already: made with the change of their parent, all of it or nothing.
//! A request whose children all have keys is repeatable, also after the lease of whoever made it has ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::JobId;
use domain::dispatch::Awaits;
use domain::job::command::Adopt;
use domain::job::spec::Kind;
use domain::job::{Command, Job, Stage};
use tokio::sync::oneshot;

use crate::answer::{Adopted, Adoption, NotDone};
use crate::lane::Lane;
use crate::line::Hearers;
use crate::{job, product, submit};

/// Gives a job children. Refuses what a submit refuses, and a job that cannot have any now.
pub(crate) async fn adopt(
    lane: &Lane,
    actors: &Hearers,
    parent: JobId,
    adoption: Adoption,
) -> Result<Adopted, NotDone> {
    let Adoption { children, fence, by, if_rev } = adoption;
    let stored = lane.store.job(&lane.product, parent).await?.ok_or(NotDone::NotFound)?;
    let jobs = submit::numbered(children);
    let keys: Option<Vec<(String, Option<String>)>> =
        jobs.iter().map(|job| Some((job.spec.idempotency_key.clone()?, job.spec.content_hash.clone()))).collect();
    let awaits = Awaits::by(&stored.job, Kind::Composite);
    let (watching, met) = submit::watch_all(lane, actors, Some((parent, awaits)), &jobs).await?;
    let ended = ended(lane, &stored.job).await?;
    let count = jobs.iter().filter(|job| job.spec.parent == Some(parent)).count();
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let command = Command::Adopt(Adopt { children: count, ended, fence });
    let order = job::Adoption { command, children: jobs, met, by, if_rev };
    let (port, answer) = oneshot::channel();
    let msg = product::Msg::ToJob(parent, job::Msg::Adopt(Box::new(order), port));
    actors.product.cast(msg).map_err(|_| NotDone::Overloaded { retry_after_sec: 1 })?;
    let done: Result<Vec<Arc<Job>>, NotDone> = answer.await.unwrap_or(Err(NotDone::OutcomeUnknown));
    drop(watching);
    match (done, keys) {
        (Ok(children), _) => Ok(Adopted { children, repeated: false }),
        (Err(why @ (NotDone::KeyMismatch { .. } | NotDone::Fenced { .. } | NotDone::Refused(_))), Some(keys)) => {
            let found = made_before(lane, parent, &keys).await?;
            found.map(|children| Adopted { children, repeated: true }).ok_or(why)
        }
        (Err(why), _) => Err(why),
    }
}

/// The children of the job that have ended without shipping. One that ends so from here on is news to its parent.
async fn ended(lane: &Lane, job: &Job) -> Result<Vec<JobId>, NotDone> {
    if job.children == 0 {
        return Ok(Vec::new());
    }
    let children = lane.store.children(&lane.product, job.id).await?;
    let ended = children.into_iter().filter(|(_, stage)| stage.is_terminal() && *stage != Stage::Shipped);
    Ok(ended.map(|(child, _)| child).collect())
}

/// The children of the job that have these keys and contents, if all of them are there.
async fn made_before(
    lane: &Lane,
    parent: JobId,
    keys: &[(String, Option<String>)],
) -> Result<Option<Vec<Arc<Job>>>, NotDone> {
    let mut by_key: BTreeMap<(String, Option<String>), Arc<Job>> = BTreeMap::new();
    let mut below = vec![parent];
    while let Some(of) = below.pop() {
        for (id, _) in lane.store.children(&lane.product, of).await? {
            let Some(stored) = lane.store.job(&lane.product, id).await? else { continue };
            if stored.job.children > 0 {
                below.push(id);
            }
            if let Some(key) = stored.job.spec.idempotency_key.clone() {
                by_key.insert((key, stored.job.spec.content_hash.clone()), stored.job);
            }
        }
    }
    Ok(keys.iter().map(|key| by_key.get(key).cloned()).collect())
}
