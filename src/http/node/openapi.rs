//! Shows the document of all routes.
//! It is written once, on the first question.

use std::future::{Ready, ready};
use std::sync::OnceLock;

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use wire::{Code, Problem};

use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::document;

/// Shows this document.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "getOpenApi",
    tag = "node",
    responses((status = 200, description = "The OpenAPI document.", body = Object)),
)]
pub(crate) fn run(call: Call) -> Ready<Answer> {
    static WRITTEN: OnceLock<Option<Bytes>> = OnceLock::new();
    let written = WRITTEN.get_or_init(|| document(call.edge.version).to_json().ok().map(Bytes::from));
    ready(match written {
        Some(bytes) => Ok(HttpResponse::Ok().content_type("application/json").body(bytes.clone())),
        None => Err(Problem::new(Code::OutcomeUnknown, "the document could not be written")),
    })
}
