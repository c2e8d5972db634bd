//! Stops everything.
//! The gate is closed and every lease ends; nothing is handed out until it is opened again.

use domain::product::Command;
use wire::ProductState;

use super::order;
use crate::http::answer::Answer;
use crate::http::call::{Call, Nothing};

/// Hands out no more jobs and ends every lease.
#[utoipa::path(
    post,
    path = "/api/fleet/estop",
    operation_id = "stopProduct",
    tag = "product",
    params(("If-Match" = Option<String>, Header, description = "The revision of the settings that is meant.")),
    request_body = Nothing,
    responses((status = 200, description = "The product.", body = ProductState, headers(("ETag" = String)))),
)]
pub(crate) async fn run(call: Call) -> Answer {
    order(call, Command::Estop).await
}
