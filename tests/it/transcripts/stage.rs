//! The stage of a transcript: a node over a journalled store, and the few things that transcripts do to it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actors::store::{MemoryStore, Plan, Store};
use actors::{
    Ask, BeatOrder, CardPatch, Done, Grant, Limits, Node, NotDone, Order, Product, ReportOrder, Submission, Submitted,
    Switches, World,
};
use domain::dispatch::Claim;
use domain::job::command::{Cancel, Fence, Release, Report};
use domain::job::{Command, RunResult, Spec, Stage as JobStage};
use domain::{By, Epoch, FactoryId, JobId, ProductId};

use crate::support::{job, order};

use super::journal::{CountingIds, Journal, JournalStore, PausedClock};

/// A node on its stage.
pub(crate) struct Stage {
    pub(crate) node: Node,
    pub(crate) store: JournalStore,
    pub(crate) plan: Plan,
    pub(crate) journal: Journal,
    switches: Switches,
    next: std::cell::Cell<u64>,
}

/// Plays a transcript in paused time and holds its journal against the snapshot of that name.
pub(crate) fn play<F: Future<Output = Stage>>(name: &str, acts: impl FnOnce(Stage) -> F) {
    play_with(name, Switches::default(), acts);
}

/// The same with features switched on.
pub(crate) fn play_with<F: Future<Output = Stage>>(name: &str, switches: Switches, acts: impl FnOnce(Stage) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let text = runtime.block_on(async {
        let stage = acts(Stage::set(Limits::default(), switches).await).await;
        stage.node.stop().await;
        stage.journal.text()
    });
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/transcripts"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

impl Stage {
    async fn set(limits: Limits, switches: Switches) -> Self {
        let (plan, journal) = (Plan::default(), Journal::default());
        let store = JournalStore {
            inner: MemoryStore::new(plan.clone()),
            journal: journal.clone(),
            poison: Arc::default(),
            blind: Arc::default(),
        };
        let node = start(&store, limits, switches).await;
        Self { node, store, plan, switches, journal, next: std::cell::Cell::new(1) }
    }

    /// The process ends and begins again over the same state.
    pub(crate) async fn restart(self) -> Self {
        self.journal.line("restart of the node");
        self.node.stop().await;
        let store = JournalStore { inner: self.store.inner.restarted(), ..self.store };
        let node = start(&store, Limits::default(), self.switches).await;
        Self { node, store, ..self }
    }

    pub(crate) async fn product(&self) -> Product {
        self.node.product(&product_id()).await.unwrap()
    }

    /// Says what happens next.
    pub(crate) fn act(&self, line: &str) {
        self.journal.line(line);
    }

    /// Lets time pass, and everything that is due happen.
    pub(crate) async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
        self.calm().await;
    }

    /// Lets everything happen that needs no time.
    pub(crate) async fn calm(&self) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    pub(crate) async fn submit(&self, name: &str) -> JobId {
        self.submit_with(name, |_| {}).await
    }

    pub(crate) async fn submit_with(&self, name: &str, change: impl FnOnce(&mut Spec)) -> JobId {
        let id = JobId(uuid::Uuid::from_u128(1_000 + u128::from(self.next.replace(self.next.get() + 1))));
        self.journal.name(id, name);
        let mut spec = Spec { title: name.into(), ..job::spec() };
        change(&mut spec);
        self.act(&format!("submit {name}"));
        let submission = Submission { id, spec, by: operator() };
        let outcome = self.product().await.submit(submission).await;
        match &outcome {
            Ok(Submitted::Created(job)) => self.answer(&format!("created, {}", job.stage)),
            Ok(Submitted::Duplicate(job)) => self.answer(&format!("duplicate of {}", self.journal.of(job.id))),
            Err(why) => self.answer(&format!("{why}")),
        }
        id
    }

    /// A heartbeat without a list of leases.
    pub(crate) async fn beat(&self, name: &str, seats: u32) {
        self.beat_with(name, Some(seats), None).await;
    }

    pub(crate) async fn beat_with(&self, name: &str, seats: Option<u32>, leases: Option<Vec<(JobId, Epoch)>>) {
        self.beat_card(name, CardPatch { seat_limit: seats, ..CardPatch::default() }, leases).await;
    }

    pub(crate) async fn beat_card(&self, name: &str, card: CardPatch, leases: Option<Vec<(JobId, Epoch)>>) {
        let beat = BeatOrder { factory: factory(name), card, load_permille: None, leases, heard: self.node.now() };
        self.act(&format!("heartbeat of {name}"));
        match self.product().await.heartbeat(beat).await {
            Ok(beaten) => {
                let names = |jobs: &[(JobId, Epoch)]| {
                    jobs.iter()
                        .map(|(job, epoch)| format!("{} e{epoch}", self.journal.of(*job)))
                        .collect::<Vec<_>>()
                        .join(", ")
                };
                let renewed: Vec<_> = beaten.renewed.iter().map(|(job, epoch, _)| (*job, *epoch)).collect();
                for (job, epoch, secs) in &beaten.giving_way {
                    self.answer(&format!("{} e{epoch} is to give way within {secs} s", self.journal.of(*job)));
                }
                self.answer(&format!(
                    "renewed [{}] lost [{}] unlisted [{}] cancelled [{}], {} claimable, {} of {} seats, {:?}",
                    names(&renewed),
                    names(&beaten.lost),
                    names(&beaten.unlisted),
                    names(&beaten.cancelled),
                    beaten.claimable,
                    beaten.factory.seats_used,
                    beaten.factory.factory.seat_limit,
                    beaten.factory.factory.state()
                ));
            }
            Err(why) => self.answer(&format!("{why}")),
        }
    }

    pub(crate) async fn claim(&self, name: &str) -> Option<Grant> {
        self.claim_with(name, |_| {}).await
    }

    pub(crate) async fn claim_with(&self, name: &str, change: impl FnOnce(&mut Ask)) -> Option<Grant> {
        let mut ask = ask(name);
        change(&mut ask);
        self.act(&format!("claim of {name}"));
        let outcome = self.product().await.claim(ask).await;
        self.claimed(name, &outcome);
        outcome.ok()?.pop()
    }

    pub(crate) fn claimed(&self, name: &str, outcome: &Result<Vec<Grant>, NotDone>) {
        match outcome {
            Ok(grants) if grants.is_empty() => self.answer(&format!("{name}: nothing")),
            Ok(grants) => {
                for grant in grants {
                    let job = self.journal.of(grant.job.id);
                    let again = if grant.repeated { ", repeated" } else { "" };
                    let ended = if grant.lease_active { "" } else { ", ended" };
                    self.answer(&format!("{name}: {job} e{} run {}{again}{ended}", grant.epoch, grant.run.attempt));
                }
            }
            Err(why) => self.answer(&format!("{name}: {why}")),
        }
    }

    pub(crate) async fn report(&self, job: JobId, epoch: u64, stage: JobStage) -> Result<Done, NotDone> {
        self.report_with(job, epoch, |report| report.report.stage = Some(stage)).await
    }

    pub(crate) async fn report_with(
        &self,
        job: JobId,
        epoch: u64,
        change: impl FnOnce(&mut ReportOrder),
    ) -> Result<Done, NotDone> {
        let mut order = ReportOrder {
            report: Report { fence: Fence { epoch: Epoch(epoch), factory: None }, ..order::silent() },
            report_id: None,
            content_hash: "the same".into(),
            by: By::Coordinator,
        };
        change(&mut order);
        let said = order.report.stage.map_or_else(|| "news".to_owned(), |stage| stage.to_string());
        self.act(&format!("report of {} under e{epoch}: {said}", self.journal.of(job)));
        let outcome = self.product().await.report(job, order).await;
        self.done(&outcome);
        outcome
    }

    pub(crate) async fn release(&self, job: JobId, epoch: u64) {
        self.release_with(job, epoch, RunResult::Released, None).await;
    }

    pub(crate) async fn release_with(
        &self,
        job: JobId,
        epoch: u64,
        result: RunResult,
        resets_at: Option<domain::Timestamp>,
    ) {
        let fence = Fence { epoch: Epoch(epoch), factory: None };
        self.order(job, Command::Release(Release { fence, result, resets_at })).await;
    }

    pub(crate) async fn cancel(&self, job: JobId) {
        self.order(job, Command::Cancel(Cancel { reason: None })).await;
    }

    pub(crate) async fn order(&self, job: JobId, command: Command) {
        self.act(&format!("{} {}", command.name(), self.journal.of(job)));
        let outcome = self.product().await.order(job, Order { command, by: operator(), if_rev: None }).await;
        self.done(&outcome);
    }

    pub(crate) async fn renew(&self, job: JobId, epoch: u64) {
        self.act(&format!("renew {} under e{epoch}", self.journal.of(job)));
        let fence = Fence { epoch: Epoch(epoch), factory: None };
        match self.product().await.renew(job, fence, None, self.node.now()).await {
            Ok(renewal) => self.answer(&format!("until {:.3}s", renewal.expires_at.0 as f64 / 1_000.0)),
            Err(why) => self.answer(&format!("{why}")),
        }
    }

    pub(crate) async fn live_jobs(&self) {
        let counts = self.product().await.counts().await.unwrap();
        self.act(&format!("awake: {} jobs; leases: {}; ready: {}", counts.live_jobs, counts.leases, counts.ready));
    }

    pub(crate) fn answer(&self, line: &str) {
        self.journal.line(&format!("  answer  {line}"));
    }

    fn done(&self, outcome: &Result<Done, NotDone>) {
        match outcome {
            Ok(done) => {
                let again = if done.repeated { ", repeated" } else { "" };
                self.answer(&format!("{} v{} e{}{again}", done.job.stage, done.job.rev, done.job.epoch));
            }
            Err(why) => self.answer(&format!("{why}")),
        }
    }
}

async fn start(store: &JournalStore, limits: Limits, switches: Switches) -> Node {
    let store: Arc<dyn Store> = Arc::new(store.clone());
    let world = World { store, clock: Arc::new(PausedClock), ids: Arc::new(CountingIds::default()), switches };
    Node::start(world, limits).await.unwrap()
}

pub(crate) fn product_id() -> ProductId {
    "p".parse().unwrap()
}

pub(crate) fn factory(name: &str) -> FactoryId {
    name.parse().unwrap()
}

pub(crate) fn operator() -> By {
    By::Operator("operator".into())
}

pub(crate) fn ask(name: &str) -> Ask {
    Ask { claim: Claim::plain(factory(name)), claim_id: None, ttl_sec: 60, wait: None, max: 1 }
}
