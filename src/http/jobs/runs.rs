//! Lists a job's runs.
//! Reads the ended ones from the store and the one that goes on from the job; their profiles never change.

use wire::{List, Problem, Run};

use super::look;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::page::{self, Paging};
use crate::http::{query, refusal};

const KIND: &str = "run";

/// Lists a job's runs, oldest first, with the one that is going on.
#[utoipa::path(
    get,
    path = "/api/fleet/jobs/{id}/runs",
    operation_id = "listRuns",
    tag = "jobs",
    params(("id" = String, Path, description = "The job."), Paging),
    responses((status = 200, description = "A page of runs.", body = List<Run>)),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let product = call.product_id()?;
    let paging: Paging = query::read(call.query())?;
    let (limit, after) = (paging.limit()?, after(&paging)?);
    let (product, id) = call.job(&product)?;
    let _permit = call.permit(&product)?;
    let job = look(&call, &product, id).await?;
    let ended = call.edge.node.store().runs(product.id(), id).await.map_err(|why| refusal::of(why.into()))?;
    // A run that ended between the two reads is in both.
    let running = job.run.iter().filter(|run| ended.iter().all(|ended| ended.epoch != run.epoch));
    let beyond = ended.iter().chain(running).filter(|run| run.attempt > after).take(limit + 1);
    let mut runs = Vec::new();
    for run in beyond {
        let profile = product.profile(run.profile.as_deref()).await.map_err(refusal::of)?;
        runs.push(Run::new(id, run, profile.as_deref()));
    }
    let persona =
        |run: &Run| run.profile_snapshot.as_ref().and_then(|of| of.snapshot.persona.as_ref()).map_or(0, String::len);
    let fits = page::fitting(runs.iter().map(persona), limit);
    let (runs, next) = page::cut(runs, fits, |run| page::cursor(KIND, &run.attempt.to_string()));
    page::list(&call, runs, next)
}

fn after(paging: &Paging) -> Result<u32, Problem> {
    let key = paging.after(KIND)?;
    key.map_or(Ok(0), |key| key.parse().map_err(|_| query::refused("after", "is no cursor of this list")))
}
