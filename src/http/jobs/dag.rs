//! Shows a job as a part of others: what is below it, and what all of these wait for.
//! Read from the store in one go.

use wire::dag::{Dag, Node};

use crate::http::answer::{Answer, ok};
use crate::http::call::{Call, no_such_job};
use crate::http::refusal;

/// Jobs that are shown at most.
const MOST: usize = 20_000;

/// Shows a job with everything below it and everything that any of these waits for, in the order of their ids.
#[utoipa::path(
    get,
    path = "/api/fleet/jobs/{id}/dag",
    operation_id = "getDag",
    tag = "jobs",
    params(("id" = String, Path, description = "The job.")),
    responses((status = 200, description = "The jobs and their edges.", body = Dag)),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let product = call.product_id()?;
    let (product, id) = call.job(&product)?;
    let _permit = call.permit(&product)?;
    let found = call.edge.node.store().dag(product.id(), id, MOST).await.map_err(|why| refusal::of(why.into()))?;
    if found.is_empty() {
        return Err(no_such_job());
    }
    let nodes = found.into_iter().map(|node| Node {
        id: node.id.to_string(),
        title: node.title,
        kind: node.kind.into(),
        stage: node.stage.into(),
        parent_id: node.parent.map(|parent| parent.to_string()),
        depends_on: node.depends_on.iter().map(ToString::to_string).collect(),
    });
    ok(&Dag { nodes: nodes.collect() })
}
