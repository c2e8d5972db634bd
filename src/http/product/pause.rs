//! Closes the gate.
//! What is leased goes on.

use domain::product::Command;
use wire::ProductState;

use super::order;
use crate::http::answer::Answer;
use crate::http::call::{Call, Nothing};

/// Hands out no more jobs. What runs goes on.
#[utoipa::path(
    post,
    path = "/api/fleet/pause",
    operation_id = "pauseProduct",
    tag = "product",
    params(("If-Match" = Option<String>, Header, description = "The revision of the settings that is meant.")),
    request_body = Nothing,
    responses((status = 200, description = "The product.", body = ProductState, headers(("ETag" = String)))),
)]
pub(crate) async fn run(call: Call) -> Answer {
    order(call, Command::Pause).await
}
