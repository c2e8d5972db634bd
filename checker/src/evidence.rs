//! What is held against each other: a history of requests, the event log, the records. One JSON document a line.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A line of a history.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// A request and what became of it.
    Op(Box<Op>),
    /// Something that happened to the coordinator.
    Mark(Mark),
}

/// A request and what became of it. Stamps are counted up over the whole history: what was answered before another
/// request began has a smaller stamp.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Op {
    /// Who asked.
    pub client: String,
    /// The product that was asked for.
    pub product: String,
    /// Its stamp.
    pub invoked: u64,
    /// The answer's stamp; none if no answer came, and nobody knows what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<u64>,
    /// When it was asked by the coordinator's clock, in milliseconds since 1970.
    pub at: i64,
    /// When it was answered by the coordinator's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// How often it may have been delivered; 1 where absent.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub sent: u32,
    /// `GET`, `POST`, `PATCH`, …
    pub method: String,
    /// The path with its query, from `/api` on.
    pub path: String,
    /// The `rev` of `If-Match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_match: Option<u64>,
    /// The body, where it was JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<RawValue>>,
    /// The answer's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The answer's body, where it was JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Box<RawValue>>,
}

fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_once(sent: &u32) -> bool {
    *sent == 1
}

/// Something that happened to the coordinator.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// What.
    pub mark: Moment,
    /// Its stamp.
    pub stamp: u64,
    /// When by the coordinator's clock, in milliseconds since 1970.
    pub at: i64,
    /// Of a start: whether urgent jobs may evict others there, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preemption: Option<bool>,
}

/// What can happen to a coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// It serves.
    Started,
    /// It has ended, however it did.
    Ended,
    /// It stands still: frozen, cut off, or its store is.
    Halted,
    /// It goes on after a halt.
    Resumed,
    /// Its clock was set.
    Jumped,
    /// From here on nothing goes wrong any more.
    Healed,
}

/// An event as `GET /api/fleet/events` shows it, with its product.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The product.
    pub product: String,
    /// Its place in the product's log.
    pub seq: u64,
    /// The job it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// The factory it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory_id: Option<String>,
    /// The `rev` that it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rev: Option<u64>,
    /// What became true.
    #[serde(rename = "type")]
    pub kind: String,
    /// When: RFC 3339, UTC, milliseconds.
    pub at: String,
    /// Who caused it.
    pub by: String,
    /// The particulars.
    pub data: Box<RawValue>,
}

/// A record of a dump, as the API shows it: exactly one of its members besides the product.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The product.
    pub product: String,
    /// A job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Box<RawValue>>,
    /// A run that has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Box<RawValue>>,
    /// A factory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory: Option<Box<RawValue>>,
    /// The product itself: whether it is paused, its `rev`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Box<RawValue>>,
}
