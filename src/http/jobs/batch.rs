//! Submits several jobs at once, each on its own:
//! what is refused refuses only those that name it.

use std::sync::Arc;

use actors::{Product, Submission, Submitted};
use domain::job::Job;
use futures::future::join_all;
use wire::submit::Outcome;
use wire::{BatchAnswer, BatchRequest};

use super::entries::{Entries, Settled};
use super::nobody_could_run;
use crate::http::answer::{Answer, ok, shown};
use crate::http::body::BATCH;
use crate::http::call::{Call, operator};
use crate::http::{profiles, refusal};

/// Submits up to 1,000 jobs, each on its own. An entry's `dependsOn` may name the `ref`s of others.
#[utoipa::path(
    post,
    path = "/api/fleet/jobs/batch",
    operation_id = "submitBatch",
    tag = "jobs",
    request_body = BatchRequest,
    responses((status = 200, description = "What became of each entry.", body = BatchAnswer)),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let id = call.product_id()?;
    let bytes = call.bytes(BATCH).await?;
    let mut entries = Entries::read(&bytes)?;
    drop(bytes);
    let product = call.product(&id).await?;
    let _permit = call.permit(&product)?;
    let usual = profiles::usual(Some(&product), entries.profiles()).await?;
    // Ids are made in the order of the request, whichever entry comes first in the end.
    let ids: Vec<_> = (0..entries.len()).map(|_| call.edge.node.new_job_id()).collect();
    loop {
        // Entries of one wave go together, so that they are committed together.
        let wave = entries.next_wave(&usual);
        if wave.is_empty() {
            break;
        }
        let submits = wave.into_iter().map(|(at, spec)| {
            let submission = Submission { id: ids[at], spec, by: operator() };
            let product = &product;
            async move { (at, settled(product, product.submit(submission).await)) }
        });
        for (at, settled) in join_all(submits).await {
            entries.settle(at, settled);
        }
    }
    ok(&BatchAnswer { results: entries.results() })
}

fn settled(product: &Product, submitted: Result<Submitted, actors::NotDone>) -> Settled {
    match submitted {
        Ok(Submitted::Created(job)) => made(product, &job, Outcome::Created),
        Ok(Submitted::Duplicate(job)) => made(product, &job, Outcome::Duplicate),
        Err(why) => Settled::Refused(refusal::of(why)),
    }
}

fn made(product: &Product, job: &Arc<Job>, outcome: Outcome) -> Settled {
    let warning = nobody_could_run(product, &job.spec);
    Settled::Job(Box::new(shown(product, job)), job.id, outcome, warning.into_iter().collect())
}
