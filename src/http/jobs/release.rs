//! Gives a lease back.
//! Whether it is the holder who does so is for the job to decide.

use actors::Order;
use domain::job::{Command, RunResult, command};
use wire::{Job, Release};

use super::renew::fence;
use crate::http::answer::{Answer, done};
use crate::http::call::{Call, by_factory};
use crate::http::refusal;

/// Gives a lease back: undelivered work is queued again without using an attempt, delivered work stays where it is.
#[utoipa::path(
    post,
    path = "/api/fleet/jobs/{id}/lease/release",
    operation_id = "releaseLease",
    tag = "jobs",
    params(("id" = String, Path, description = "The job.")),
    request_body = Release,
    responses((status = 200, description = "The job.", body = Job)),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let product = call.product_id()?;
    let said: Release = call.lenient().await?;
    said.check()?;
    let fence = fence(said.lease_epoch, said.factory_id.as_deref())?;
    let (product, job) = call.job(&product)?;
    let _permit = call.permit(&product)?;
    let by = by_factory(fence.factory.as_ref());
    let result = said.result.map_or(RunResult::Released, Into::into);
    let resets_at = said.resets_at.map(Into::into);
    let command = Command::Release(command::Release { fence, result, resets_at });
    let outcome = product.order(job, Order { command, by, if_rev: None }).await.map_err(refusal::of)?;
    done(&product, &outcome)
}
