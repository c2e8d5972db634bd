//! Reads everything by the API: every product's log, jobs, runs, factories, gate. Compares two such readings.

use std::rc::Rc;
use std::time::Duration;

use actix_web::test::TestRequest;
use checker::{Event, Record};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::world::World;

/// All that the API shows.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) events: Vec<Event>,
    pub(super) records: Vec<Record>,
    problems: Vec<String>,
}

/// A list as it is answered.
#[derive(Deserialize)]
struct List {
    data: Vec<Box<RawValue>>,
    next: Option<String>,
}

/// Reads everything of the products. With `resumes`, the gate is read by an order that changes nothing.
pub(super) async fn gather(world: &Rc<World>, products: &[String], resumes: bool) -> Gathered {
    let mut all = Gathered::default();
    for product in products {
        for event in list(world, product, "/api/fleet/events?limit=1000", &mut all.problems).await {
            all.event(product, &event);
        }
        for factory in list(world, product, "/api/fleet/factories?limit=1000", &mut all.problems).await {
            all.records.push(Record { factory: Some(factory), ..record(product) });
        }
        for job in list(world, product, "/api/fleet/jobs?limit=1000", &mut all.problems).await {
            let id = id(&job);
            all.records.push(Record { job: Some(job), ..record(product) });
            for run in list(world, product, &format!("/api/fleet/jobs/{id}/runs"), &mut all.problems).await {
                all.records.push(Record { run: Some(run), ..record(product) });
            }
        }
        if resumes && let Some(state) = ask(world, product, "POST", "/api/fleet/resume").await {
            all.records.push(Record { state: serde_json::from_str(&state).ok(), ..record(product) });
        }
    }
    all
}

fn record(product: &str) -> Record {
    Record { product: product.to_owned(), job: None, run: None, factory: None, state: None }
}

fn id(job: &RawValue) -> String {
    let job: Value = serde_json::from_str(job.get()).unwrap_or_default();
    job["id"].as_str().unwrap_or_default().to_owned()
}

async fn list(world: &Rc<World>, product: &str, path: &str, problems: &mut Vec<String>) -> Vec<Box<RawValue>> {
    let (mut all, mut after) = (Vec::new(), String::new());
    for _ in 0..1_000 {
        let page = ask(world, product, "GET", &format!("{path}{after}")).await;
        let Some(list) = page.as_deref().and_then(|text| serde_json::from_str::<List>(text).ok()) else {
            problems.push(format!("{path} of {product}: {page:?}"));
            break;
        };
        all.extend(list.data);
        let Some(next) = list.next else { break };
        after = format!("&after={next}");
    }
    all
}

async fn ask(world: &Rc<World>, product: &str, method: &str, path: &str) -> Option<String> {
    for _ in 0..20 {
        let method = actix_web::http::Method::from_bytes(method.as_bytes()).ok()?;
        let request = TestRequest::default().method(method).uri(path).append_header(("x-product-id", product));
        if let Some((200, body)) = world.serve(request).await {
            return Some(body);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    None
}

impl Gathered {
    fn event(&mut self, product: &str, shown: &RawValue) {
        let text = shown.get();
        let named = format!("{{\"product\":{},{}", json!(product), text.strip_prefix('{').unwrap_or(text));
        match serde_json::from_str(&named) {
            Ok(event) => self.events.push(event),
            Err(error) => self.problems.push(format!("an event that is none: {error}: {text}")),
        }
    }

    /// What another reading says otherwise, soft fields apart.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let mut found: Vec<String> = self.problems.iter().chain(&other.problems).cloned().collect();
        if lines(&self.events) != lines(&other.events) {
            found.push("the log is another one after a restart".into());
        }
        let (before, after) = (self.hard(), other.hard());
        if before.len() != after.len() {
            found.push(format!("{} records before a restart, {} after", before.len(), after.len()));
        }
        let pairs = before.iter().zip(&after).filter(|(one, two)| one != two);
        found.extend(pairs.map(|(one, two)| format!("after a restart {one} is {two}")));
        found
    }

    fn hard(&self) -> Vec<String> {
        let record = |record: &Record| {
            let shown = record.job.as_ref().or(record.run.as_ref()).or(record.factory.as_ref())?;
            let mut shown: Value = serde_json::from_str(shown.get()).ok()?;
            let top = shown.as_object_mut()?;
            ["load", "lastHeartbeatAt", "seatsUsed"].iter().for_each(|soft| drop(top.remove(*soft)));
            if let Some(lease) = top.get_mut("lease").and_then(Value::as_object_mut) {
                ["expiresAt", "renewals"].iter().for_each(|soft| drop(lease.remove(*soft)));
            }
            Some(shown.to_string())
        };
        self.records.iter().filter_map(record).collect()
    }
}

/// Records as text, one a line.
pub(super) fn lines<T: serde::Serialize>(records: &[T]) -> Vec<String> {
    records.iter().map(|record| serde_json::to_string(record).unwrap_or_default()).collect()
}
