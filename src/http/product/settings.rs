//! Shows what was chosen for a product.
//! Of a product that was never heard of everything is as usual; looking at it does not make it.

use wire::Settings;

use super::look;
use crate::http::answer::{Answer, tagged};
use crate::http::call::Call;

/// Shows the product's settings.
#[utoipa::path(
    get,
    path = "/api/fleet/settings",
    operation_id = "getSettings",
    tag = "product",
    responses((status = 200, description = "The settings.", body = Settings, headers(("ETag" = String)))),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let id = call.product_id()?;
    let settings = look(&call, id).await?;
    tagged(settings.rev, &Settings::from(&*settings))
}
