//! Publishes a profile: a new version of it.
//! Older versions stay as they are, and so does whatever names them.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use wire::{Profile, PublishRequest};

use crate::http::answer::{Answer, written};
use crate::http::call::{Call, operator};
use crate::http::refusal;

/// Publishes what a profile says from now on. What its newest version says already makes no new one.
#[utoipa::path(
    post,
    path = "/api/fleet/profiles",
    operation_id = "publishProfile",
    tag = "profiles",
    request_body = PublishRequest,
    responses(
        (status = 201, description = "A new version.", body = Profile),
        (status = 200, description = "The newest version, which says the same.", body = Profile),
    ),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let id = call.product_id()?;
    let said: PublishRequest = call.strict().await?;
    let (name, snapshot) = said.into_snapshot()?;
    let product = call.product(&id).await?;
    let _permit = call.permit(&product)?;
    let published = product.publish(name, snapshot, operator()).await.map_err(refusal::of)?;
    let mut response = if published.is_new { HttpResponse::Created() } else { HttpResponse::Ok() };
    if published.is_new {
        response.insert_header((LOCATION, format!("/api/fleet/profiles/{}", published.profile.pinned())));
    }
    written(&mut response, &Profile::from(&*published.profile))
}
