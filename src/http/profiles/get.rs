//! Shows a profile: its newest version, or the one that is named.
//! Reads the store; a version never changes.

use actors::NotDone;
use wire::{Code, Problem, Profile};

use crate::http::answer::{Answer, ok};
use crate::http::call::Call;
use crate::http::refusal;

/// Shows a profile: `name` is its newest version, `name@version` that one.
#[utoipa::path(
    get,
    path = "/api/fleet/profiles/{name}",
    operation_id = "getProfile",
    tag = "profiles",
    params(("name" = String, Path, description = "The profile, or one of its versions: `careful`, `careful@3`.")),
    responses((status = 200, description = "The profile.", body = Profile)),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let id = call.product_id()?;
    let (product, wanted) = call.known(&id)?.zip(call.named()).ok_or_else(no_such_profile)?;
    let _permit = call.permit(&product)?;
    let found = call.edge.node.store().profile(&id, &wanted).await;
    let profile = found.map_err(|why| refusal::of(NotDone::from(why)))?.ok_or_else(no_such_profile)?;
    ok(&Profile::from(&*profile))
}

fn no_such_profile() -> Problem {
    Problem::new(Code::NotFound, "no such profile")
}
