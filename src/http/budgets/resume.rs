//! Lifts an operator's pause of the product's money.
//! What its ceiling has paused goes on with the next window, or a higher ceiling.

use actors::BudgetCommand;
use wire::Budget;

use super::order;
use crate::http::answer::Answer;
use crate::http::call::{Call, Nothing};

/// Hands out jobs again, as far as the ceiling reaches.
#[utoipa::path(
    post,
    path = "/api/fleet/budgets/{id}/resume",
    operation_id = "resumeBudget",
    tag = "budgets",
    params(
        ("id" = String, Path, description = "The product."),
        ("If-Match" = Option<String>, Header, description = "The revision that is meant."),
    ),
    request_body = Nothing,
    responses(
        (status = 200, description = "The budget.", body = Budget, headers(("ETag" = String))),
        (status = 409, description = "The ceiling has paused it: `illegal-transition`.", body = wire::Problem),
    ),
)]
pub(crate) async fn run(call: Call) -> Answer {
    order(call, BudgetCommand::Resume).await
}
