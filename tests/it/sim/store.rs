//! The store as one incarnation of the node sees it: reads take time, fail as planned, and end with the incarnation.

use std::future::Future;
use std::sync::Arc;

use actors::store::{
    Committed, Ears, Fault, JobQuery, Logged, MemoryStore, Node, Opened, Page, Receipt, ReceiptKind, Store, Stored,
    Why, Write,
};
use async_trait::async_trait;
use domain::factory::Factory;
use domain::job::{Job, Run, Stage};
use domain::profile::{Profile, Wanted};
use domain::{Epoch, JobId, ProductId, ProfileName, Timestamp};

use super::backend::{SimBackend, pass};
use super::trouble::{Cut, Trouble};

/// What is stored, as long as the incarnation lives.
pub(super) struct SimStore {
    inner: MemoryStore,
    trouble: Trouble,
    cut: Cut,
}

impl SimStore {
    /// A store of an incarnation over what is stored. Commits on the runtime that this is called on.
    pub(super) fn over(kept: &MemoryStore, trouble: Trouble, cut: Cut) -> Self {
        let (of, down) = (trouble.clone(), cut.clone());
        let inner = kept.restarted_over(|inner| SimBackend { inner, trouble: of, cut: down });
        Self { inner, trouble, cut }
    }

    /// Reads: the answer is of a moment between question and answer.
    async fn reads<T>(&self, read: impl Future<Output = Result<T, Why>>) -> Result<T, Why> {
        let reading = self.trouble.read();
        let road = async {
            pass(&self.trouble, reading.before).await;
            let read = read.await;
            pass(&self.trouble, reading.after).await;
            read
        };
        match self.cut.unless(road).await {
            Ok(_) if reading.fails => Err(Why::Unavailable("planned".into())),
            Ok(read) => read,
            Err(_) => Err(Why::Unavailable("cut off".into())),
        }
    }
}

#[async_trait]
impl Store for SimStore {
    async fn commit(&self, write: Write) -> Result<Committed, Fault> {
        self.inner.commit(write).await
    }

    async fn commit_all(&self, writes: Vec<Write>) -> Result<Vec<Committed>, Fault> {
        self.inner.commit_all(writes).await
    }

    async fn open(&self, product: &ProductId, ears: Arc<dyn Ears>) -> Result<Opened, Fault> {
        self.inner.open(product, ears).await
    }

    async fn settled(&self, product: &ProductId) {
        self.inner.settled(product).await;
    }

    async fn job(&self, product: &ProductId, id: JobId) -> Result<Option<Stored>, Why> {
        self.reads(self.inner.job(product, id)).await
    }

    async fn jobs(&self, product: &ProductId, query: &JobQuery, page: Page<JobId>) -> Result<Vec<Arc<Job>>, Why> {
        self.reads(self.inner.jobs(product, query, page)).await
    }

    async fn stages(&self, product: &ProductId, ids: &[JobId]) -> Result<Vec<(JobId, Stage)>, Why> {
        self.reads(self.inner.stages(product, ids)).await
    }

    async fn children(&self, product: &ProductId, parent: JobId) -> Result<Vec<(JobId, Stage)>, Why> {
        self.reads(self.inner.children(product, parent)).await
    }

    async fn dag(&self, product: &ProductId, root: JobId, most: usize) -> Result<Vec<Node>, Why> {
        self.reads(self.inner.dag(product, root, most)).await
    }

    async fn runs(&self, product: &ProductId, job: JobId) -> Result<Vec<Run>, Why> {
        self.reads(self.inner.runs(product, job)).await
    }

    async fn run(&self, product: &ProductId, job: JobId, epoch: Epoch) -> Result<Option<Run>, Why> {
        self.reads(self.inner.run(product, job, epoch)).await
    }

    async fn events(&self, product: &ProductId, job: Option<JobId>, page: Page<u64>) -> Result<Vec<Logged>, Why> {
        self.reads(self.inner.events(product, job, page)).await
    }

    async fn factories(&self, product: &ProductId) -> Result<Vec<Arc<Factory>>, Why> {
        self.reads(self.inner.factories(product)).await
    }

    async fn profiles(&self, product: &ProductId, page: Page<ProfileName>) -> Result<Vec<Arc<Profile>>, Why> {
        self.reads(self.inner.profiles(product, page)).await
    }

    async fn profile(&self, product: &ProductId, wanted: &Wanted) -> Result<Option<Arc<Profile>>, Why> {
        self.reads(self.inner.profile(product, wanted)).await
    }

    async fn receipt(&self, product: &ProductId, kind: ReceiptKind, key: &str) -> Result<Option<Receipt>, Why> {
        self.reads(self.inner.receipt(product, kind, key)).await
    }

    async fn products(&self) -> Result<Vec<ProductId>, Why> {
        // Asked at a start only; a process that cannot read then ends, and is none yet.
        self.inner.products().await
    }

    async fn newest(&self) -> Result<Timestamp, Why> {
        self.inner.newest().await
    }

    async fn ready(&self) -> Result<(), Why> {
        self.reads(self.inner.ready()).await
    }
}
