//! The real actors as a backend, in paused time: over the store in memory, or over SQLite (see `aside.rs`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actors::clock::{Clock, Ids};
use actors::store::{JobQuery, MemoryStore, Page, Plan, Store};
use actors::{Limits, Node, NotDone, Order, Product, Submission, Switches, World};
use domain::job::Command as JobCommand;
use domain::job::command::Release;
use domain::product::Command as Setting;
use domain::{By, ProductId, Timestamp};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;
use uuid::Uuid;

use super::aside::{Aside, Calls};
use super::backend::Backend;
use super::command::{BEGIN, Claim, Command, JobNo};
use super::{answers, border};

/// More turns of the run queue than any command needs: each takes up to 61 polls.
const TURNS: usize = 12;

/// A node with one product.
pub(crate) struct Actors {
    // Ends before the store that its actors write to.
    runtime: Runtime,
    start: Instant,
    node: Node,
    product: Product,
    store: Arc<dyn Store>,
    calls: Calls,
    _aside: Option<Aside>,
}

/// Time as the paused runtime has it, from the beginning of the sequence.
struct Paused(Instant);

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        Timestamp(BEGIN + i64::try_from(self.0.elapsed().as_millis()).unwrap())
    }

    /// Sequences begin ahead of whatever is committed.
    fn never_before(&self, _: Timestamp) {}
}

#[derive(Default)]
struct Counting(AtomicU64);

impl Ids for Counting {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

fn product_id() -> ProductId {
    "p".parse().unwrap()
}

impl Actors {
    pub(crate) fn over_memory() -> Self {
        Self::begin(|| (Arc::new(MemoryStore::new(Plan::default())) as Arc<dyn Store>, Calls::default(), None))
    }

    pub(crate) fn over_sqlite() -> Self {
        Self::begin(|| {
            let aside = Aside::open();
            (aside.store(), aside.calls(), Some(aside))
        })
    }

    fn begin(open: impl FnOnce() -> (Arc<dyn Store>, Calls, Option<Aside>)) -> Self {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (start, store, calls, aside, node, product) = runtime.block_on(async {
            let start = Instant::now();
            let (store, calls, aside) = open();
            let world = World {
                store: store.clone(),
                clock: Arc::new(Paused(start)),
                ids: Arc::new(Counting::default()),
                switches: Switches::default(),
            };
            let node = Node::start(world, Limits::default()).await.unwrap();
            let product = node.product(&product_id()).await.unwrap();
            (start, store, calls, aside, node, product)
        });
        Self { runtime, start, node, product, store, calls, _aside: aside }
    }

    /// Waits until nothing happens any more that needs no time.
    async fn settle(&self) {
        loop {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            if self.calls.is_idle() {
                return;
            }
            self.calls.one_ends().await;
        }
    }

    async fn answer(&self, command: &Command) -> String {
        let (product, operator) = (&self.product, border::operator());
        match command {
            Command::Submit { job, key, wish } => {
                let submission = Submission { id: border::job(*job), spec: border::spec(wish, *key), by: operator };
                answers::submitted(product.submit(submission).await)
            }
            Command::Beat(beat) => answers::beaten(product.heartbeat(border::beat(beat, self.node.now())).await),
            Command::Claim(claim) => answers::granted(product.claim(border::ask(claim)).await),
            Command::Report(report) => {
                answers::done(product.report(border::job(report.job), border::report(report)).await)
            }
            Command::Release { job, fence, result, resets_at } => {
                let by = fence.factory.map_or(By::Coordinator, |no| By::Factory(border::factory(no)));
                let (fence, result) = (border::fence(*fence), border::outcome(*result));
                let release = Release { fence, result, resets_at: resets_at.map(Timestamp) };
                let order = Order { command: JobCommand::Release(release), by, if_rev: None };
                answers::done(product.order(border::job(*job), order).await)
            }
            Command::Renew { job, fence, ttl_sec } => {
                let (job, fence) = (border::job(*job), border::fence(*fence));
                answers::renewed(product.renew(job, fence, *ttl_sec, self.node.now()).await)
            }
            Command::Operate { job, order, if_rev } => {
                let id = border::job(*job);
                let Some(stored) = self.store.job(&product_id(), id).await.unwrap() else {
                    return answers::no(NotDone::NotFound);
                };
                let command = border::command(order, Some(&stored.job.spec));
                answers::done(product.order(id, Order { command, by: operator, if_rev: *if_rev }).await)
            }
            Command::Drain { factory } => {
                answers::viewed(product.drain(&border::factory(*factory), None, operator).await)
            }
            Command::Undrain { factory } => {
                answers::viewed(product.resume_factory(&border::factory(*factory), operator).await)
            }
            Command::Gate(gate) => self.set(border::gate(*gate)).await,
            Command::Set(chosen) => self.set(border::choices(*chosen)).await,
            Command::Weigh(said) => self.set(Setting::SetWeights(border::weights(said))).await,
            Command::Pass(_) => String::new(),
        }
    }

    async fn set(&self, command: Setting) -> String {
        match self.product.set(command, border::operator(), None).await {
            Ok(settings) => answers::settings(&settings),
            Err(why) => answers::no(why),
        }
    }

    async fn all(&self) -> BTreeMap<String, String> {
        let (id, store, mut lines) = (product_id(), &self.store, BTreeMap::new());
        let page = |limit| Page { after: None, limit };
        for job in store.jobs(&id, &JobQuery::default(), page(1_000)).await.unwrap() {
            let name = format!("j{:03}", border::number(job.id));
            let runs: Vec<String> = store.runs(&id, job.id).await.unwrap().iter().map(answers::ended).collect();
            let events = store.events(&id, Some(job.id), Page { after: None, limit: 100_000 }).await.unwrap();
            let events: Vec<&str> = events.iter().map(|event| &*event.kind).collect();
            lines.insert(format!("{name} events"), events.join(" "));
            lines.insert(format!("{name} runs"), runs.join("; "));
            lines.insert(name, answers::record(&self.product.overlay(&job)));
        }
        let events = store.events(&id, None, Page { after: None, limit: 100_000 }).await.unwrap();
        let kinds = |of: &str| events.iter().filter(|event| event.kind.starts_with(of)).collect::<Vec<_>>();
        for view in self.product.factories().await.unwrap() {
            let own = kinds("factory.").into_iter().filter(|event| event.factory.as_ref() == Some(&view.factory.id));
            let own: Vec<&str> = own.map(|event| &*event.kind).collect();
            lines.insert(format!("{} events", view.factory.id), own.join(" "));
            let card = format!("{} uses {}", answers::card(&view.factory), view.seats_used);
            lines.insert(view.factory.id.to_string(), card);
        }
        let settings = self.product.settings().await.unwrap();
        lines.insert("product".into(), answers::settings(&settings));
        let own: Vec<&str> = kinds("product.").iter().map(|event| &*event.kind).collect();
        lines.insert("product events".into(), own.join(" "));
        lines
    }
}

impl Backend for Actors {
    fn obey(&mut self, command: &Command) -> String {
        self.runtime.block_on(async {
            let answer = self.answer(command).await;
            self.settle().await;
            answer
        })
    }

    fn pass_to(&mut self, until: i64) {
        let until = self.start + Duration::from_millis(u64::try_from(until - BEGIN).unwrap());
        self.runtime.block_on(async {
            tokio::time::sleep_until(until).await;
            self.settle().await;
        });
    }

    fn preview(&mut self, claim: &Claim) -> String {
        let preview = self.product.preview(border::ask(claim).claim);
        answers::previewed(self.runtime.block_on(preview))
    }

    fn not_before(&mut self, job: JobNo) -> Option<i64> {
        let stored = self.runtime.block_on(self.store.job(&product_id(), border::job(job))).unwrap();
        stored?.job.not_before.map(|at| at.0)
    }

    fn records(&mut self) -> BTreeMap<String, String> {
        self.runtime.block_on(self.all())
    }
}

impl Drop for Actors {
    fn drop(&mut self) {
        self.runtime.block_on(self.node.stop());
    }
}
