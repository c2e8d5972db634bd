//! Loads a product as it is committed at one moment, on a connection of its own that is closed afterwards.
//!
//! A million waiting jobs come as text, a few thousand a row: a value a column would cost more than reading it.

use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use actors::store::{Opened, Pinned, Why};
use domain::dispatch::Standing;
use domain::job::{Job, Stage};
use domain::{JobId, ProductId, Timestamp};
use entities::{factory, product as settings};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder,
    Statement, TransactionTrait,
};

use super::connect::{Role, connect};
use super::outcome::why;
use super::reads::{FETCH, fetched, stages};
use super::saved::{Unreadable, Waiting, json, number, stage};

/// How many jobs come as one text.
const CHUNK: i64 = 4096;

const OPEN: &str = "SELECT group_concat(line, char(10)) FROM (\
    SELECT hex(id) || ' ' || stage || ' ' || ifnull(wake_at, '') || ' ' || schema || ' ' || state AS line FROM job \
    WHERE product = ?1 AND id > unhex(?2) AND finished_at IS NULL ORDER BY id LIMIT ?3)";

/// Why a product could not be loaded.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error("a row cannot be read: {0}")]
    Unreadable(#[from] Unreadable),
    #[error("a line of open jobs is cut short")]
    Line,
}

impl From<Failed> for Why {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Database(error) => why(&error),
            Failed::Unreadable(_) | Failed::Line => Self::Unavailable(failed.to_string()),
        }
    }
}

/// Pins a product's state of now; the rest of it is read when the answer's `load` is awaited.
pub(super) async fn pin(file: &Path, product: &ProductId) -> Result<Pinned, Why> {
    let db = connect(file, Role::Readers(1)).await.map_err(|error| why(&error))?;
    let pinned = async {
        let transaction = db.begin().await?;
        // The first SELECT is what fixes the moment.
        let sql = "SELECT ifnull(max(seq), 0) FROM event WHERE product = ?1";
        let values = [product.as_str().into()];
        let row = transaction.query_one_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
        let last_seq: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok((transaction, number(last_seq)))
    };
    let (transaction, last_seq) = pinned.await.map_err(|error: DbErr| why(&error))?;
    let product = product.clone();
    let load = async move {
        let opened = load(&transaction, &product, last_seq).await;
        let ended = transaction.rollback().await;
        db.close().await.and(ended).map_err(|error| why(&error))?;
        Ok(opened?)
    };
    Ok(Pinned { last_seq, load: Box::pin(load) })
}

async fn load(db: &DatabaseTransaction, product: &ProductId, last_seq: u64) -> Result<Opened, Failed> {
    let saved = settings::Entity::find_by_id(product.as_str()).one(db).await?;
    let cards = factory::Entity::find().filter(factory::Column::Product.eq(product.as_str()));
    let cards = cards.order_by_asc(factory::Column::Id).all(db).await?;
    let (waiting, busy) = open_jobs(db, product).await?;
    let named: BTreeSet<JobId> = waiting.iter().flat_map(|job| job.awaits.iter()).flat_map(|a| &a.jobs).copied().collect();
    Ok(Opened {
        last_seq,
        settings: saved.map(|row| json("settings", &row.settings)).transpose()?,
        factories: cards.iter().map(|row| json("data", &row.data)).collect::<Result<_, _>>()?,
        leased: leased(db, product, &busy).await?,
        dependencies: stages(db, product, named.into_iter().collect()).await?,
        waiting,
    })
}

/// The jobs that wait, and the ids of the other unfinished ones.
async fn open_jobs(db: &DatabaseTransaction, product: &ProductId) -> Result<(Vec<Standing>, Vec<JobId>), Failed> {
    let (mut reader, mut waiting, mut busy) = (Waiting::default(), Vec::new(), Vec::new());
    let mut after = String::new();
    loop {
        let values = [product.as_str().into(), after.as_str().into(), CHUNK.into()];
        let row = db.query_one_raw(Statement::from_sql_and_values(DbBackend::Sqlite, OPEN, values)).await?;
        let text: Option<String> = row.map_or(Ok(None), |row| row.try_get_by_index(0))?;
        let Some(text) = text else { return Ok((waiting, busy)) };
        for line in text.lines() {
            let (job, stage, standing) = read(&mut reader, line)?;
            match stage {
                Stage::Queued | Stage::Blocked => waiting.push(standing),
                _ => busy.push(job),
            }
        }
        after = text.lines().next_back().and_then(|line| line.get(..32)).ok_or(Failed::Line)?.to_owned();
    }
}
