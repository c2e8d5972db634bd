//! The node itself: who answers, in which words, whether it is well, and how much it has in hand.
//! No product here.

pub(super) mod healthz;
pub(super) mod metrics;
pub(super) mod openapi;
pub(super) mod readyz;
pub(super) mod version;

use serde::Serialize;
use utoipa::ToSchema;

/// How the node is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeHealth {
    /// `ok`.
    status: &'static str,
    /// The program's version.
    version: &'static str,
    /// How long it has run, in seconds.
    uptime_sec: u64,
}

impl NodeHealth {
    fn of(edge: &super::Edge) -> Self {
        let uptime_sec = edge.node.now().ms_since(edge.started) / 1_000;
        Self { status: "ok", version: edge.version, uptime_sec }
    }
}
