//! How a job's snapshot is laid out in its row: columns, and a JSON text with short names that leaves defaults out.
//!
//! What was asked for lies in `job_spec`; the text repeats only what the dispatcher needs, so that a queue loads
//! without touching it. The bytes of a schema never change: a new layout is a new schema and an upcast in here.

mod state;
mod waiting;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use domain::job::{Job, Spec, Stage};
use domain::{Epoch, JobId, Timestamp};
use sea_orm::FromQueryResult;
use uuid::Uuid;

pub(super) use state::State;
pub(super) use waiting::{STATE, Waiting};

/// The schema that is written.
pub(super) const SCHEMA: i32 = 2;
/// The first one, which is still read: it has no checkpoint's maker, no failures by factory, no preemptions, no terms.
const FIRST: i32 = 1;

/// A row that this version cannot read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("schema {0} is unknown to this version")]
    Schema(i32),
    #[error("no stage is called {0}")]
    Stage(String),
    #[error("{column}: {source}")]
    Json { column: &'static str, source: serde_json::Error },
    #[error("a run without a lease")]
    NoLease,
    #[error(transparent)]
    Name(#[from] domain::ids::BadName),
}

/// A job's row with the current edition of its spec.
#[derive(Debug, FromQueryResult)]
pub(super) struct JobRow {
    pub(super) id: Uuid,
    pub(super) product: String,
    pub(super) stage: String,
    pub(super) rev: i64,
    pub(super) epoch: i64,
    pub(super) wake_at: Option<i64>,
    pub(super) finished_at: Option<i64>,
    pub(super) last_seq: i64,
    pub(super) edition: i32,
    pub(super) schema: i32,
    pub(super) state: String,
    pub(super) spec: String,
}

/// The columns of a [`JobRow`], from `job AS j` and `job_spec AS s`.
pub(super) const JOB_COLUMNS: &str = "j.id, j.product, j.stage, j.rev, j.epoch, j.wake_at, j.finished_at, j.last_seq, \
                                      j.edition, j.schema, j.state, s.spec";

impl JobRow {
    /// The job that it holds. Refuses what this version cannot read.
    pub(super) fn job(&self) -> Result<Job, Unreadable> {
        let state: State<'_> = match self.schema {
            FIRST | SCHEMA => json("state", &self.state)?,
            other => return Err(Unreadable::Schema(other)),
        };
        let spec: Spec = json("spec", &self.spec)?;
        let product = self.product.clone().try_into()?;
        let mut job = state.into_job(JobId(self.id), product, stage(&self.stage)?, Arc::new(spec))?;
        job.edition = u32::try_from(self.edition).unwrap_or_default();
        job.rev = number(self.rev);
        job.epoch = Epoch(number(self.epoch));
        job.not_before = self.wake_at.map(Timestamp);
        job.finished_at = self.finished_at.map(Timestamp);
        Ok(job)
    }
}

/// A stage by its word.
pub(super) fn stage(word: &str) -> Result<Stage, Unreadable> {
    let found = Stage::ALL.into_iter().find(|stage| stage.as_str() == word);
    found.ok_or_else(|| Unreadable::Stage(word.to_owned()))
}

/// Reads a column that holds a JSON text.
pub(super) fn json<'a, T: serde::Deserialize<'a>>(column: &'static str, text: &'a str) -> Result<T, Unreadable> {
    serde_json::from_str(text).map_err(|source| Unreadable::Json { column, source })
}

/// A column that never holds a negative number.
pub(super) fn number(column: i64) -> u64 {
    u64::try_from(column).unwrap_or_default()
}
