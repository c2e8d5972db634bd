//! What the committer commits to: one connection, one transaction a batch, one statement text.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use actors::store::{Backend, Change, Numbered, Pinned, Taken, Why, Written};
use async_trait::async_trait;
use domain::job::Run;
use domain::{Epoch, JobId, ProductId};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::batch::Batch;
use super::checkpoint::emptied;
use super::load::pin;
use super::lock::Lock;
use super::outcome::{may_come_back, not_written, settled, why};
use super::read::{Failed, keys, select};
use super::saved::{Unreadable, json};
use super::space::Space;

const COMMIT: &str = include_str!("commit.sql");

pub(super) const TAKEN: &str = "SELECT s.product, s.key, s.id, s.content_hash FROM json_each(?1) AS k \
                     JOIN job_spec AS s ON s.product = k.value ->> 0 AND s.key = k.value ->> 1 AND s.edition = 1";

pub(super) const RUNS: &str = "SELECT r.job, r.data FROM json_each(?1) AS k \
                    JOIN run AS r ON r.job = unhex(k.value ->> 0, '-') AND r.epoch = k.value ->> 1";

/// The one writer.
pub(super) struct SqliteBackend {
    /// A pool of exactly one connection.
    pub(super) writer: DatabaseConnection,
    pub(super) file: PathBuf,
    pub(super) space: Space,
    /// Why the last commit failed, where it lies in the WAL and a new start may find it.
    pub(super) unsettled: Option<Why>,
    /// Nobody else may write while this lives.
    pub(super) _lock: Arc<Lock>,
    /// Tells by its end that nothing is written any more.
    pub(super) _alive: oneshot::Sender<Infallible>,
}

impl SqliteBackend {
    /// The ended runs that late usage in this batch is about.
    async fn used(&self, batch: &[Numbered]) -> Result<HashMap<(JobId, Epoch), Run>, Failed> {
        let usage = |numbered: &Numbered| match &numbered.write.change {
            Change::Note { job, usage: Some((epoch, _)), .. } => Some((*job, *epoch)),
            Change::Note { usage: None, .. }
            | Change::Submit { .. }
            | Change::Job { .. }
            | Change::Factory { .. }
            | Change::Settings { .. }
            | Change::Profile { .. }
            | Change::Renewals { .. } => None,
        };
        let wanted: Vec<(JobId, Epoch)> = batch.iter().filter_map(usage).collect();
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let read = |row: &QueryResult| {
            let (job, data): (Uuid, String) = row.try_get_many_by_index()?;
            let run: Run = json("data", &data)?;
            Ok(((JobId(job), run.epoch), run))
        };
        select(&self.writer, RUNS, [keys(&wanted)?]).await?.iter().map(read).collect()
    }

    async fn statement(&self, batch: &[Numbered]) -> Result<Statement, Failed> {
        let values = Batch::of(batch, self.used(batch).await?).values()?;
        Ok(Statement::from_sql_and_values(DbBackend::Sqlite, COMMIT, values))
    }

    /// Writes a batch and makes sure of its outcome. Nothing is tried while a commit before may still come back.
    async fn written(&mut self, batch: &[Numbered]) -> Written {
        if let Some(why) = &self.unsettled {
            if !emptied(&self.writer).await {
                return Written::NotWritten(why.clone());
            }
            self.unsettled = None;
        }
        let statement = match self.statement(batch).await {
            Ok(statement) => statement,
            Err(failed) => return Written::NotWritten(failed.into()),
        };
        let Err(error) = self.writer.execute_raw(statement).await else { return Written::Committed };
        let outcome = not_written(&error);
        // A transaction that can still be rolled back was not committed; if there is none any more, nobody knows yet.
        let first = batch.iter().find(|numbered| !numbered.write.facts.is_empty());
        if self.writer.execute_unprepared("ROLLBACK").await.is_err()
            && let Some(Numbered { first_seq, write }) = first
        {
            match settled(&self.file, &(write.product.clone(), *first_seq)).await {
                Some(true) => return Written::Committed,
                Some(false) => {}
                None => return Written::Lost,
            }
        }
        if may_come_back(&error) && !emptied(&self.writer).await {
            self.unsettled = Some(why(&error));
            return Written::Lost;
        }
        outcome
    }
}

#[async_trait]
impl Backend for SqliteBackend {
    async fn taken(&mut self, wanted: &[(ProductId, String)]) -> Result<Vec<Taken>, Why> {
        let read = |row: &QueryResult| {
            let (product, key, id, hash): (String, String, Uuid, Option<String>) = row.try_get_many_by_index()?;
            Ok((ProductId::try_from(product).map_err(Unreadable::from)?, key, JobId(id), hash))
        };
        let rows = select(&self.writer, TAKEN, [keys(wanted).map_err(Failed::from)?]).await.map_err(Failed::from)?;
        Ok(rows.iter().map(read).collect::<Result<_, Failed>>()?)
    }

    async fn write(&mut self, batch: &[Numbered]) -> Written {
        let written = self.written(batch).await;
        self.space.note(&written);
        written
    }

    async fn pin(&mut self, product: &ProductId) -> Result<Pinned, Why> {
        pin(&self.file, product).await
    }
}
