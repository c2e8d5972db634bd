//! Profiles: one file per action.
//! Shared here are the name in a path, and what fills in what submitters leave out.

pub(super) mod get;
pub(super) mod list;
pub(super) mod publish;

use actors::Product;
use domain::profile::{Usual, Wanted};
use wire::Problem;

use super::refusal;

/// What fills in what submitters leave out, with those of the named profiles that there are. Of a product that was never
/// heard of nothing does.
pub(super) async fn usual(
    product: Option<&Product>,
    named: impl IntoIterator<Item = Wanted>,
) -> Result<Usual, Problem> {
    match product {
        Some(product) => product.usual(named).await.map_err(refusal::of),
        None => Ok(Usual::default()),
    }
}
