//! Says that the process lives.

use std::future::{Ready, ready};

use super::Health;
use crate::http::answer::{Answer, ok};
use crate::http::call::Call;

/// Says that the process lives.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "getHealth",
    tag = "node",
    responses((status = 200, description = "It lives.", body = Health)),
)]
pub(crate) fn run(call: Call) -> Ready<Answer> {
    ready(ok(&Health::of(&call.edge)))
}
