//! Says who answers.
//! Asks neither a product nor the store.

use std::future::{Ready, ready};

use wire::Version;

use crate::http::answer::{Answer, ok};
use crate::http::call::Call;

/// Says who answers, and in which version.
#[utoipa::path(
    get,
    path = "/api/version",
    operation_id = "getVersion",
    tag = "node",
    responses((status = 200, description = "The program.", body = Version)),
)]
pub(crate) fn run(call: Call) -> Ready<Answer> {
    ready(ok(&Version { name: "gigafactory".to_owned(), version: call.edge.version.to_owned() }))
}
