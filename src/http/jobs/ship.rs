//! Ships delivered work.
//! Whether it may ship is for the job to decide.

use domain::job::Command;
use wire::{Job, ShipRequest};

use super::act;
use crate::http::answer::Answer;
use crate::http::call::{Call, operator};

/// Ships delivered work. Refused while approvals are missing.
#[utoipa::path(
    post,
    path = "/api/fleet/jobs/{id}/ship",
    operation_id = "shipJob",
    tag = "jobs",
    params(("id" = String, Path, description = "The job.")),
    request_body = ShipRequest,
    responses((status = 200, description = "The job.", body = Job)),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let product = call.product_id()?;
    let ShipRequest {} = call.strict().await?;
    act(&call, &product, Command::Ship, operator()).await
}
