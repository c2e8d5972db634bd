//! Jobs: one file per action.
//! Shared here is what an order to a job and a look at one have in common.

pub(super) mod answer;
pub(super) mod approve;
pub(super) mod batch;
pub(super) mod cancel;
mod dry_run;
mod edit;
mod entries;
pub(super) mod events;
pub(super) mod explain;
mod filter;
pub(super) mod get;
pub(super) mod lease;
pub(super) mod list;
pub(super) mod patch;
pub(super) mod reject;
pub(super) mod release;
pub(super) mod renew;
mod report;
pub(super) mod requeue;
pub(super) mod runs;
pub(super) mod ship;
pub(super) mod submit;

use std::sync::Arc;

use actors::{Order, Product};
use domain::dispatch::{Needs, Reason};
use domain::job::{Command, Job, Spec};
use domain::{By, JobId, ProductId};
use wire::Problem;

use super::answer::{Answer, done};
use super::call::{Call, no_such_job};
use super::headers::Expected;
use super::refusal;

/// Gives a job an operator's order, if it has a revision that the caller expects.
async fn act(call: &Call, product: &ProductId, command: Command, by: By) -> Answer {
    let (product, job) = call.job(product)?;
    let expected = Expected::of(call.headers())?;
    let _permit = call.permit(&product)?;
    let if_rev = if_rev(call, &product, job, &expected).await?;
    let outcome = product.order(job, Order { command, by, if_rev }).await.map_err(refusal::of)?;
    done(&product, &outcome)
}

/// The one revision to hold the job against. Several that are expected are settled by a look at the job.
async fn if_rev(call: &Call, product: &Product, job: JobId, expected: &Expected) -> Result<Option<u64>, Problem> {
    match expected {
        Expected::Unsaid | Expected::Any => Ok(None),
        Expected::Revs(revs) if revs.len() == 1 => Ok(revs.first().copied()),
        Expected::Revs(_) => {
            let rev = look(call, product, job).await?.rev;
            if expected.allows(rev) { Ok(Some(rev)) } else { Err(refusal::precondition(rev)) }
        }
    }
}

/// A job as the store has it.
async fn look(call: &Call, product: &Product, job: JobId) -> Result<Arc<Job>, Problem> {
    let stored = call.edge.node.store().job(product.id(), job).await;
    let stored = stored.map_err(|why| refusal::of(why.into()))?;
    stored.map(|stored| stored.job).ok_or_else(no_such_job)
}

/// A word for the submitter of a job that no known factory could run.
fn nobody_could_run(product: &Product, spec: &Spec) -> Option<String> {
    let needs = Needs::of(spec);
    if product.could_run(&needs) {
        return None;
    }
    let asks = [needs.capabilities.join(", "), needs.engines.join(", "), needs.engine_class.unwrap_or_default()];
    let asks: Vec<String> = asks.into_iter().filter(|words| !words.is_empty()).collect();
    let asks = if asks.is_empty() { String::new() } else { format!(" (it asks for {})", asks.join("; ")) };
    Some(format!("{}: no known factory could run it{asks}; it waits for one that can", Reason::NoFactoryEver.as_str()))
}
