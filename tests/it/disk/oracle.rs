//! Holds a database that was found after a crash against a history: the writes that its log names are played into the
//! store in memory, and both have to show the same.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use actors::store::{
    Change, Ears, JobQuery, Logged, MemoryStore, Opened, Page, Plan, Receipt, ReceiptKind, Store, Told, Why, Write,
};
use domain::job::{Job, Run};
use domain::{JobId, ProductId, Timestamp};
use futures::future::join_all;
use gigafactory::store::SqliteStore;
use vfs::Raw;

use super::history::History;

const ALL: usize = 1_000_000;

struct Deaf;

impl Ears for Deaf {
    fn told(&self, _: Arc<[Told]>) {}
}

/// Judges databases by one history. What it has judged once, row by row, it does not read again.
pub(crate) struct Oracle {
    history: History,
    good: HashMap<String, Arc<Good>>,
}

/// A content that follows from the history.
#[derive(Default)]
struct Good {
    events: BTreeMap<ProductId, u64>,
    /// How much had reached the disk when the last of its writes was handed over.
    sent: usize,
    revs: HashMap<JobId, u64>,
}

/// What is read of a product of a database, besides what the port shows.
#[derive(Default)]
struct Rows {
    runs: Vec<Run>,
    claims: Vec<String>,
}

/// Every row of every table; renewals aside, the port shows what is in them and nothing else.
const DUMP: [&str; 7] = [
    "SELECT group_concat(quote(product) || quote(rev) || settings, char(10)) FROM product",
    "SELECT group_concat(quote(product) || quote(id) || rev || data, char(10)) FROM factory",
    "SELECT group_concat(hex(id) || edition || product || quote(key) || quote(content_hash) || spec, char(10)) FROM job_spec",
    "SELECT group_concat(product || hex(id) || stage || ' ' || rev || ' ' || epoch || ' ' || quote(wake_at) || ' ' || \
     quote(finished_at) || ' ' || last_seq || ' ' || edition || ' ' || schema || state, char(10)) FROM job",
    "SELECT group_concat(hex(job) || ' ' || epoch || product || data, char(10)) FROM run",
    "SELECT group_concat(product || ' ' || seq || quote(job) || quote(prev) || quote(factory) || quote(rev) || type || \
     at || \"by\" || data, char(10)) FROM event",
    "SELECT group_concat(product || kind || key || hex(job) || epoch || ' ' || rev || content_hash || at, char(10)) \
     FROM receipt",
];

impl Oracle {
    pub(crate) fn new(history: History) -> Self {
        Self { history, good: HashMap::new() }
    }

    /// Opens a data directory as a new start does, and judges what is there, when so much had reached the disk.
    pub(crate) async fn judge(&mut self, dir: &Path, by: usize) -> Result<(), String> {
        let store = SqliteStore::open(dir).await.map_err(|error| format!("it does not open: {error:?}"))?;
        let judged = self.compare(&store, dir, by).await;
        store.close().await;
        judged
    }

    async fn compare(&mut self, store: &SqliteStore, dir: &Path, by: usize) -> Result<(), String> {
        let failed = |failed: vfs::Failed| format!("{failed:?}");
        let raw = Raw::open(&dir.join("gigafactory.db")).map_err(failed)?;
        let damage = raw.query("PRAGMA integrity_check").map_err(failed)?;
        if damage != ["ok"] {
            return Err(format!("the file is damaged: {damage:?}"));
        }
        let mut dump = String::new();
        for table in DUMP {
            dump.extend(raw.query(table).map_err(failed)?);
        }
        let good = match self.good.get(&dump) {
            Some(good) => good.clone(),
            None => {
                let good = Arc::new(self.read(store, &raw).await?);
                self.good.insert(dump, good.clone());
                good
            }
        };
        good.holds(&self.history, by)
    }

    /// Reads everything through the port, and compares it with what the history says.
    async fn read(&self, store: &SqliteStore, raw: &Raw) -> Result<Good, String> {
        let said = |why: Why| format!("it cannot be read: {why}");
        let mut good = Good::default();
        for product in store.products().await.map_err(said)? {
            let events = store.events(&product, None, Page { after: None, limit: ALL }).await.map_err(said)?;
            let (writes, sent) = self.history.behind(&product, &events)?;
            let (found, jobs) = render(store, &product, &events, rows(raw, &product)?).await?;
            let expected = expected(&product, &writes).await?;
            if found != expected {
                return Err(difference(&found, &expected));
            }
            good.sent = good.sent.max(sent);
            good.revs.extend(jobs.iter().map(|job| (job.id, job.rev)));
            good.events.insert(product, events.len() as u64);
        }
        Ok(good)
    }
}

impl Good {
    /// Whether everything acknowledged by then is in it, and nothing that was sent only later.
    fn holds(&self, history: &History, by: usize) -> Result<(), String> {
        for (product, owed) in history.owed(by) {
            let events = self.events.get(&product).copied().unwrap_or_default();
            if events < owed {
                return Err(format!("{product}: {owed} events were acknowledged, {events} are there"));
            }
        }
        for (job, rev) in history.shown(by) {
            match self.revs.get(&job) {
                Some(found) if *found >= rev => {}
                found => return Err(format!("{job}: a client was shown rev {rev}, there is {found:?}")),
            }
        }
        if self.sent > by {
            return Err(format!("something is there that was sent only later: at {}, not by {by}", self.sent));
        }
        Ok(())
    }
}

/// What a database ought to show after these writes.
async fn expected(product: &ProductId, writes: &[Arc<Write>]) -> Result<String, String> {
    let memory = MemoryStore::new(Plan::default());
    memory.open(product, Arc::new(Deaf)).await.map_err(|fault| fault.to_string())?;
    let (mut claims, mut jobs) = (BTreeMap::new(), Vec::new());
    for write in writes {
        memory.commit(Write::clone(write)).await.map_err(|fault| format!("{fault}: {write:?}"))?;
        if let Change::Submit { job } = &write.change {
            jobs.push(job.id);
        }
        if let Change::Job { receipt: Some(receipt), .. } | Change::Note { receipt: Some(receipt), .. } = &write.change
            && receipt.kind == ReceiptKind::Claim
        {
            claims.insert(receipt.key.clone(), claim(receipt));
        }
    }
    let mut rows = Rows { runs: Vec::new(), claims: claims.into_values().collect() };
    jobs.sort_unstable();
    for job in jobs {
        rows.runs.extend(memory.runs(product, job).await.map_err(|why| why.to_string())?);
    }
    let events = memory.events(product, None, Page { after: None, limit: ALL }).await.map_err(|why| why.to_string())?;
    Ok(render(&memory, product, &events, rows).await?.0)
}

fn claim(receipt: &Receipt) -> String {
    let Receipt { key, job, epoch, rev, at, .. } = receipt;
    format!("{key} {} {epoch} {rev} {}", job.0.as_simple(), at.0)
}

fn rows(raw: &Raw, product: &ProductId) -> Result<Rows, String> {
    let query = |sql: &str| raw.query(&sql.replace('$', product.as_str())).map_err(|failed| format!("{failed:?}"));
    let runs = query("SELECT data FROM run WHERE product = '$' ORDER BY job, epoch")?;
    let runs = runs.iter().map(|data| serde_json::from_str(data)).collect::<Result<_, _>>();
    let claims = query(
        "SELECT key || ' ' || lower(hex(job)) || ' ' || epoch || ' ' || rev || ' ' || at FROM receipt \
         WHERE product = '$' AND kind = 'claim' ORDER BY key",
    )?;
    Ok(Rows { runs: runs.map_err(|error| error.to_string())?, claims })
}

/// Everything of a product as lines of text; soft fields, which may step back, left out.
async fn render(
    store: &dyn Store,
    product: &ProductId,
    events: &[Logged],
    rows: Rows,
) -> Result<(String, Vec<Arc<Job>>), String> {
    let said = |why: Why| format!("it cannot be read: {why}");
    let mut text = String::new();
    let mut line = |what: &dyn std::fmt::Debug| writeln!(text, "{what:?}").map_err(|error| error.to_string());
    for event in events {
        line(event)?;
    }
    let listed = store.jobs(product, &JobQuery::default(), Page { after: None, limit: ALL }).await.map_err(said)?;
    for stored in join_all(listed.iter().map(|job| store.job(product, job.id))).await {
        let mut stored = stored.map_err(said)?.ok_or("a job is listed and not there")?;
        stored.receipts.sort_by(|a, b| a.key.cmp(&b.key));
        line(&(hard(&stored.job), stored.last_seq, stored.receipts))?;
    }
    line(&rows.runs)?;
    line(&rows.claims)?;
    line(&store.factories(product).await.map_err(said)?)?;
    let opened = store.open(product, Arc::new(Deaf)).await.map_err(|fault| format!("it cannot be opened: {fault}"))?;
    let Opened { last_seq, last_at, settings, waiting, leased, reviewing, mut dependencies, factories: _ } = opened;
    dependencies.sort_unstable();
    dependencies.dedup();
    line(&(last_seq, last_at, settings))?;
    for waiting in waiting {
        line(&waiting)?;
    }
    line(&(leased.iter().map(|job| job.id).collect::<Vec<_>>(), reviewing, dependencies))?;
    Ok((text, listed))
}

/// A job without its soft fields.
fn hard(job: &Job) -> Job {
    let mut job = job.clone();
    if let Some(lease) = &mut job.lease {
        (lease.expires_at, lease.ttl_sec, lease.renewals) = (Timestamp(0), 0, 0);
    }
    job
}

fn difference(found: &str, expected: &str) -> String {
    let pair = found.lines().zip(expected.lines()).find(|(a, b)| a != b);
    match pair {
        Some((found, expected)) => format!("found\n  {found}\nwhere the history says\n  {expected}"),
        None => format!("{} lines where the history says {}", found.lines().count(), expected.lines().count()),
    }
}
