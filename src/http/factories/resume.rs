//! Lets a drained factory work again.
//! Its next claim is as good as any.

use wire::Factory;

use super::shown;
use crate::http::answer::{Answer, tagged};
use crate::http::call::{Call, Nothing, operator};
use crate::http::refusal;

/// Hands a drained factory jobs again.
#[utoipa::path(
    post,
    path = "/api/fleet/factories/{id}/resume",
    operation_id = "resumeFactory",
    tag = "factories",
    params(("id" = String, Path, description = "The factory.")),
    request_body = Nothing,
    responses((status = 200, description = "The factory.", body = Factory)),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let product = call.product_id()?;
    let Nothing {} = call.strict().await?;
    let (product, factory) = call.factory(&product)?;
    let _permit = call.permit(&product)?;
    let view = product.resume_factory(&factory, operator()).await.map_err(refusal::of)?;
    tagged(view.factory.rev, &shown(&view))
}
