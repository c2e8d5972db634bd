//! What the committer commits to: one connection, one transaction a batch, one statement text.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use actors::store::{Backend, Change, Numbered, Pinned, Taken, Why, Written};
use async_trait::async_trait;
use domain::job::Run;
use domain::{Epoch, JobId, ProductId};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, Value};
use uuid::Uuid;

use super::batch::Batch;
use super::load::pin;
use super::lock::Lock;
use super::outcome::{not_written, settled, why};
use super::saved::json;

const COMMIT: &str = include_str!("commit.sql");

const TAKEN: &str = "SELECT s.product, s.key, s.id, s.content_hash FROM json_each(?1) AS k \
                     JOIN job_spec AS s ON s.product = k.value ->> 0 AND s.key = k.value ->> 1 AND s.edition = 1";

const RUNS: &str = "SELECT r.job, r.data FROM json_each(?1) AS k \
                    JOIN run AS r ON r.job = unhex(k.value ->> 0, '-') AND r.epoch = k.value ->> 1";

/// The one writer.
pub(super) struct SqliteBackend {
    /// A pool of exactly one connection.
    pub(super) writer: DatabaseConnection,
    pub(super) file: PathBuf,
    /// Dropped with the backend: nobody else may write before that.
    pub(super) _lock: Arc<Lock>,
}

impl SqliteBackend {
    async fn select(&self, sql: &str, values: Vec<Value>) -> Result<Vec<sea_orm::QueryResult>, Why> {
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        self.writer.query_all_raw(statement).await.map_err(|error| why(&error))
    }

    /// The ended runs that late usage in this batch is about.
    async fn used(&self, batch: &[Numbered]) -> Result<HashMap<(JobId, Epoch), Run>, Why> {
        let usage = |numbered: &Numbered| match &numbered.write.change {
            Change::Note { job, usage: Some((epoch, _)), .. } => Some((*job, *epoch)),
            Change::Note { usage: None, .. }
            | Change::Submit { .. }
            | Change::Job { .. }
            | Change::Factory { .. }
            | Change::Settings { .. }
            | Change::Renewals { .. } => None,
        };
        let keys: Vec<(JobId, Epoch)> = batch.iter().filter_map(usage).collect();
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let mut runs = HashMap::new();
        for row in self.select(RUNS, vec![text(&keys)?]).await? {
            let (job, data): (Uuid, String) = row.try_get_many_by_index().map_err(|error| why(&error))?;
            let run: Run = json("data", &data).map_err(|error| Why::Unavailable(error.to_string()))?;
            runs.insert((JobId(job), run.epoch), run);
        }
        Ok(runs)
    }

    async fn statement(&self, batch: &[Numbered]) -> Result<Statement, Why> {
        let stored = self.used(batch).await?;
        let values = Batch::of(batch, stored).values().map_err(|error| Why::Unavailable(error.to_string()))?;
        Ok(Statement::from_sql_and_values(DbBackend::Sqlite, COMMIT, values))
    }
}

#[async_trait]
impl Backend for SqliteBackend {
    async fn taken(&mut self, keys: &[(ProductId, String)]) -> Result<Vec<Taken>, Why> {
        let rows = self.select(TAKEN, vec![text(keys)?]).await?;
        let read = |row: sea_orm::QueryResult| -> Result<Taken, Why> {
            let (product, key, id, hash): (String, String, Uuid, Option<String>) =
                row.try_get_many_by_index().map_err(|error| why(&error))?;
            let product = ProductId::try_from(product).map_err(|error| Why::Unavailable(error.to_string()))?;
            Ok((product, key, JobId(id), hash))
        };
        rows.into_iter().map(read).collect()
    }

    async fn write(&mut self, batch: &[Numbered]) -> Written {
        let statement = match self.statement(batch).await {
            Ok(statement) => statement,
            Err(why) => return Written::NotWritten(why),
        };
        let Err(error) = self.writer.execute_raw(statement).await else { return Written::Committed };
        let outcome = not_written(&error);
        // A transaction that can still be rolled back was not committed; if there is none any more, nobody knows yet.
        if self.writer.execute_unprepared("ROLLBACK").await.is_ok() {
            return outcome;
        }
        let fact = batch.iter().find(|numbered| !numbered.write.facts.is_empty());
        let Some(fact) = fact else { return outcome };
        match settled(&self.file, &(fact.write.product.clone(), fact.first_seq)).await {
            Some(true) => Written::Committed,
            Some(false) => outcome,
            None => Written::Lost,
        }
    }

    async fn pin(&mut self, product: &ProductId) -> Result<Pinned, Why> {
        pin(&self.file, product).await
    }
}

fn text<T: serde::Serialize>(keys: &[T]) -> Result<Value, Why> {
    serde_json::to_string(keys).map(Value::from).map_err(|error| Why::Unavailable(error.to_string()))
}
