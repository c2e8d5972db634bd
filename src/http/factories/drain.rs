//! Drains a factory.
//! Answers when nothing more is on offer to it.

use serde::Deserialize;
use utoipa::ToSchema;
use wire::{Factory, Problem};

use super::shown;
use crate::http::answer::{Answer, tagged};
use crate::http::call::{Call, operator};
use crate::http::refusal;

const MAX_REASON: usize = 4_096;

/// Gives a factory nothing new.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Drain {
    /// Why.
    #[serde(default)]
    reason: Option<String>,
}

/// Hands a factory no more jobs; what it runs it finishes.
#[utoipa::path(
    post,
    path = "/api/fleet/factories/{id}/drain",
    operation_id = "drainFactory",
    tag = "factories",
    params(("id" = String, Path, description = "The factory.")),
    request_body = Drain,
    responses((status = 200, description = "The factory.", body = Factory)),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let product = call.product_id()?;
    let Drain { reason } = call.strict().await?;
    if reason.as_ref().is_some_and(|reason| reason.trim().is_empty() || reason.len() > MAX_REASON) {
        return Err(Problem::invalid("/reason", format!("must have 1 to {MAX_REASON} bytes")));
    }
    let (product, factory) = call.factory(&product)?;
    let _permit = call.permit(&product)?;
    let view = product.drain(&factory, reason, operator()).await.map_err(refusal::of)?;
    tagged(view.factory.rev, &shown(&view))
}
