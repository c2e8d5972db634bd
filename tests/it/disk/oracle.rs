//! Holds a database that was found after a crash against a history: the writes that its log names are played into the
//! store in memory, and both have to show the same.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use actors::store::{
    Change, Ears, JobQuery, Logged, MemoryStore, Opened, Page, Plan, Receipt, ReceiptKind, Store, Told, Write,
};
use domain::job::{Job, Run};
use domain::{ProductId, Timestamp};
use futures::future::join_all;
use gigafactory::store::SqliteStore;
use vfs::Raw;

use super::history::History;

const ALL: usize = 1_000_000;

struct Deaf;

impl Ears for Deaf {
    fn told(&self, _: Arc<[Told]>) {}
}

/// Judges databases by one history. Remembers what it has worked out before.
pub(crate) struct Oracle {
    history: History,
    known: HashMap<(ProductId, usize), String>,
}

/// What is read of a product of a database, besides what the port shows.
#[derive(Default)]
struct Rows {
    runs: Vec<Run>,
    claims: Vec<String>,
}

impl Oracle {
    pub(crate) fn new(history: History) -> Self {
        Self { history, known: HashMap::new() }
    }

    /// Opens a data directory as a new start does, and judges what is there, when so much had reached the disk.
    /// Gives back how many events there are.
    pub(crate) async fn judge(&mut self, dir: &Path, by: usize) -> Result<u64, String> {
        let store = SqliteStore::open(dir).await.map_err(|error| format!("it does not open: {error:?}"))?;
        let judged = self.compare(&store, dir, by).await;
        store.close().await;
        let events = judged?;
        let raw = Raw::open(&dir.join("gigafactory.db")).map_err(|failed| format!("{failed:?}"))?;
        match raw.query("PRAGMA integrity_check").as_deref() {
            Ok([ok]) if ok == "ok" => Ok(events),
            found => Err(format!("the file is damaged: {found:?}")),
        }
    }

    async fn compare(&mut self, store: &SqliteStore, dir: &Path, by: usize) -> Result<u64, String> {
        let said = |why: actors::store::Why| format!("it cannot be read: {why}");
        let mut owed = self.history.owed(by);
        let raw = Raw::open(&dir.join("gigafactory.db")).map_err(|failed| format!("{failed:?}"))?;
        let (mut total, mut shown) = (0, self.history.shown(by));
        for product in store.products().await.map_err(said)? {
            let events = store.events(&product, None, Page { after: None, limit: ALL }).await.map_err(said)?;
            let writes = self.history.behind(&product, &events, by)?;
            let owed = owed.remove(&product).unwrap_or_default();
            if (events.len() as u64) < owed {
                return Err(format!("{product}: {owed} events were acknowledged, {} are there", events.len()));
            }
            total += events.len() as u64;
            let rows = rows(&raw, &product)?;
            let (found, jobs) = render(store, &product, &events, rows).await?;
            for job in jobs {
                let rev = shown.remove(&job.id).unwrap_or_default();
                if job.rev < rev {
                    return Err(format!("{}: a client was shown rev {rev}, there is {}", job.id, job.rev));
                }
            }
            // What follows from the same writes is the same; the writes follow from the number of events.
            let known = (product.clone(), events.len());
            let expected = match self.known.get(&known) {
                Some(expected) if *expected == found => continue,
                Some(_) | None => expected(&product, &writes).await?,
            };
            if found != expected {
                return Err(difference(&found, &expected));
            }
            self.known.insert(known, expected);
        }
        if let Some((product, events)) = owed.into_iter().find(|(_, events)| *events > 0) {
            return Err(format!("{product}: {events} events were acknowledged, none is there"));
        }
        match shown.into_iter().next() {
            Some((job, rev)) => Err(format!("{job}: a client was shown rev {rev}, there is no such job")),
            None => Ok(total),
        }
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
    let said = |why: actors::store::Why| format!("it cannot be read: {why}");
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
    let Opened { last_seq, settings, waiting, leased, mut dependencies, factories: _ } = opened;
    dependencies.sort_unstable();
    dependencies.dedup();
    line(&(last_seq, settings))?;
    for waiting in waiting {
        line(&waiting)?;
    }
    line(&(leased.iter().map(|job| job.id).collect::<Vec<_>>(), dependencies))?;
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
