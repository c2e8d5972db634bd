//! Approves a job.
//! Whether enough reviewers have done so is for the job to know when it ships.

use domain::By;
use domain::job::{Command, command};
use wire::{Approve, Job};

use super::act;
use crate::http::answer::Answer;
use crate::http::call::Call;

/// Counts a reviewer's approval. Touches neither lease nor epoch.
#[utoipa::path(
    post,
    path = "/api/fleet/jobs/{id}/approve",
    operation_id = "approveJob",
    tag = "jobs",
    params(("id" = String, Path, description = "The job.")),
    request_body = Approve,
    responses((status = 200, description = "The job.", body = Job)),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let product = call.product_id()?;
    let said: Approve = call.strict().await?;
    said.check()?;
    let reviewer = said.by.unwrap_or_else(|| "operator".to_owned());
    let by = By::Operator(reviewer.clone());
    let command = command::Approve { reviewer, note: said.note };
    act(&call, &product, Command::Approve(command), by).await
}
