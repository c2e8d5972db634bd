//! Chooses ceiling and window.
//! A lower ceiling takes nothing back that is promised already.

use actors::BudgetCommand;
use wire::{Budget, SetBudget};

use super::{change, product_id};
use crate::http::answer::Answer;
use crate::http::body::JOB;
use crate::http::call::Call;

/// Replaces the product's ceiling and window. A window of another kind begins at its natural start, with what was charged
/// since then.
#[utoipa::path(
    put,
    path = "/api/fleet/budgets/{id}",
    operation_id = "setBudget",
    tag = "budgets",
    params(
        ("id" = String, Path, description = "The product."),
        ("If-Match" = Option<String>, Header, description = "The revision that is to be replaced."),
    ),
    request_body = SetBudget,
    responses((status = 200, description = "The budget.", body = Budget, headers(("ETag" = String)))),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let id = product_id(&call)?;
    let SetBudget { ceiling_usd, window } = wire::strict(&call.bytes(JOB).await?)?;
    let window = window.map(Into::into).unwrap_or_default();
    change(&call, &id, BudgetCommand::Set { ceiling: ceiling_usd.map(Into::into), window }).await
}
