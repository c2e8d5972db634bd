//! Refuses delivered work.
//! Whether there is any to refuse is for the job to decide.

use domain::job::{Command, command};
use wire::{Job, Reject};

use super::act;
use crate::http::answer::Answer;
use crate::http::call::{Call, operator};

/// Refuses delivered work: back into the queue with the note, or failed for good.
#[utoipa::path(
    post,
    path = "/api/fleet/jobs/{id}/reject",
    operation_id = "rejectJob",
    tag = "jobs",
    params(("id" = String, Path, description = "The job.")),
    request_body = Reject,
    responses((status = 200, description = "The job.", body = Job)),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let product = call.product_id()?;
    let said: Reject = call.strict().await?;
    said.check()?;
    let command = command::Reject { note: said.note, is_final: said.is_final.unwrap_or_default() };
    act(&call, &product, Command::Reject(command), operator()).await
}
