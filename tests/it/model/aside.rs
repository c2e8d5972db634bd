//! SQLite beside a paused runtime. The pool of connections needs real time, the actors need logical time: so the store
//! lives on a runtime of its own, and each call waits for it on a thread for blocking work.
//!
//! While such a call is under way tokio does not advance paused time by itself: however long SQLite takes, no logical
//! time passes.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actors::store::{
    Committed, Ears, Fault, JobQuery, Logged, Node, Opened, Page, Receipt, ReceiptKind, Store, Stored, Why, Write,
};
use async_trait::async_trait;
use domain::factory::Factory;
use domain::job::{Job, Run, Stage};
use domain::profile::{Profile, Wanted};
use domain::{Epoch, JobId, ProductId, ProfileName, Timestamp};
use gigafactory::store::SqliteStore;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Notify;

/// A store in a directory of its own, on a runtime of its own.
pub(crate) struct Aside {
    store: Arc<SqliteStore>,
    calls: Calls,
    runtime: Option<Runtime>,
    _dir: tempfile::TempDir,
}

/// The calls of a store that are under way.
#[derive(Clone, Default)]
pub(crate) struct Calls(Arc<(AtomicUsize, Notify)>);

struct Under(Calls);

impl Drop for Under {
    fn drop(&mut self) {
        self.0.0.0.fetch_sub(1, Ordering::AcqRel);
        self.0.0.1.notify_one();
    }
}

impl Calls {
    pub(crate) fn is_idle(&self) -> bool {
        self.0.0.load(Ordering::Acquire) == 0
    }

    pub(crate) async fn one_ends(&self) {
        self.0.1.notified().await;
    }

    fn begin(&self) -> Under {
        self.0.0.fetch_add(1, Ordering::AcqRel);
        Under(self.clone())
    }
}

impl Aside {
    /// Opens a new store, in memory where the host has a file system there.
    pub(crate) fn open() -> Self {
        let shm = Path::new("/dev/shm");
        let dir = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() }.unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let path = dir.path().to_owned();
        let opening = runtime.spawn(async move { SqliteStore::open(&path).await.unwrap() });
        // The caller is inside a runtime of its own, where waiting is not allowed: another thread waits.
        let store = std::thread::scope(|scope| scope.spawn(|| runtime.block_on(opening)).join()).unwrap().unwrap();
        Self { store: Arc::new(store), calls: Calls::default(), runtime: Some(runtime), _dir: dir }
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        let handle = self.runtime.as_ref().map(|runtime| runtime.handle().clone()).unwrap();
        Arc::new(Proxy { store: self.store.clone(), calls: self.calls.clone(), handle })
    }

    pub(crate) fn calls(&self) -> Calls {
        self.calls.clone()
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The way to the store from another runtime.
struct Proxy {
    store: Arc<SqliteStore>,
    calls: Calls,
    handle: Handle,
}

impl Proxy {
    async fn call<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        ask: impl FnOnce(Arc<SqliteStore>) -> F,
    ) -> T {
        let _under = self.calls.begin();
        let (asked, handle) = (ask(self.store.clone()), self.handle.clone());
        tokio::task::spawn_blocking(move || handle.block_on(asked)).await.unwrap()
    }
}

#[async_trait]
impl Store for Proxy {
    async fn commit(&self, write: Write) -> Result<Committed, Fault> {
        self.call(|store| async move { store.commit(write).await }).await
    }

    async fn commit_all(&self, writes: Vec<Write>) -> Result<Vec<Committed>, Fault> {
        self.call(|store| async move { store.commit_all(writes).await }).await
    }

    async fn open(&self, product: &ProductId, ears: Arc<dyn Ears>) -> Result<Opened, Fault> {
        let product = product.clone();
        self.call(|store| async move { store.open(&product, ears).await }).await
    }

    async fn settled(&self, product: &ProductId) {
        let product = product.clone();
        self.call(|store| async move { store.settled(&product).await }).await;
    }

    async fn job(&self, product: &ProductId, id: JobId) -> Result<Option<Stored>, Why> {
        let product = product.clone();
        self.call(|store| async move { store.job(&product, id).await }).await
    }

    async fn jobs(&self, product: &ProductId, query: &JobQuery, page: Page<JobId>) -> Result<Vec<Arc<Job>>, Why> {
        let (product, query) = (product.clone(), query.clone());
        self.call(|store| async move { store.jobs(&product, &query, page).await }).await
    }

    async fn stages(&self, product: &ProductId, ids: &[JobId]) -> Result<Vec<(JobId, Stage)>, Why> {
        let (product, ids) = (product.clone(), ids.to_vec());
        self.call(|store| async move { store.stages(&product, &ids).await }).await
    }

    async fn children(&self, product: &ProductId, parent: JobId) -> Result<Vec<(JobId, Stage)>, Why> {
        let product = product.clone();
        self.call(|store| async move { store.children(&product, parent).await }).await
    }

    async fn dag(&self, product: &ProductId, root: JobId, most: usize) -> Result<Vec<Node>, Why> {
        let product = product.clone();
        self.call(|store| async move { store.dag(&product, root, most).await }).await
    }

    async fn runs(&self, product: &ProductId, job: JobId) -> Result<Vec<Run>, Why> {
        let product = product.clone();
        self.call(|store| async move { store.runs(&product, job).await }).await
    }

    async fn run(&self, product: &ProductId, job: JobId, epoch: Epoch) -> Result<Option<Run>, Why> {
        let product = product.clone();
        self.call(|store| async move { store.run(&product, job, epoch).await }).await
    }

    async fn events(&self, product: &ProductId, job: Option<JobId>, page: Page<u64>) -> Result<Vec<Logged>, Why> {
        let product = product.clone();
        self.call(|store| async move { store.events(&product, job, page).await }).await
    }

    async fn factories(&self, product: &ProductId) -> Result<Vec<Arc<Factory>>, Why> {
        let product = product.clone();
        self.call(|store| async move { store.factories(&product).await }).await
    }

    async fn profiles(&self, product: &ProductId, page: Page<ProfileName>) -> Result<Vec<Arc<Profile>>, Why> {
        let product = product.clone();
        self.call(|store| async move { store.profiles(&product, page).await }).await
    }

    async fn profile(&self, product: &ProductId, wanted: &Wanted) -> Result<Option<Arc<Profile>>, Why> {
        let (product, wanted) = (product.clone(), wanted.clone());
        self.call(|store| async move { store.profile(&product, &wanted).await }).await
    }

    async fn receipt(&self, product: &ProductId, kind: ReceiptKind, key: &str) -> Result<Option<Receipt>, Why> {
        let (product, key) = (product.clone(), key.to_owned());
        self.call(|store| async move { store.receipt(&product, kind, &key).await }).await
    }

    async fn products(&self) -> Result<Vec<ProductId>, Why> {
        self.call(|store| async move { store.products().await }).await
    }

    async fn newest(&self) -> Result<Timestamp, Why> {
        self.call(|store| async move { store.newest().await }).await
    }

    async fn ready(&self) -> Result<(), Why> {
        self.call(|store| async move { store.ready().await }).await
    }
}
