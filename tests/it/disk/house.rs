//! A node over the real store on a watched directory, and the few things that these tests do to it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actors::clock::{SystemClock, TimeIds};
use actors::store::Store;
use actors::{
    Ask, BeatOrder, CardPatch, Done, Grant, Limits, Node, NotDone, Order, Product, ReportOrder, Submission, Submitted,
    Switches, World,
};
use domain::dispatch::Claim;
use domain::job::command::{Fence, Report};
use domain::job::{Command, Job, Spec, Stage};
use domain::{By, Epoch, JobId};
use gigafactory::store::{OpenError, SqliteStore};
use vfs::Watch;

use super::history::History;
use super::witness::Witness;
use crate::support::{job, order};

/// How long a store is waited for that somebody still uses.
const PATIENCE: Duration = Duration::from_secs(10);

/// A node and its store.
pub(crate) struct House {
    pub(crate) node: Node,
    pub(crate) witness: Witness,
    watch: Arc<Watch>,
}

/// Why there is no house.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoHouse {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error("the node does not start: {0}")]
    Node(actors::store::Why),
}

impl House {
    pub(crate) async fn open(dir: &Path, watch: &Arc<Watch>, history: &History) -> Result<Self, NoHouse> {
        let inner = Arc::new(SqliteStore::open(dir).await?);
        let watched = watch.clone();
        let witness = Witness { inner, history: history.clone(), now: Arc::new(move || watched.now()) };
        let store: Arc<dyn Store> = Arc::new(witness.clone());
        let world = World {
            store,
            clock: Arc::new(SystemClock::default()),
            ids: Arc::new(TimeIds),
            switches: Switches::default(),
        };
        match Node::start(world, Limits::default()).await {
            Ok(node) => Ok(Self { node, witness, watch: watch.clone() }),
            Err(why) => {
                shut(witness.inner).await;
                Err(NoHouse::Node(why))
            }
        }
    }

    pub(crate) async fn close(self) {
        self.node.stop().await;
        drop(self.node);
        let Witness { inner, .. } = self.witness;
        shut(inner).await;
    }

    pub(crate) async fn product(&self, name: &str) -> Result<Product, NotDone> {
        self.node.product(&name.parse().unwrap()).await
    }

    fn show(&self, job: &Job) {
        self.witness.history.show(job.id, job.rev, self.watch.now());
    }

    pub(crate) async fn submit(&self, product: &str, spec: Spec) -> Result<Arc<Job>, NotDone> {
        let submission = Submission { id: self.node.new_job_id(), spec, by: operator() };
        let submitted = self.product(product).await?.submit(submission).await?;
        let (Submitted::Created(job) | Submitted::Duplicate(job)) = submitted;
        self.show(&job);
        Ok(job)
    }

    pub(crate) async fn beat(&self, product: &str, factory: &str, seats: u32) -> Result<(), NotDone> {
        let card = CardPatch { seat_limit: Some(seats), ..CardPatch::default() };
        let (factory, heard) = (order::factory(factory), self.node.now());
        let beat = BeatOrder { factory, card, load_permille: None, leases: None, heard };
        self.product(product).await?.heartbeat(beat).await.map(drop)
    }

    pub(crate) async fn claim(&self, product: &str, factory: &str, id: &str) -> Result<Option<Grant>, NotDone> {
        let claim = Claim::plain(order::factory(factory));
        let ask = Ask { claim, claim_id: Some(id.to_owned()), ttl_sec: 900, wait: None, max: 1 };
        let grant = self.product(product).await?.claim(ask).await?.pop();
        if let Some(grant) = &grant {
            self.show(&grant.job);
        }
        Ok(grant)
    }

    pub(crate) async fn report(&self, product: &str, job: JobId, epoch: Epoch, stage: Stage) -> Result<Done, NotDone> {
        let report = Report { fence: Fence { epoch, factory: None }, stage: Some(stage), ..order::silent() };
        let (report_id, content_hash) = (Some(format!("{epoch}-{stage}")), stage.to_string());
        let report = ReportOrder { report, report_id, content_hash, by: By::Coordinator };
        let done = self.product(product).await?.report(job, report).await?;
        self.show(&done.job);
        Ok(done)
    }

    pub(crate) async fn order(&self, product: &str, job: JobId, command: Command) -> Result<Done, NotDone> {
        let order = Order { command, by: operator(), if_rev: None };
        let done = self.product(product).await?.order(job, order).await?;
        self.show(&done.job);
        Ok(done)
    }
}

/// Closes a store as soon as nobody else has it.
async fn shut(mut store: Arc<SqliteStore>) {
    let until = std::time::Instant::now() + PATIENCE;
    loop {
        match Arc::try_unwrap(store) {
            Ok(store) => return store.close().await,
            Err(shared) => store = shared,
        }
        assert!(std::time::Instant::now() < until, "somebody keeps the store");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

pub(crate) fn operator() -> By {
    By::Operator("ada".into())
}

/// A job with a name and a body of so many bytes.
pub(crate) fn spec(name: &str, bytes: usize) -> Spec {
    Spec { title: name.to_owned(), body_md: "stone ".repeat(bytes / 6 + 1), ..job::spec() }
}
