//! Lists a product's profiles.
//! Reads the store; older versions are shown one by one only.

use actors::NotDone;
use actors::store::Page;
use wire::{List, Profile};

use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::page::{self, Paging};
use crate::http::{query, refusal};

const KIND: &str = "profile";

/// Lists the newest version of each profile, in the order of their names.
#[utoipa::path(
    get,
    path = "/api/fleet/profiles",
    operation_id = "listProfiles",
    tag = "profiles",
    params(Paging),
    responses((status = 200, description = "A page of profiles.", body = List<Profile>)),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let id = call.product_id()?;
    let paging: Paging = query::read(call.query())?;
    let limit = paging.limit()?;
    let after = paging.after(KIND)?.map(|name| query::parsed("after", &name)).transpose()?;
    let Some(product) = call.known(&id)? else { return page::list::<Profile>(&call, Vec::new(), None) };
    let _permit = call.permit(&product)?;
    let found = call.edge.node.store().profiles(&id, Page { after, limit: limit + 1 }).await;
    let found = found.map_err(|why| refusal::of(NotDone::from(why)))?;
    let fits =
        page::fitting(found.iter().map(|profile| profile.snapshot.persona.as_ref().map_or(0, String::len)), limit);
    let (found, next) = page::cut(found, fits, |profile| page::cursor(KIND, profile.name.as_str()));
    page::list(&call, found.iter().map(|profile| Profile::from(&**profile)).collect(), next)
}
