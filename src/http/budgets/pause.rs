//! Stops handing out jobs for the sake of the product's money.
//! Only an operator lifts it.

use actors::BudgetCommand;
use wire::Budget;

use super::order;
use crate::http::answer::Answer;
use crate::http::call::{Call, Nothing};

/// Hands out no more jobs of the product. What runs goes on.
#[utoipa::path(
    post,
    path = "/api/fleet/budgets/{id}/pause",
    operation_id = "pauseBudget",
    tag = "budgets",
    params(
        ("id" = String, Path, description = "The product."),
        ("If-Match" = Option<String>, Header, description = "The revision that is meant."),
    ),
    request_body = Nothing,
    responses((status = 200, description = "The budget.", body = Budget, headers(("ETag" = String)))),
)]
pub(crate) async fn run(call: Call) -> Answer {
    order(call, BudgetCommand::Pause).await
}
