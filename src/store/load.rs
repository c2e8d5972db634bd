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
use entities::product as settings;
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait, TransactionTrait};

use super::connect::{Role, connect};
use super::outcome::why;
use super::read::{Failed, factories, fetch, select, stages};
use super::saved::{STATE, Waiting, json, number, stage};

/// How many jobs come as one text.
const CHUNK: i64 = 4096;

/// The next unfinished jobs, a line each.
fn open_sql() -> String {
    format!(
        "SELECT group_concat(line, char(10)) FROM (\
         SELECT hex(id) || ' ' || stage || ' ' || ifnull(wake_at, '') || ' ' || schema || ' ' || {STATE} AS line \
         FROM job WHERE product = ?1 AND id > unhex(?2) AND finished_at IS NULL ORDER BY id LIMIT ?3)"
    )
}

/// Pins a product's state of now; the rest of it is read when the answer's `load` is awaited.
pub(super) async fn pin(file: &Path, product: &ProductId) -> Result<Pinned, Why> {
    let db = connect(file, Role::Readers(1)).await.map_err(|error| why(&error))?;
    let pinned = async {
        let transaction = db.begin().await?;
        // The first SELECT is what fixes the moment.
        let sql = "SELECT seq, at FROM event WHERE product = ?1 ORDER BY seq DESC LIMIT 1";
        let values = [product.as_str().into()];
        let row = select(&transaction, sql, values).await?.pop();
        let (last_seq, last_at) = row.map_or(Ok((0, 0)), |row| row.try_get_many_by_index())?;
        Ok((transaction, number(last_seq), Timestamp(last_at)))
    };
    let (transaction, last_seq, last_at) = match pinned.await {
        Ok(pinned) => pinned,
        Err(error) => {
            close(db, Ok(())).await;
            return Err(why(&error));
        }
    };
    let product = product.clone();
    let load = async move {
        let opened = load(&transaction, &product, (last_seq, last_at)).await;
        let ended = transaction.rollback().await;
        close(db, ended).await;
        Ok(opened?)
    };
    Ok(Pinned { last_seq, load: Box::pin(load) })
}

/// Closes the connection, and says so if that, or what was done last on it, did not go in order.
async fn close(db: DatabaseConnection, ended: Result<(), DbErr>) {
    if let Err(error) = db.close().await.and(ended) {
        tracing::warn!(%error, "a connection was not closed in order");
    }
}

async fn load(
    db: &DatabaseTransaction,
    product: &ProductId,
    (last_seq, last_at): (u64, Timestamp),
) -> Result<Opened, Failed> {
    let saved = settings::Entity::find_by_id(product.as_str()).one(db).await?;
    let (waiting, busy) = open_jobs(db, product).await?;
    let awaits = waiting.iter().filter_map(|job| job.awaits.as_ref());
    let named: BTreeSet<JobId> = awaits.flat_map(|awaits| &awaits.jobs).copied().collect();
    Ok(Opened {
        last_seq,
        last_at,
        settings: saved.map(|row| json("settings", &row.settings)).transpose()?,
        factories: factories(db, product).await?,
        leased: leased(db, product, &Vec::from_iter(busy.iter().map(|(id, _)| *id))).await?,
        reviewing: busy.iter().filter(|(_, stage)| *stage == Stage::Review).map(|(id, _)| *id).collect(),
        dependencies: stages(db, product, &Vec::from_iter(named)).await?,
        waiting,
    })
}

/// The jobs that wait, and the other unfinished ones.
async fn open_jobs(
    db: &DatabaseTransaction,
    product: &ProductId,
) -> Result<(Vec<Standing>, Vec<(JobId, Stage)>), Failed> {
    let (mut reader, mut waiting, mut busy) = (Waiting::default(), Vec::new(), Vec::new());
    let (sql, mut after) = (open_sql(), String::new());
    loop {
        let values = [product.as_str().into(), after.as_str().into(), CHUNK.into()];
        let row = select(db, &sql, values).await?.pop();
        let text: Option<String> = row.map_or(Ok(None), |row| row.try_get_by_index(0))?;
        let Some(text) = text else { return Ok((waiting, busy)) };
        for line in text.lines() {
            let line = Line::read(line)?;
            if matches!(line.stage, Stage::Queued | Stage::Blocked) {
                waiting.push(reader.standing(line.id, line.stage, line.wake_at, (line.schema, line.state))?);
            } else {
                busy.push((line.id, line.stage));
            }
            line.hex.clone_into(&mut after);
        }
    }
}

/// An unfinished job, as [`open_sql`] writes it.
struct Line<'a> {
    hex: &'a str,
    id: JobId,
    stage: Stage,
    wake_at: Option<Timestamp>,
    schema: i32,
    state: &'a str,
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Result<Self, Failed> {
        let mut parts = line.splitn(5, ' ');
        let mut next = || parts.next().ok_or(Failed::Line);
        let (hex, word, wake_at) = (next()?, next()?, next()?);
        Ok(Self {
            hex,
            id: JobId::from_str(hex).map_err(|_| Failed::Line)?,
            stage: stage(word)?,
            wake_at: wake_at.parse().ok().map(Timestamp),
            schema: next()?.parse().map_err(|_| Failed::Line)?,
            state: next()?,
        })
    }
}

/// Those of the jobs whose lease is held.
async fn leased(db: &DatabaseTransaction, product: &ProductId, ids: &[JobId]) -> Result<Vec<Arc<Job>>, Failed> {
    let mut leased = Vec::new();
    for some in ids.chunks(256) {
        let keys: Vec<_> = some.iter().map(|id| (product, id)).collect();
        let jobs = fetch(db, &keys).await?.into_iter().map(|stored| stored.job);
        leased.extend(jobs.filter(|job| job.held().is_some()));
    }
    Ok(leased)
}
