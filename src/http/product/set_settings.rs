//! Replaces what was chosen for a product.
//! A profile that is named has to be there; none ever goes. A lower limit does not undo what is handed out already, or on its way to be.

use domain::product::{self, Command};
use wire::Settings;
use wire::submit::no_such_profile;

use super::{change, replacement};
use crate::http::answer::{Answer, tagged};
use crate::http::call::Call;
use crate::http::refusal;

/// Replaces the product's settings: what is absent, or null, is as usual.
#[utoipa::path(
    put,
    path = "/api/fleet/settings",
    operation_id = "setSettings",
    tag = "product",
    params(("If-Match" = Option<String>, Header, description = "The revision that is to be replaced.")),
    request_body = Settings,
    responses((status = 200, description = "The settings.", body = Settings, headers(("ETag" = String)))),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let id = call.product_id()?;
    let said: Settings = replacement(&mut call).await?;
    said.check()?;
    let chosen = product::Choices::from(said);
    if let Some(wanted) = &chosen.default_profile {
        let found = call.edge.node.store().profile(&id, wanted).await.map_err(|why| refusal::of(why.into()))?;
        if found.is_none() {
            return Err(no_such_profile("/defaultProfile", wanted));
        }
    }
    let settings = change(&call, &id, Command::Set(chosen)).await?;
    tagged(settings.rev, &Settings::from(&*settings))
}
