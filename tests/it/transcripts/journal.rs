//! The journal of a transcript: a store and a set of ids that write down what the actors do, in paused time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use actors::clock::{Clock, Ids};
use actors::store::{
    Change, Committed, Ears, Fault, JobQuery, Logged, MemoryStore, Node, Opened, Page, Receipt, ReceiptKind, Store,
    Stored, Told, Why, Write,
};
use async_trait::async_trait;
use domain::factory::Factory;
use domain::job::{Job, Run, Stage};
use domain::profile::{Profile, Wanted};
use domain::{Epoch, JobId, ProductId, ProfileName, Timestamp};
use tokio::time::Instant;
use uuid::Uuid;

/// The lines of a transcript, with names for ids.
#[derive(Clone, Default)]
pub(crate) struct Journal {
    lines: Arc<Mutex<String>>,
    names: Arc<Mutex<BTreeMap<JobId, String>>>,
}

impl Journal {
    pub(crate) fn name(&self, job: JobId, name: &str) {
        self.names.lock().unwrap().insert(job, name.to_owned());
    }

    pub(crate) fn of(&self, job: JobId) -> String {
        self.names.lock().unwrap().get(&job).cloned().unwrap_or_else(|| job.to_string())
    }

    pub(crate) fn line(&self, line: &str) {
        let at = now_ms();
        writeln!(self.lines.lock().unwrap(), "{:>9.3}s  {line}", at as f64 / 1_000.0).unwrap();
    }

    pub(crate) fn text(&self) -> String {
        self.lines.lock().unwrap().clone()
    }
}

thread_local! {
    static START: std::cell::OnceCell<Instant> = const { std::cell::OnceCell::new() };
}

fn now_ms() -> i64 {
    START.with(|start| i64::try_from(start.get_or_init(Instant::now).elapsed().as_millis()).unwrap())
}

/// Time as the paused runtime has it, from zero.
pub(crate) struct PausedClock;

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        Timestamp(now_ms())
    }

    /// Paused time only goes on.
    fn never_before(&self, _: Timestamp) {}
}

/// Ids that count up.
#[derive(Default)]
pub(crate) struct CountingIds(AtomicU64);

impl Ids for CountingIds {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

/// A memory store that writes down what is asked of it, and panics in the face of chosen jobs.
#[derive(Clone)]
pub(crate) struct JournalStore {
    pub(crate) inner: MemoryStore,
    pub(crate) journal: Journal,
    pub(crate) poison: Arc<Mutex<BTreeMap<JobId, u32>>>,
    /// How many of the next reads fail, by kind.
    pub(crate) blind: Arc<Mutex<BTreeMap<&'static str, u32>>>,
}

impl JournalStore {
    /// A read of this kind is to fail.
    fn reads(&self, kind: &'static str) -> Result<(), Why> {
        let mut blind = self.blind.lock().unwrap();
        let Some(left) = blind.get_mut(kind).filter(|left| **left > 0) else { return Ok(()) };
        *left -= 1;
        self.journal.line(&format!("  blind   {kind}"));
        Err(Why::Unavailable("planned".into()))
    }

    /// The job is poison: its actor is to panic before it commits.
    fn panics(&self, write: &Write) -> bool {
        let Some(job) = write.job_id().filter(|_| !matches!(write.change, Change::Note { .. })) else { return false };
        let mut poison = self.poison.lock().unwrap();
        let Some(left) = poison.get_mut(&job).filter(|left| **left > 0) else { return false };
        *left -= 1;
        self.journal.line(&format!("  panic   {}", self.journal.of(job)));
        true
    }

    fn describe(&self, write: &Write) -> String {
        let kinds: Vec<&str> = write.facts.iter().map(domain::event::Fact::kind).collect();
        let what = match &write.change {
            Change::Submit { job } => format!("{} v{}", self.journal.of(job.id), job.rev),
            Change::Job { job, .. } => {
                format!("{} v{} {} e{}", self.journal.of(job.id), job.rev, job.stage, job.epoch)
            }
            Change::Note { job, .. } => format!("{} (a note)", self.journal.of(*job)),
            Change::Factory { factory } => format!("{} v{}", factory.id, factory.rev),
            Change::Settings { settings } => format!("settings v{} paused={}", settings.rev, settings.paused),
            Change::Profile { profile } => profile.pinned().to_string(),
            Change::Renewals { renewed } => {
                let names: Vec<_> = renewed.iter().map(|one| self.journal.of(one.job)).collect();
                format!("renewals of {}", names.join(", "))
            }
        };
        format!("{what} [{}] by {}", kinds.join(", "), write.by)
    }
}

/// Writes down what is told before handing it on.
struct JournalEars {
    inner: Arc<dyn Ears>,
    journal: Journal,
}

impl Ears for JournalEars {
    fn told(&self, batch: Arc<[Told]>) {
        for told in batch.iter() {
            for (seq, fact) in (told.first_seq..).zip(&told.write.facts) {
                self.journal.line(&format!("  told    {seq} {}", fact.kind()));
            }
        }
        self.inner.told(batch);
    }
}

#[async_trait]
impl Store for JournalStore {
    async fn commit(&self, write: Write) -> Result<Committed, Fault> {
        if self.panics(&write) {
            std::panic::panic_any("planned");
        }
        self.journal.line(&format!("  commit  {}", self.describe(&write)));
        let outcome = self.inner.commit(write).await;
        if let Err(fault) = &outcome {
            self.journal.line(&format!("  fault   {fault}"));
        }
        outcome
    }

    async fn commit_all(&self, mut writes: Vec<Write>) -> Result<Vec<Committed>, Fault> {
        if writes.len() == 1
            && let Some(write) = writes.pop()
        {
            return self.commit(write).await.map(|committed| vec![committed]);
        }
        self.journal.line(&format!("  commit  {} as one:", writes.len()));
        writes.iter().for_each(|write| self.journal.line(&format!("          {}", self.describe(write))));
        let outcome = self.inner.commit_all(writes).await;
        if let Err(fault) = &outcome {
            self.journal.line(&format!("  fault   {fault}"));
        }
        outcome
    }

    async fn open(&self, product: &ProductId, ears: Arc<dyn Ears>) -> Result<Opened, Fault> {
        let ears = Arc::new(JournalEars { inner: ears, journal: self.journal.clone() });
        let opened = self.inner.open(product, ears).await?;
        self.journal.line(&format!(
            "  open    {product}: seq {}, {} waiting, {} leased, {} factories",
            opened.last_seq,
            opened.waiting.len(),
            opened.leased.len(),
            opened.factories.len()
        ));
        Ok(opened)
    }

    async fn settled(&self, product: &ProductId) {
        self.journal.line("  settled");
        self.inner.settled(product).await;
    }

    async fn job(&self, product: &ProductId, id: JobId) -> Result<Option<Stored>, Why> {
        self.reads("job")?;
        let stored = self.inner.job(product, id).await?;
        let rev = stored.as_ref().map_or_else(|| "nothing".to_owned(), |stored| format!("v{}", stored.job.rev));
        self.journal.line(&format!("  load    {}: {rev}", self.journal.of(id)));
        Ok(stored)
    }

    async fn jobs(&self, product: &ProductId, query: &JobQuery, page: Page<JobId>) -> Result<Vec<Arc<Job>>, Why> {
        self.inner.jobs(product, query, page).await
    }

    async fn stages(&self, product: &ProductId, ids: &[JobId]) -> Result<Vec<(JobId, Stage)>, Why> {
        self.reads("stages")?;
        self.inner.stages(product, ids).await
    }

    async fn children(&self, product: &ProductId, parent: JobId) -> Result<Vec<(JobId, Stage)>, Why> {
        self.reads("children")?;
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
        self.reads("profile")?;
        let found = self.inner.profile(product, wanted).await?;
        let what = found.as_ref().map_or_else(|| "nothing".to_owned(), |profile| format!("v{}", profile.version));
        self.journal.line(&format!("  profile {wanted}: {what}"));
        Ok(found)
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
