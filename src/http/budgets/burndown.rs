//! Shows where a product's money went: by day, by job, by engine.
//! Read from the store; the same whether budgets are on or were.

use domain::ProductId;
use domain::budget::{Charge, Day, Window, burndown};
use serde::Deserialize;
use wire::{Burndown, Problem};

use super::{product_id, view};
use crate::http::answer::{Answer, ok};
use crate::http::call::Call;
use crate::http::{query, refusal};

/// The days that are shown of a budget whose window never ends, unless the request says otherwise.
const USUAL_DAYS: i64 = 30;
/// At most so many days.
const MOST_DAYS: i64 = 3_660;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    from: Option<String>,
    to: Option<String>,
}

/// Shows what was charged, by day, job and engine: from the beginning of the window to today unless asked otherwise.
#[utoipa::path(
    get,
    path = "/api/fleet/budgets/{id}/burndown",
    operation_id = "getBurndown",
    tag = "budgets",
    params(
        ("id" = String, Path, description = "The product."),
        ("from" = Option<String>, Query, description = "The first day, `YYYY-MM-DD` in UTC."),
        ("to" = Option<String>, Query, description = "The last day."),
    ),
    responses((status = 200, description = "The sums.", body = Burndown)),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let id = product_id(&call)?;
    let Asked { from, to } = query::read(call.query())?;
    let day = |name: &str, text: Option<String>| {
        let read = |text: String| text.parse::<Day>().map_err(|bad| query::refused(name, &bad.to_string()));
        text.map(read).transpose()
    };
    let (from, to) = (day("from", from)?, day("to", to)?);
    let budget = view(&call, id.clone()).await?.budget;
    let today = Day::of(call.heard);
    let to = to.unwrap_or_else(|| today.max(from.unwrap_or(today)));
    let start = match budget.window {
        Window::Total => Day(to.0 - USUAL_DAYS + 1),
        Window::Daily | Window::Weekly | Window::Monthly => Day::of(budget.window_start).min(to),
    };
    let from = from.unwrap_or(start);
    if to < from || to.0 - from.0 >= MOST_DAYS {
        return Err(query::refused("to", &format!("must not be before from, nor {MOST_DAYS} days after it or more")));
    }
    let charges = charges(&call, &id, from).await?;
    ok(&Burndown::of(&burndown(&charges, from..=to), from, to))
}

async fn charges(call: &Call, id: &ProductId, from: Day) -> Result<Vec<Charge>, Problem> {
    call.edge.node.store().charges(id, from).await.map_err(|why| refusal::of(why.into()))
}
