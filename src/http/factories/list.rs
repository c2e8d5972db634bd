//! Lists factories.
//! A product that was never heard of has none.

use wire::{Factory, List};

use super::shown;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::page::{self, Paging};
use crate::http::{query, refusal};

const KIND: &str = "factory";

/// Lists the product's factories, in the order of their names.
#[utoipa::path(
    get,
    path = "/api/fleet/factories",
    operation_id = "listFactories",
    tag = "factories",
    params(Paging),
    responses((status = 200, description = "A page of factories.", body = List<Factory>)),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let product = call.product_id()?;
    let paging: Paging = query::read(call.query())?;
    let (limit, after) = (paging.limit()?, paging.after(KIND)?.unwrap_or_default());
    let Some(product) = call.known(&product)? else { return page::list::<Factory>(&call, Vec::new(), None) };
    let _permit = call.permit(&product)?;
    let views = product.factories().await.map_err(refusal::of)?;
    let beyond = views.iter().filter(|view| view.factory.id.as_str() > after.as_str()).take(limit + 1);
    let (factories, next) = page::cut(beyond.map(shown).collect(), limit, |last| page::cursor(KIND, &last.factory_id));
    page::list(&call, factories, next)
}
