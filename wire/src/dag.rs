//! A job as a part of others: nodes, and the edges that each of them names.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::word::{Kind, Stage};

/// A job with everything below it and everything that any of these waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dag {
    /// The jobs, in the order of their ids.
    pub nodes: Vec<Node>,
}

/// One of the jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Whether it has children, or is to have some.
    pub kind: Kind,
    /// Where it stands.
    pub stage: Stage,
    /// The job that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// The jobs that it waits for.
    pub depends_on: Vec<String>,
}
