//! Lists what became true of a job.
//! Reads the log; a job that is unknown has none, not an empty one.

use wire::{Event, List};

use super::look;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::product::events::{Params, answer, read};
use crate::http::query;

/// Lists a job's events after a `seq`, oldest first.
#[utoipa::path(
    get,
    path = "/api/fleet/jobs/{id}/events",
    operation_id = "listJobEvents",
    tag = "jobs",
    params(("id" = String, Path, description = "The job."), Params),
    responses((status = 200, description = "A page of events.", body = List<Event>)),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let product = call.product_id()?;
    let params: Params = query::read(call.query())?;
    let page = params.page()?;
    let (product, id) = call.job(&product)?;
    let _permit = call.permit(&product)?;
    look(&call, &product, id).await?;
    let events = read(&call, product.id(), Some(id), page).await?;
    answer(&call, &events, page)
}
