//! Holds the coordinator's log and records against each other and against what was acknowledged.

use std::collections::BTreeMap;

use serde_json::Value;

use super::clients::{number, text};
use super::ledger::Ledger;
use super::server::Http;

/// What the log says of one job.
#[derive(Debug, Default)]
struct Traced {
    /// Epoch and factory of the lease that is held.
    held: Option<(u64, String)>,
    grants: BTreeMap<u64, String>,
    shipped: bool,
    created: u32,
}

/// Verifies everything; gives back how many events there are.
pub(crate) async fn verify(http: &Http, ledger: &Ledger) -> u64 {
    let events = all_events(http).await;
    let mut traced: BTreeMap<String, Traced> = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        assert_eq!(number(event, "/seq"), at as u64 + 1, "the log has a gap");
        if let Some(job) = event.pointer("/jobId").and_then(Value::as_str) {
            trace(traced.entry(job.to_owned()).or_default(), job, event);
        }
    }
    for (id, known) in ledger.jobs() {
        let job = http.get(&format!("/jobs/{id}")).await;
        let traced = traced.get(&id).unwrap_or_else(|| panic!("{id} was acknowledged and is not in the log"));
        assert!(number(&job, "/rev") >= known.rev, "{id} stepped back from rev {}", known.rev);
        for (epoch, factory) in &known.grants {
            assert_eq!(traced.grants.get(epoch), Some(factory), "the grant of {id} under e{epoch} is lost");
        }
        if known.shipped.is_some() {
            assert_eq!(text(&job, "/stage"), "shipped", "{id} was acknowledged as shipped");
            assert!(traced.shipped);
        }
        let held = job.pointer("/lease/status").and_then(Value::as_str) == Some("held");
        assert_eq!(held, traced.held.is_some(), "{id}: record and log differ on its lease: {job}");
        if let Some((epoch, _)) = &traced.held {
            assert_eq!(number(&job, "/leaseEpoch"), *epoch);
        }
    }
    let by_key = ledger.keys();
    let named: std::collections::BTreeSet<_> = by_key.values().collect();
    assert_eq!(named.len(), by_key.len(), "two keys name one job");
    events.len() as u64
}

/// Follows one event: one live lease at a time, epochs that grow, one creation, nothing after the end.
fn trace(traced: &mut Traced, job: &str, event: &Value) {
    let kind = text(event, "/type");
    assert!(!traced.shipped || kind == "job.fenced", "{job}: {kind} after it was shipped");
    match kind {
        "job.created" => traced.created += 1,
        "job.leased" => {
            let (epoch, factory) = (number(event, "/data/epoch"), text(event, "/data/factory").to_owned());
            assert!(traced.held.is_none(), "{job}: e{epoch} was granted while {:?} held it", traced.held);
            assert!(traced.grants.last_key_value().is_none_or(|(last, _)| epoch > *last), "{job}: e{epoch} again");
            traced.grants.insert(epoch, factory.clone());
            traced.held = Some((epoch, factory));
        }
        "job.released" | "job.lease_expired" => {
            assert!(traced.held.take().is_some(), "{job}: {kind} without a lease");
        }
        "job.shipped" => {
            assert!(traced.held.take().is_some(), "{job}: shipped without a lease");
            traced.shipped = true;
        }
        _ => {}
    }
    assert_eq!(traced.created, 1, "{job} was created {} times", traced.created);
}

async fn all_events(http: &Http) -> Vec<Value> {
    let mut events: Vec<Value> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| number(event, "/seq"));
        let page = http.get(&format!("/events?after={after}&limit=1000")).await;
        let data = page["data"].as_array().unwrap().clone();
        if data.is_empty() {
            return events;
        }
        events.extend(data);
    }
}
