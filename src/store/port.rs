//! The port, answered: commits go to the committer, everything else is read from the database.

use std::sync::Arc;

use actors::store::{
    Committed, Ears, Fault, JobQuery, Logged, Node, Opened, Page, Receipt, ReceiptKind, Store, Stored, Why, Write,
};
use async_trait::async_trait;
use domain::factory::Factory;
use domain::job::{Job, Run, Stage};
use domain::profile::{Profile, Wanted};
use domain::{Epoch, JobId, ProductId, ProfileName, Timestamp};
use entities::{receipt, run};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::read::{Failed, select};
use super::saved::{Unreadable, json, number};
use super::{SqliteStore, dag, lists, profiles, read};

/// Each product once, by jumps along the log's key.
const PRODUCTS: &str = "WITH RECURSIVE one (product) AS (\
        SELECT min(product) FROM event \
        UNION ALL SELECT (SELECT min(product) FROM event WHERE product > one.product) FROM one WHERE product IS NOT NULL) \
    SELECT product FROM one WHERE product IS NOT NULL ORDER BY product";

/// The time of each product's last event, by the same jumps.
const NEWEST: &str = "WITH RECURSIVE one (product) AS (\
        SELECT min(product) FROM event \
        UNION ALL SELECT (SELECT min(product) FROM event WHERE product > one.product) FROM one WHERE product IS NOT NULL) \
    SELECT ifnull(max((SELECT at FROM event AS e WHERE e.product = one.product ORDER BY seq DESC LIMIT 1)), 0) FROM one";

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, write: Write) -> Result<Committed, Fault> {
        self.committer.commit(write).await
    }

    async fn commit_all(&self, writes: Vec<Write>) -> Result<Vec<Committed>, Fault> {
        self.committer.commit_all(writes).await
    }

    async fn open(&self, product: &ProductId, ears: Arc<dyn Ears>) -> Result<Opened, Fault> {
        self.committer.open(product, ears).await
    }

    async fn settled(&self, product: &ProductId) {
        self.committer.settled(product).await;
    }

    async fn job(&self, product: &ProductId, id: JobId) -> Result<Option<Stored>, Why> {
        self.window.job(product, id).await
    }

    async fn jobs(&self, product: &ProductId, query: &JobQuery, page: Page<JobId>) -> Result<Vec<Arc<Job>>, Why> {
        Ok(lists::jobs(&self.readers, product, query, page).await?)
    }

    async fn stages(&self, product: &ProductId, ids: &[JobId]) -> Result<Vec<(JobId, Stage)>, Why> {
        Ok(read::stages(&self.readers, product, ids).await?)
    }

    async fn children(&self, product: &ProductId, parent: JobId) -> Result<Vec<(JobId, Stage)>, Why> {
        let children = read::children(&self.readers, product, &[parent]).await?;
        Ok(children.into_iter().map(|(_, child, stage)| (child, stage)).collect())
    }

    async fn dag(&self, product: &ProductId, root: JobId, most: usize) -> Result<Vec<Node>, Why> {
        Ok(dag::nodes(&self.readers, product, root, most).await?)
    }

    async fn runs(&self, product: &ProductId, job: JobId) -> Result<Vec<Run>, Why> {
        let of_job = run::Entity::find().filter(run::Column::Job.eq(job.0));
        let rows = of_job.order_by_asc(run::Column::Epoch).all(&self.readers).await.map_err(Failed::from)?;
        let own = rows.iter().filter(|row| row.product == product.as_str());
        Ok(own.map(ended).collect::<Result<_, Failed>>()?)
    }

    async fn run(&self, product: &ProductId, job: JobId, epoch: Epoch) -> Result<Option<Run>, Why> {
        let row = run::Entity::find_by_id((job.0, epoch.0.cast_signed())).one(&self.readers).await;
        let own = row.map_err(Failed::from)?.filter(|row| row.product == product.as_str());
        Ok(own.as_ref().map(ended).transpose()?)
    }

    async fn events(&self, product: &ProductId, job: Option<JobId>, page: Page<u64>) -> Result<Vec<Logged>, Why> {
        Ok(lists::events(&self.readers, product, job, page).await?)
    }

    async fn factories(&self, product: &ProductId) -> Result<Vec<Arc<Factory>>, Why> {
        Ok(read::factories(&self.readers, product).await?)
    }

    async fn profiles(&self, product: &ProductId, page: Page<ProfileName>) -> Result<Vec<Arc<Profile>>, Why> {
        Ok(profiles::newest(&self.readers, product, page).await?)
    }

    async fn profile(&self, product: &ProductId, wanted: &Wanted) -> Result<Option<Arc<Profile>>, Why> {
        Ok(profiles::one(&self.readers, product, wanted).await?)
    }

    async fn receipt(&self, product: &ProductId, kind: ReceiptKind, key: &str) -> Result<Option<Receipt>, Why> {
        let id = (product.to_string(), kind.as_str().to_owned(), key.to_owned());
        let row = receipt::Entity::find_by_id(id).one(&self.readers).await.map_err(Failed::from)?;
        Ok(row.map(|row| Receipt {
            kind,
            key: row.key,
            job: JobId(row.job),
            epoch: Epoch(number(row.epoch)),
            rev: number(row.rev),
            content_hash: row.content_hash,
            at: Timestamp(row.at),
        }))
    }

    async fn products(&self) -> Result<Vec<ProductId>, Why> {
        let rows = select(&self.readers, PRODUCTS, []).await.map_err(Failed::from)?;
        let product = |row: &sea_orm::QueryResult| {
            let name: String = row.try_get_by_index(0)?;
            Ok(ProductId::try_from(name).map_err(Unreadable::from)?)
        };
        Ok(rows.iter().map(product).collect::<Result<_, Failed>>()?)
    }

    async fn newest(&self) -> Result<Timestamp, Why> {
        let row = select(&self.readers, NEWEST, []).await.map_err(Failed::from)?.pop();
        Ok(Timestamp(row.map_or(Ok(0), |row| row.try_get_by_index(0)).map_err(Failed::from)?))
    }

    async fn ready(&self) -> Result<(), Why> {
        if self.space.is_out() {
            return Err(Why::Full);
        }
        Ok(self.readers.execute_unprepared("SELECT 1 FROM product LIMIT 1").await.map(drop).map_err(Failed::from)?)
    }
}

fn ended(row: &run::Model) -> Result<Run, Failed> {
    Ok(json("data", &row.data)?)
}
