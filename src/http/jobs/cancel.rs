//! Ends a job.
//! Its factory hears of it with its next heartbeat or write.

use domain::job::{Command, command};
use wire::{Cancel, Job};

use super::act;
use crate::http::answer::Answer;
use crate::http::call::{Call, operator};

/// Ends a job that has not ended yet; a factory that runs it is told to stop.
#[utoipa::path(
    post,
    path = "/api/fleet/jobs/{id}/cancel",
    operation_id = "cancelJob",
    tag = "jobs",
    params(("id" = String, Path, description = "The job.")),
    request_body = Cancel,
    responses((status = 200, description = "The job.", body = Job)),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let product = call.product_id()?;
    let said: Cancel = call.strict().await?;
    said.check()?;
    let command = command::Cancel { reason: said.reason };
    act(&call, &product, Command::Cancel(command), operator()).await
}
