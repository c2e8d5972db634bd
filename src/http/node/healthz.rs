//! Says that the process lives.
//! Asks nothing that could be slow or broken.

use std::future::{Ready, ready};

use super::NodeHealth;
use crate::http::answer::{Answer, ok};
use crate::http::call::Call;

/// Says that the process lives.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "getHealth",
    tag = "node",
    responses((status = 200, description = "It lives.", body = NodeHealth)),
)]
pub(crate) fn run(call: Call) -> Ready<Answer> {
    ready(ok(&NodeHealth::of(&call.edge)))
}
