//! What is asked of the store besides single records.

use std::sync::Arc;

use domain::job::Stage;
use domain::job::state::Priority;
use domain::{FactoryId, JobId, ProductId, Timestamp};

/// Which jobs to list; every member narrows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobQuery {
    /// Jobs in one of these stages; empty means any.
    pub stages: Vec<Stage>,
    /// Jobs of this priority.
    pub priority: Option<Priority>,
    /// Jobs whose lease this factory holds.
    pub factory: Option<FactoryId>,
    /// Jobs that ask for this capability.
    pub capability: Option<String>,
    /// Jobs with this label: its key, and its value where one is given.
    pub label: Option<(String, Option<String>)>,
    /// Jobs made from this work item.
    pub tracker_item_id: Option<String>,
    /// Jobs with this text in their title or body, whatever its case.
    pub text: Option<String>,
}

/// Which part of a list: at most `limit` records beyond `after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<K> {
    /// The last record of the part before.
    pub after: Option<K>,
    /// How many at most.
    pub limit: usize,
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its number in its product.
    pub seq: u64,
    /// The product.
    pub product: ProductId,
    /// The job it is about.
    pub job: Option<JobId>,
    /// The factory it is about.
    pub factory: Option<FactoryId>,
    /// The `rev` of the job, card or settings that it made; none where it changed none.
    pub rev: Option<u64>,
    /// Its type, as on the wire.
    pub kind: Arc<str>,
    /// When it became true.
    pub at: Timestamp,
    /// Who caused it.
    pub by: String,
    /// Its data, a JSON text.
    pub data: String,
}
