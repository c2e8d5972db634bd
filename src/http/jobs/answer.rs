//! Answers the question that a job is blocked on.
//! Whether it asks one is for the job to decide.

use domain::job::{Command, command};
use wire::{Answer as Said, Job};

use super::act;
use crate::http::answer::Answer;
use crate::http::call::{Call, operator};

/// Answers the question that a job is blocked on; it goes back into the queue.
#[utoipa::path(
    post,
    path = "/api/fleet/jobs/{id}/answer",
    operation_id = "answerJob",
    tag = "jobs",
    params(("id" = String, Path, description = "The job.")),
    request_body = Said,
    responses((status = 200, description = "The job.", body = Job)),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let product = call.product_id()?;
    let said: Said = call.strict().await?;
    said.check()?;
    let command = command::Answer { text: said.text };
    act(&call, &product, Command::Answer(command), operator()).await
}
