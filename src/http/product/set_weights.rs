//! Replaces what the terms of the score weigh in a product.
//! The next claim is decided by them.

use domain::product::Command;
use wire::Weights;

use super::{change, replacement};
use crate::http::answer::{Answer, tagged};
use crate::http::call::Call;

/// Replaces the product's weights: terms that are left out weigh what they usually do.
#[utoipa::path(
    put,
    path = "/api/fleet/weights",
    operation_id = "setWeights",
    tag = "product",
    params(("If-Match" = Option<String>, Header, description = "The revision that is to be replaced.")),
    request_body = Weights,
    responses((status = 200, description = "Every term and its weight.", body = Weights, headers(("ETag" = String)))),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let id = call.product_id()?;
    let Weights(said) = replacement(&mut call).await?;
    let settings = change(&call, &id, Command::SetWeights(said)).await?;
    tagged(settings.rev, &Weights(settings.weights().iter().collect()))
}
