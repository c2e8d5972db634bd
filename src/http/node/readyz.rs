//! Says whether the node can do its work.
//! Reads no product; a node that is stopping is not ready.

use std::time::Duration;

use actors::store::Why;
use wire::{Code, Problem};

use super::NodeHealth;
use crate::http::answer::{Answer, ok};
use crate::http::call::Call;

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Says whether the node can do its work: it is not stopping, its database answers, and its disk is not full.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "getReadiness",
    tag = "node",
    responses((status = 200, description = "It is ready.", body = NodeHealth)),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let not_ready = |why: &str| Err(Problem::new(Code::Overloaded, why));
    if call.edge.is_stopping() {
        return not_ready("shutting down");
    }
    match tokio::time::timeout(PATIENCE, call.edge.node.store().ready()).await {
        Ok(Ok(())) => ok(&NodeHealth::of(&call.edge)),
        Ok(Err(why @ Why::Full)) => Err(Problem::new(Code::StorageFull, why.to_string())),
        Ok(Err(why @ Why::Unavailable(_))) => {
            tracing::warn!(%why, "the store is not ready");
            not_ready("the database does not answer")
        }
        Err(_) => not_ready("the database takes too long to answer"),
    }
}
