//! Opens the gate.
//! Jobs are handed out again; what an emergency stop has ended stays ended.

use domain::product::Command;
use wire::ProductState;

use super::order;
use crate::http::answer::Answer;
use crate::http::call::{Call, Nothing};

/// Hands out jobs again.
#[utoipa::path(
    post,
    path = "/api/fleet/resume",
    operation_id = "resumeProduct",
    tag = "product",
    params(("If-Match" = Option<String>, Header, description = "The revision of the settings that is meant.")),
    request_body = Nothing,
    responses((status = 200, description = "The product.", body = ProductState, headers(("ETag" = String)))),
)]
pub(crate) async fn run(call: Call) -> Answer {
    order(call, Command::Resume).await
}
