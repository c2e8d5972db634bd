//! Puts a job back into the queue.
//! From where that is possible is for the job to decide.

use domain::job::{Command, command};
use wire::{Job, Requeue};

use super::act;
use crate::http::answer::Answer;
use crate::http::call::{Call, operator};

/// Puts a job back into the queue, with its attempts reset.
#[utoipa::path(
    post,
    path = "/api/fleet/jobs/{id}/requeue",
    operation_id = "requeueJob",
    tag = "jobs",
    params(("id" = String, Path, description = "The job.")),
    request_body = Requeue,
    responses((status = 200, description = "The job.", body = Job)),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let product = call.product_id()?;
    let said: Requeue = call.strict().await?;
    said.check()?;
    let command = command::Requeue { fresh: said.fresh.unwrap_or_default(), note: said.note };
    act(&call, &product, Command::Requeue(command), operator()).await
}
