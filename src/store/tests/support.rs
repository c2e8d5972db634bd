//! Two stores side by side: whatever is written goes into both, and both have to answer the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use actors::store::{
    Change, Committed, Ears, Fault, JobQuery, MemoryStore, Opened, Page, Plan, Receipt, ReceiptKind, Store, Told, Write,
};
use domain::factory::Factory;
use domain::job::command::{Fence, Lease, Prior, Report};
use domain::job::{self, Command, Insights, Job, Spec, Stage};
use domain::{By, Epoch, FactoryId, JobId, ProductId, RunId, Timestamp, event};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::store::SqliteStore;

/// Far ahead of the clock, by which old receipts are dropped.
pub(crate) const T0: Timestamp = Timestamp(4_000_000_000_000);

struct Deaf;

impl Ears for Deaf {
    fn told(&self, _: Arc<[Told]>) {}
}

pub(crate) fn product(name: &str) -> ProductId {
    name.parse().unwrap()
}

pub(crate) fn factory(name: &str) -> FactoryId {
    name.parse().unwrap()
}

/// The id of the nth job; ids grow with n.
pub(crate) fn id(n: u16) -> JobId {
    JobId(Uuid::from_u128((0x019b_7a3e_0000_7000_8000_0000_0000_0000) | (u128::from(n) << 80)))
}

/// A spec with some members of its own.
pub(crate) fn spec(members: Value) -> Spec {
    let mut all = json!({
        "title": "Mend the fence", "bodyMd": "# Mend the fence\n\nPosts \"and\" rails; keep \\ and \u{fc} as they are.",
        "manifestJson": "{\"title\":\"Mend the fence\"}", "priority": "normal", "concurrencyLimit": 1,
    });
    all.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

pub(crate) fn lease_to(name: &str, n: u16) -> Command {
    let run = RunId(Uuid::from_u128(0x019b_7a3f_1111_7222_8333_4444_5555_6666 + u128::from(n)));
    let engine = Some("claude".to_owned());
    Command::Lease(Lease { factory: factory(name), run, engine, ttl_sec: 90, claim_id: None, decision: None })
}

pub(crate) fn report(epoch: u64, stage: Stage) -> Report {
    Report {
        fence: Fence { epoch: Epoch(epoch), factory: None },
        prior: Prior::None,
        stage: Some(stage),
        checkpoint: None,
        insights: Insights { tokens_in: Some(1200), tokens_out: Some(300), ..Insights::default() },
        result: None,
        exit: None,
        verify_result: None,
        retryable: true,
        reason: None,
        question: None,
    }
}

pub(crate) fn receipt(kind: ReceiptKind, key: &str, job: &Job, at: Timestamp) -> Receipt {
    let hash = if kind == ReceiptKind::Report { "c0ffee" } else { "" };
    Receipt { kind, key: key.into(), job: job.id, epoch: job.epoch, rev: job.rev, content_hash: hash.into(), at }
}

/// A factory's card.
pub(crate) fn card(draining: bool, rev: u64) -> Factory {
    serde_json::from_value(json!({
        "id": "mac-1", "product": "p1", "descriptor": {"os": "macos"}, "repos": [], "capabilities": ["os:macos"],
        "engines": [{"name": "claude", "state": "available"}], "engine_classes": [], "health": "ok", "seat_limit": 2,
        "load_permille": 10, "heartbeat_sec": 30, "presence": "online", "draining": draining, "last_heard_at": T0,
        "rev": rev,
    }))
    .unwrap()
}

/// A submit.
pub(crate) fn submit(product: &ProductId, n: u16, spec: Spec, deps_met: bool) -> (Job, Write) {
    let made = job::submit(id(n), product.clone(), spec, (deps_met, 0), T0.plus_secs(u64::from(n)));
    let facts = made.facts.into_iter().map(event::Fact::from).collect();
    let change = Change::Submit { job: Arc::new(made.job.clone()) };
    let by = By::Operator("ada".into());
    (made.job, Write { product: product.clone(), at: T0.plus_secs(u64::from(n)), by, facts, change })
}

pub(crate) async fn open(store: &dyn Store, product: &ProductId) -> Opened {
    store.open(product, Arc::new(Deaf)).await.unwrap()
}

/// The same writes in two stores.
pub(crate) struct Pair {
    pub(crate) sqlite: SqliteStore,
    pub(super) memory: MemoryStore,
    pub(super) product: ProductId,
    pub(super) jobs: BTreeMap<JobId, (Job, u64)>,
    pub(super) now: Timestamp,
}

impl Pair {
    pub(crate) async fn new(dir: &Path) -> Self {
        let (sqlite, memory) = (SqliteStore::open(dir).await.unwrap(), MemoryStore::new(Plan::default()));
        let pair = Self { sqlite, memory, product: product("p1"), jobs: BTreeMap::new(), now: T0 };
        open(&pair.sqlite, &pair.product).await;
        open(&pair.memory, &pair.product).await;
        pair
    }

    /// Commits to both; both have to answer the same.
    pub(super) async fn commit(&mut self, write: Write) -> Result<Committed, Fault> {
        let answer = self.sqlite.commit(write.clone()).await;
        assert_eq!(answer, self.memory.commit(write.clone()).await);
        if let (Ok(committed), Some(job)) = (&answer, write.job_id()) {
            let snapshot = write.job().map_or_else(|| self.jobs[&job].0.clone(), |job| (**job).clone());
            self.jobs.insert(job, (snapshot, committed.last_seq));
        }
        answer
    }

    pub(crate) async fn submit(&mut self, n: u16, spec: Spec, deps_met: bool) {
        let write = submit(&self.product, n, spec, deps_met).1;
        self.commit(write).await.unwrap();
    }

    /// Runs a command to its end and commits what it leads to.
    pub(crate) async fn does(&mut self, n: u16, command: Command, kept: Option<(ReceiptKind, &str)>) {
        self.now = self.now.plus_secs(7);
        let (job, prev_seq) = self.jobs[&id(n)].clone();
        let by = By::Factory(factory("mac-1"));
        let edited = matches!(command, Command::Edit(_));
        let step = job::transition(&job, command, &by, self.now).unwrap();
        assert!(!step.facts.is_empty());
        let receipt = kept.map(|(kind, key)| receipt(kind, key, &step.next, self.now));
        let facts = step.facts.into_iter().map(event::Fact::from).collect();
        let (job, ended) = (Arc::new(step.next), step.ended.map(Box::new));
        let change = Change::Job { job, prev_seq, edited, ended, receipt };
        self.commit(Write { product: self.product.clone(), at: self.now, by, facts, change }).await.unwrap();
    }

    /// Every read of both answers the same.
    pub(super) async fn agree(&self, queries: &[JobQuery]) {
        let (a, b, of) = (&self.sqlite, &self.memory, &self.product);
        for id in self.jobs.keys() {
            assert_eq!(stored(a, of, *id).await, stored(b, of, *id).await);
            assert_eq!(a.runs(of, *id).await, b.runs(of, *id).await);
            for epoch in (0..4).map(Epoch) {
                assert_eq!(a.run(of, *id, epoch).await, b.run(of, *id, epoch).await);
            }
        }
        for job in self.jobs.keys().copied().map(Some).chain([None]) {
            for (after, limit) in
                [(None, 100), (Some(2), 3), (Some(9), 1), (Some(500), 5), (Some(1 << 63), 5), (Some(u64::MAX), 5)]
            {
                let page = Page { after, limit };
                assert_eq!(a.events(of, job, page).await, b.events(of, job, page).await, "{job:?} {page:?}");
            }
        }
        for query in queries {
            for (after, limit) in [(None, 100), (Some(id(3)), 100), (None, 2)] {
                let page = Page { after, limit };
                assert_eq!(a.jobs(of, query, page).await, b.jobs(of, query, page).await, "{query:?} {page:?}");
            }
        }
        let asked = [id(3), id(1), id(999), id(2)];
        assert_eq!(a.stages(of, &asked).await, b.stages(of, &asked).await);
        assert_eq!(a.factories(of).await, b.factories(of).await);
        for wanted in ["careful", "careful@1", "careful@10", "careful@3", "bold", "car"] {
            let wanted = wanted.parse().unwrap();
            assert_eq!(a.profile(of, &wanted).await, b.profile(of, &wanted).await);
        }
        for (after, limit) in [(None, 100), (None, 1), (Some("bold"), 1), (Some("careful"), 9), (Some("zealous"), 9)] {
            let page = || Page { after: after.map(|name| name.parse().unwrap()), limit };
            assert_eq!(a.profiles(of, page()).await, b.profiles(of, page()).await);
        }
        assert_eq!(a.products().await, b.products().await);
        assert_eq!(a.newest().await, b.newest().await);
        for (kind, key) in [(ReceiptKind::Claim, "mac-1/c1"), (ReceiptKind::Report, "r1"), (ReceiptKind::Claim, "r1")] {
            assert_eq!(a.receipt(of, kind, key).await, b.receipt(of, kind, key).await);
        }
        assert_eq!(opened(open(a, of).await), opened(open(b, of).await));
        a.ready().await.unwrap();
    }
}

async fn stored(store: &dyn Store, product: &ProductId, id: JobId) -> (Job, u64, Vec<Receipt>) {
    let mut stored = store.job(product, id).await.unwrap().unwrap();
    stored.receipts.sort_by(|a, b| a.key.cmp(&b.key));
    ((*stored.job).clone(), stored.last_seq, stored.receipts)
}

/// What was opened, as text; a dependency that two jobs name counts once.
pub(crate) fn opened(mut opened: Opened) -> String {
    opened.dependencies.sort_unstable();
    opened.dependencies.dedup();
    format!("{opened:#?}")
}
