//! Looks at a factory.
//! Its seats and when it was last heard are those of this moment.

use wire::Factory;

use super::shown;
use crate::http::answer::{Answer, tagged};
use crate::http::call::Call;
use crate::http::refusal;

/// Looks at a factory.
#[utoipa::path(
    get,
    path = "/api/fleet/factories/{id}",
    operation_id = "getFactory",
    tag = "factories",
    params(("id" = String, Path, description = "The factory.")),
    responses((status = 200, description = "The factory.", body = Factory)),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let product = call.product_id()?;
    let (product, factory) = call.factory(&product)?;
    let _permit = call.permit(&product)?;
    let view = product.factory(&factory).await.map_err(refusal::of)?;
    tagged(view.factory.rev, &shown(&view))
}
