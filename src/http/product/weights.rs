//! Shows what the terms of the score weigh in a product.
//! All of them, whether they are as usual or not.

use wire::Weights;

use super::look;
use crate::http::answer::{Answer, tagged};
use crate::http::call::Call;

/// Shows what every term of the score weighs in the product.
#[utoipa::path(
    get,
    path = "/api/fleet/weights",
    operation_id = "getWeights",
    tag = "product",
    responses((status = 200, description = "Every term and its weight.", body = Weights, headers(("ETag" = String)))),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let id = call.product_id()?;
    let settings = look(&call, id).await?;
    tagged(settings.rev, &Weights(settings.weights().iter().collect()))
}
