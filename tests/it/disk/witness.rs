//! A store that keeps a history of what is handed to the real one. Changes nothing.

use std::sync::Arc;

use actors::store::{
    Committed, Ears, Fault, JobQuery, Logged, Node, Opened, Page, Receipt, ReceiptKind, Store, Stored, Why, Write,
};
use async_trait::async_trait;
use domain::factory::Factory;
use domain::job::{Job, Run, Stage};
use domain::profile::{Profile, Wanted};
use domain::{Epoch, JobId, ProductId, ProfileName, Timestamp};
use gigafactory::store::SqliteStore;

use super::history::History;

/// The real store under a witness.
#[derive(Clone)]
pub(crate) struct Witness {
    pub(crate) inner: Arc<SqliteStore>,
    pub(crate) history: History,
    /// How much has reached the disk.
    pub(crate) now: Arc<dyn Fn() -> usize + Send + Sync>,
}

#[async_trait]
impl Store for Witness {
    async fn commit(&self, write: Write) -> Result<Committed, Fault> {
        let number = self.history.send(write.clone(), (self.now)());
        let answer = self.inner.commit(write).await;
        self.history.settle(number, &answer, (self.now)());
        answer
    }

    async fn commit_all(&self, writes: Vec<Write>) -> Result<Vec<Committed>, Fault> {
        let numbers: Vec<_> = writes.iter().map(|write| self.history.send(write.clone(), (self.now)())).collect();
        let answer = self.inner.commit_all(writes).await;
        for (at, number) in numbers.into_iter().enumerate() {
            let one = answer.as_ref().map(|committed| committed[at].clone()).map_err(Clone::clone);
            self.history.settle(number, &one, (self.now)());
        }
        answer
    }

    async fn open(&self, product: &ProductId, ears: Arc<dyn Ears>) -> Result<Opened, Fault> {
        self.inner.open(product, ears).await
    }

    async fn settled(&self, product: &ProductId) {
        self.inner.settled(product).await;
    }

    async fn job(&self, product: &ProductId, id: JobId) -> Result<Option<Stored>, Why> {
        self.inner.job(product, id).await
    }

    async fn jobs(&self, product: &ProductId, query: &JobQuery, page: Page<JobId>) -> Result<Vec<Arc<Job>>, Why> {
        self.inner.jobs(product, query, page).await
    }

    async fn stages(&self, product: &ProductId, ids: &[JobId]) -> Result<Vec<(JobId, Stage)>, Why> {
        self.inner.stages(product, ids).await
    }

    async fn children(&self, product: &ProductId, parent: JobId) -> Result<Vec<(JobId, Stage)>, Why> {
        self.inner.children(product, parent).await
    }

    async fn dag(&self, product: &ProductId, root: JobId, most: usize) -> Result<Vec<Node>, Why> {
        self.inner.dag(product, root, most).await
    }

    async fn runs(&self, product: &ProductId, job: JobId) -> Result<Vec<Run>, Why> {
        self.inner.runs(product, job).await
    }

    async fn run(&self, product: &ProductId, job: JobId, epoch: Epoch) -> Result<Option<Run>, Why> {
        self.inner.run(product, job, epoch).await
    }

    async fn events(&self, product: &ProductId, job: Option<JobId>, page: Page<u64>) -> Result<Vec<Logged>, Why> {
        self.inner.events(product, job, page).await
    }

    async fn factories(&self, product: &ProductId) -> Result<Vec<Arc<Factory>>, Why> {
        self.inner.factories(product).await
    }

    async fn profiles(&self, product: &ProductId, page: Page<ProfileName>) -> Result<Vec<Arc<Profile>>, Why> {
        self.inner.profiles(product, page).await
    }

    async fn profile(&self, product: &ProductId, wanted: &Wanted) -> Result<Option<Arc<Profile>>, Why> {
        self.inner.profile(product, wanted).await
    }

    async fn receipt(&self, product: &ProductId, kind: ReceiptKind, key: &str) -> Result<Option<Receipt>, Why> {
        self.inner.receipt(product, kind, key).await
    }

    async fn products(&self) -> Result<Vec<ProductId>, Why> {
        self.inner.products().await
    }

    async fn newest(&self) -> Result<Timestamp, Why> {
        self.inner.newest().await
    }

    async fn ready(&self) -> Result<(), Why> {
        self.inner.ready().await
    }
}
