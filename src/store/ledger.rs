//! A product's budget, what its runs were charged, and what it has to look at when the product is opened.

use std::collections::{BTreeSet, HashMap};

use actors::store::Ledger;
use domain::budget::{Charge, Day, RunKey};
use domain::job::Run;
use domain::{Epoch, JobId, ProductId, Timestamp};
use entities::{budget, charge, run};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::read::{Failed, fetch, select};
use super::saved::json;

/// How many jobs are looked at in one go.
const CHUNK: usize = 256;

/// The budget, with what happened since it last counted.
pub(super) async fn ledger(db: &impl ConnectionTrait, product: &ProductId) -> Result<Ledger, Failed> {
    let Some(row) = budget::Entity::find_by_id(product.as_str()).one(db).await? else { return Ok(Ledger::default()) };
    let budget: domain::budget::Budget = json("data", &row.data)?;
    let cursor = i64::try_from(budget.cursor).unwrap_or(i64::MAX);
    let sql = "SELECT at FROM event WHERE product = ?1 AND seq > ?2 ORDER BY seq LIMIT 1";
    let first = select(db, sql, [product.as_str().into(), cursor.into()]).await?.pop();
    let since = first.map(|row| row.try_get_by_index(0).map(Timestamp)).transpose()?;
    let sql = "SELECT DISTINCT job FROM event WHERE product = ?1 AND seq > ?2 AND job IS NOT NULL ORDER BY job";
    let rows = select(db, sql, [product.as_str().into(), cursor.into()]).await?;
    let touched: Vec<JobId> =
        rows.iter().map(|row| row.try_get_by_index(0).map(JobId)).collect::<Result<_, DbErr>>()?;

    let own = || charge::Entity::find().filter(charge::Column::Product.eq(product.as_str()));
    let mut charges: HashMap<RunKey, Charge> = HashMap::new();
    let mut uncounted = Vec::new();
    for some in touched.chunks(CHUNK) {
        uncounted.extend(runs(db, product, some).await?);
        let ids: Vec<Uuid> = some.iter().map(|id| id.0).collect();
        for row in own().filter(charge::Column::Job.is_in(ids)).all(db).await? {
            let charge: Charge = json("data", &row.data)?;
            charges.insert(charge.run(), charge);
        }
    }
    let seen: BTreeSet<RunKey> =
        uncounted.iter().map(|(job_id, run): &(JobId, Run)| RunKey { job_id: *job_id, epoch: run.epoch }).collect();
    charges.retain(|run, _| seen.contains(run));
    for row in own().filter(charge::Column::Settled.eq(false)).all(db).await? {
        let charge: Charge = json("data", &row.data)?;
        charges.insert(charge.run(), charge);
    }
    let mut charges: Vec<Charge> = charges.into_values().collect();
    charges.sort_by_key(Charge::run);
    Ok(Ledger { budget: Some(budget), uncounted, charges, since })
}

/// The runs of these jobs: those that go on, and those that have ended.
async fn runs(db: &impl ConnectionTrait, product: &ProductId, ids: &[JobId]) -> Result<Vec<(JobId, Run)>, Failed> {
    let keys: Vec<_> = ids.iter().map(|id| (product, id)).collect();
    let jobs = fetch(db, &keys).await?;
    let mut runs: Vec<_> = jobs.iter().filter_map(|stored| Some((stored.job.id, stored.job.run.clone()?))).collect();
    let ended = run::Entity::find().filter(run::Column::Job.is_in(ids.iter().map(|id| id.0).collect::<Vec<Uuid>>()));
    let rows = ended.order_by_asc(run::Column::Job).order_by_asc(run::Column::Epoch).all(db).await?;
    for row in rows.iter().filter(|row| row.product == product.as_str()) {
        runs.push((JobId(row.job), json("data", &row.data)?));
    }
    Ok(runs)
}

/// What a run was charged.
pub(super) async fn charge(
    db: &impl ConnectionTrait,
    product: &ProductId,
    job: JobId,
    epoch: Epoch,
) -> Result<Option<Charge>, Failed> {
    let id = (product.to_string(), job.0, epoch.0.cast_signed());
    let row = charge::Entity::find_by_id(id).one(db).await?;
    Ok(row.map(|row| json("data", &row.data)).transpose()?)
}

/// Runs that were charged something on this day or later.
pub(super) async fn charges(db: &impl ConnectionTrait, product: &ProductId, since: Day) -> Result<Vec<Charge>, Failed> {
    let own = charge::Entity::find().filter(charge::Column::Product.eq(product.as_str()));
    let later = own.filter(charge::Column::LastDay.gte(since.0));
    let rows = later.order_by_asc(charge::Column::Job).order_by_asc(charge::Column::Epoch).all(db).await?;
    rows.iter().map(|row| Ok(json("data", &row.data)?)).collect()
}
