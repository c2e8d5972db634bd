//! What a coordinator says of itself in the end: every event and every record of the load's products, read over REST.

use checker::{Event, Record};
use futures::StreamExt;
use futures::stream;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::desk::Desk;
use super::load::ALL;

/// The log and the records of one moment.
pub(crate) struct Evidence {
    pub(crate) events: Vec<Event>,
    pub(crate) records: Vec<Record>,
}

/// How often a moment is looked for in which nothing changes by itself: leases may run out meanwhile.
const TRIES: usize = 20;
/// How many reads are on their way at a time.
const AT_ONCE: usize = 8;

#[derive(Deserialize)]
struct Page {
    data: Vec<Box<RawValue>>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

/// Reads everything. No client may be at work.
pub(crate) async fn gather(desk: &Desk) -> Evidence {
    let mut evidence = Evidence { events: Vec::new(), records: Vec::new() };
    for product in ALL {
        let mut events = events(desk, product, 0).await;
        let mut found = None;
        for _ in 0..TRIES {
            let records = records(desk, product).await;
            let after = events.last().map_or(0, |event: &Event| event.seq);
            let later = self::events(desk, product, after).await;
            let quiet = later.is_empty();
            events.extend(later);
            if quiet {
                found = Some(records);
                break;
            }
        }
        evidence.records.extend(found.expect("the coordinator never stands still"));
        evidence.events.extend(events);
    }
    evidence
}

async fn events(desk: &Desk, product: &str, mut after: u64) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        let page = page(desk, product, &format!("/api/fleet/events?after={after}&limit=1000")).await;
        if page.data.is_empty() {
            return events;
        }
        for raw in page.data {
            let text = format!("{{\"product\":\"{product}\",{}", &raw.get()[1..]);
            let event: Event = serde_json::from_str(&text).unwrap();
            after = event.seq;
            events.push(event);
        }
    }
}

async fn records(desk: &Desk, product: &str) -> Vec<Record> {
    let blank = || Record { product: product.to_owned(), job: None, run: None, factory: None, state: None };
    let jobs = list(desk, product, "/api/fleet/jobs?limit=1000").await;
    let ids = jobs.iter().map(|job| serde_json::from_str::<Id>(job.get()).unwrap().id);
    let runs = ids.map(|id| async move { list(desk, product, &format!("/api/fleet/jobs/{id}/runs?limit=1000")).await });
    let runs: Vec<Vec<_>> = stream::iter(runs).buffered(AT_ONCE).collect().await;
    let factories = list(desk, product, "/api/fleet/factories?limit=1000").await;
    let jobs = jobs.into_iter().map(|job| Record { job: Some(job), ..blank() });
    // The running run lies in its job and is shown beside the ended ones: it has no end yet.
    let ended = runs.into_iter().flatten().filter(|run| run.get().contains("\"endedAt\":"));
    let runs = ended.map(|run| Record { run: Some(run), ..blank() });
    let factories = factories.into_iter().map(|factory| Record { factory: Some(factory), ..blank() });
    jobs.chain(runs).chain(factories).collect()
}

async fn list(desk: &Desk, product: &str, path: &str) -> Vec<Box<RawValue>> {
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let after = next.map(|next: String| format!("&after={next}")).unwrap_or_default();
        let page = page(desk, product, &format!("{path}{after}")).await;
        all.extend(page.data);
        next = page.next;
        if next.is_none() {
            return all;
        }
    }
}

async fn page(desk: &Desk, product: &str, path: &str) -> Page {
    serde_json::from_str(&desk.read(product, path).await).unwrap()
}
