//! The selects that more than one reader needs, and what can go wrong with them. Opens no transaction.

use std::sync::Arc;

use actors::store::{Receipt, ReceiptKind, Stored, Why};
use domain::factory::Factory;
use domain::job::Stage;
use domain::{Epoch, JobId, ProductId, Timestamp};
use entities::factory;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QueryResult,
    Statement, Value,
};
use serde::Serialize;
use uuid::Uuid;

use super::outcome::why;
use super::saved::{JOB_COLUMNS, JobRow, Unreadable, json, number, stage};

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error("a row cannot be read: {0}")]
    Unreadable(#[from] Unreadable),
    #[error("a line of open jobs is cut short")]
    Line,
    #[error("a parameter cannot be written: {0}")]
    Parameter(#[from] serde_json::Error),
}

impl From<Failed> for Why {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Database(error) => why(&error),
            Failed::Unreadable(_) | Failed::Line | Failed::Parameter(_) => Self::Unavailable(failed.to_string()),
        }
    }
}

/// Reads the rows of one constant text.
pub(super) async fn select<const N: usize>(
    db: &impl ConnectionTrait,
    sql: &str,
    values: [Value; N],
) -> Result<Vec<QueryResult>, DbErr> {
    db.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await
}

/// A list of keys as one parameter.
pub(super) fn keys<T: Serialize>(keys: &[T]) -> Result<Value, serde_json::Error> {
    serde_json::to_string(keys).map(Value::from)
}

/// Reads jobs with what their actors need to take over; those that do not exist are left out.
pub(super) async fn fetch(db: &impl ConnectionTrait, ids: &[(&ProductId, &JobId)]) -> Result<Vec<Stored>, Failed> {
    let sql = format!(
        "SELECT {JOB_COLUMNS}, (SELECT json_group_array(json_array(key, epoch, rev, content_hash, at)) FROM receipt \
         WHERE receipt.job = j.id AND receipt.kind = 'report') AS receipts \
         FROM json_each(?1) AS k JOIN job AS j ON j.product = k.value ->> 0 AND j.id = unhex(k.value ->> 1, '-') \
         JOIN job_spec AS s ON s.id = j.id AND s.edition = j.edition ORDER BY k.key"
    );
    select(db, &sql, [keys(ids)?]).await?.iter().map(stored).collect()
}

fn stored(row: &QueryResult) -> Result<Stored, Failed> {
    let job = JobRow::from_query_result(row, "")?;
    let receipts: String = row.try_get("", "receipts")?;
    let receipts: Vec<(String, Epoch, u64, String, Timestamp)> = json("receipts", &receipts)?;
    let receipt = |(key, epoch, rev, content_hash, at)| Receipt {
        kind: ReceiptKind::Report,
        key,
        job: JobId(job.id),
        epoch,
        rev,
        content_hash,
        at,
    };
    Ok(Stored {
        job: Arc::new(job.job()?),
        last_seq: number(job.last_seq),
        receipts: receipts.into_iter().map(receipt).collect(),
    })
}

/// `CROSS` keeps the order of the tables: left to itself, the planner looks at every job of the product.
pub(super) const STAGES: &str = "SELECT j.id, j.stage FROM json_each(?2) AS k \
                                 CROSS JOIN job AS j ON j.product = ?1 AND j.id = unhex(k.value, '-') ORDER BY k.key";

/// The stages of those of the jobs that exist, in the order asked for.
pub(super) async fn stages(
    db: &impl ConnectionTrait,
    product: &ProductId,
    ids: &[JobId],
) -> Result<Vec<(JobId, Stage)>, Failed> {
    let mut found = Vec::new();
    for row in select(db, STAGES, [product.as_str().into(), keys(ids)?]).await? {
        let (id, word): (Uuid, String) = row.try_get_many_by_index()?;
        found.push((JobId(id), stage(&word)?));
    }
    Ok(found)
}

/// A product's factories, in the order of their ids.
pub(super) async fn factories(db: &impl ConnectionTrait, product: &ProductId) -> Result<Vec<Arc<Factory>>, Failed> {
    let cards = factory::Entity::find().filter(factory::Column::Product.eq(product.as_str()));
    let cards = cards.order_by_asc(factory::Column::Id).all(db).await?;
    cards.iter().map(|row| Ok(json("data", &row.data)?)).collect()
}

pub(super) const CHILDREN: &str = "SELECT j.parent, j.id, j.stage FROM json_each(?2) AS k \
    CROSS JOIN job AS j ON j.product = ?1 AND j.parent = unhex(k.value, '-') ORDER BY k.key, j.id";

/// The children of these jobs: parent, child and the child's stage, in the order of their ids.
pub(super) async fn children(
    db: &impl ConnectionTrait,
    product: &ProductId,
    parents: &[JobId],
) -> Result<Vec<(JobId, JobId, Stage)>, Failed> {
    let mut found = Vec::new();
    for row in select(db, CHILDREN, [product.as_str().into(), keys(parents)?]).await? {
        let (parent, id, word): (Uuid, Uuid, String) = row.try_get_many_by_index()?;
        found.push((JobId(parent), JobId(id), stage(&word)?));
    }
    Ok(found)
}
