//! Shows a product's budget.
//! What is promised is as of the moment of the answer.

use wire::Budget;

use super::{product_id, shown, view};
use crate::http::answer::Answer;
use crate::http::call::Call;

/// Shows the product's budget; `ceilingUsd` is `null` where there is no limit.
#[utoipa::path(
    get,
    path = "/api/fleet/budgets/{id}",
    operation_id = "getBudget",
    tag = "budgets",
    params(("id" = String, Path, description = "The product.")),
    responses((status = 200, description = "The budget.", body = Budget, headers(("ETag" = String)))),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let id = product_id(&call)?;
    shown(&view(&call, id).await?)
}
