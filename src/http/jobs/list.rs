//! Lists jobs, of one product or of all that the caller may see.
//! Reads the store; wakes no actor.

use std::cmp::Reverse;
use std::sync::Arc;

use actors::Product;
use actors::store::{JobQuery, Page};
use domain::job::Job;
use wire::{List, Problem};

use super::filter::{Filter, cursor};
use crate::http::answer::{Answer, shown};
use crate::http::call::Call;
use crate::http::headers::{self, Scope};
use crate::http::{page, query, refusal};

/// Lists jobs, newest first. With `X-Product-Id: *`, of every product.
#[utoipa::path(
    get,
    path = "/api/fleet/jobs",
    operation_id = "listJobs",
    tag = "jobs",
    params(Filter),
    responses((status = 200, description = "A page of jobs.", body = List<wire::Job>)),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let scope = headers::scope(call.headers())?;
    let filter: Filter = query::read(call.query())?;
    let (query, limit, after) = (filter.query()?, filter.limit()?, filter.after()?);
    let products = match scope {
        Scope::One(product) => call.known(&product)?.into_iter().collect(),
        Scope::All => call.edge.node.products(),
    };
    let page = Page { after, limit: limit + 1 };
    let mut found: Vec<(Product, Arc<Job>)> = Vec::new();
    for product in products {
        let jobs = read(&call, &product, &query, page).await?;
        found.extend(jobs.into_iter().map(|job| (product.clone(), job)));
        found.sort_unstable_by_key(|(_, job)| Reverse(job.id));
        found.truncate(limit + 1);
    }
    let bytes = found.iter().map(|(_, job)| job.spec.body_md.len() + job.spec.manifest_json.len());
    let fits = page::fitting(bytes, limit);
    let (found, next) = page::cut(found, fits, |(_, job)| cursor(&job.id.to_string()));
    page::list(&call, found.iter().map(|(product, job)| shown(product, job)).collect(), next)
}

async fn read(
    call: &Call,
    product: &Product,
    query: &JobQuery,
    page: Page<domain::JobId>,
) -> Result<Vec<Arc<Job>>, Problem> {
    let _permit = call.permit(product)?;
    let jobs = call.edge.node.store().jobs(product.id(), query, page).await;
    jobs.map_err(|why| refusal::of(why.into()))
}
