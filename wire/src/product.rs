//! A product as it is shown: whether it runs, and what became true in it. Also lists and the version.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::Time;

/// One page of records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct List<T> {
    /// The records.
    pub data: Vec<T>,
    /// What to pass as `after` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One fact about a job, a factory or the product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its place in the product's log: without gaps, from 1.
    pub seq: u64,
    /// The job that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// The factory that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory_id: Option<String>,
    /// The `rev` of its job, factory or product that it made; absent where it changed none of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rev: Option<u64>,
    /// What became true, such as `job.leased`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When.
    pub at: Time,
    /// Who caused it.
    pub by: String,
    /// The particulars.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// Whether a product hands out jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductState {
    /// The product.
    pub product_id: String,
    /// It hands out none.
    pub paused: bool,
    /// How many leases an emergency stop ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evicted: Option<u64>,
}

/// What answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// The program's name.
    pub name: String,
    /// Its version.
    pub version: String,
}
