//! Submits jobs of every kind: keyed, repeated, mismatched, dependent, sharing a key, limited, alone and in batches.

use serde_json::{Value, json};

use super::{Client, family};
use crate::sim::transport::Reply;

/// Lives as long as it may submit.
pub(super) async fn live(mut client: Client) {
    let mut sent: Vec<Value> = Vec::new();
    if client.seats > 4 {
        batch(&mut client, 0, 40).await;
    }
    while client.goes_on() {
        let dice = client.rng.below(100);
        let most = client.seats.max(3) + 1;
        match (dice, client.rng.some(&sent).cloned()) {
            (0..=9, Some(again)) => drop(submit(&mut client, &again).await),
            (10..=14, Some(mut other)) => {
                other["title"] = json!("something else");
                submit(&mut client, &other).await;
            }
            (25..=39, _) if client.world.steered => urgent(&mut client).await,
            (40..=51, _) if client.world.families => family::submit(&mut client).await,
            (15..=24, _) => batch(&mut client, sent.len(), most).await,
            _ => {
                let job = job(&mut client, sent.len());
                let reply = submit(&mut client, &job).await;
                if job["idempotencyKey"].is_string() {
                    sent.push(job);
                }
                client.learn(&reply.body["job"]);
            }
        }
        client.rest(200, 15_000).await;
    }
}

/// A job that cannot wait, and that any factory can run.
async fn urgent(client: &mut Client) {
    let name = format!("{}-urgent-{}", client.name, client.left);
    let job = json!({"title": name, "bodyMd": "# Now\n", "idempotencyKey": name, "priority": "critical"});
    let reply = submit(client, &job).await;
    client.learn(&reply.body["job"]);
}

pub(super) async fn submit(client: &mut Client, job: &Value) -> Reply {
    client.insist_on("POST", "/api/fleet/jobs".into(), job).await
}

async fn batch(client: &mut Client, no: usize, most: u64) {
    let mut jobs: Vec<Value> = (0..client.rng.within(most.div_ceil(2)..=most)).map(|_| job(client, no)).collect();
    for (at, job) in jobs.iter_mut().enumerate() {
        job["ref"] = json!(format!("r{at}"));
        if at > 0 && client.rng.chance(500) {
            job["dependsOn"] = json!([format!("r{}", at - 1)]);
        }
        if let Some(key) = job["idempotencyKey"].as_str() {
            job["idempotencyKey"] = json!(format!("{key}-{at}-{}", client.left));
        }
    }
    let reply = client.insist_on("POST", "/api/fleet/jobs/batch".into(), &json!({"jobs": jobs})).await;
    for result in reply.body["results"].as_array().into_iter().flatten() {
        client.learn(&result["job"]);
    }
}

/// A job of some kind.
pub(super) fn job(client: &mut Client, no: usize) -> Value {
    let name = format!("{}-{no}-{}", client.name, client.left);
    let mut job = json!({"title": name, "bodyMd": "# Do it\n"});
    let rng = &mut client.rng;
    if rng.chance(800) {
        job["idempotencyKey"] = json!(name);
    }
    if rng.chance(400) {
        job["priority"] = json!(*rng.pick(&["critical", "high", "low"]));
    }
    if rng.chance(300) {
        job["capabilities"] = json!([*rng.pick(&["rust", "docs"])]);
    }
    if rng.chance(150) {
        job["engines"] = json!([*rng.pick(&["claude", "codex"])]);
    }
    if rng.chance(100) {
        job["engineClass"] = json!("large");
    }
    if rng.chance(250) {
        let (key, limit) = *rng.pick(&[("main", 1), ("deploy", 2)]);
        job["concurrencyKey"] = json!(key);
        job["concurrencyLimit"] = json!(limit);
    }
    if rng.chance(600) {
        job["retry"] = json!({"maxAttempts": rng.within(1..=4), "backoffSec": rng.within(1..=20)});
    }
    if rng.chance(150) {
        job["timeoutSec"] = json!(rng.within(10..=60));
    }
    if rng.chance(100) {
        job["budget"] = json!({"wallSec": rng.within(10..=90)});
    }
    if rng.chance(120) {
        job["approvals"] = json!({"required": rng.within(1..=2)});
    }
    if rng.chance(100) {
        let at = client.world.now() + i64::try_from(rng.below(60_000)).unwrap_or(0);
        job["notBefore"] = json!(wire::Time::from(domain::Timestamp(at)));
    }
    if client.world.steered {
        wishes(client, &mut job);
    }
    depends(client, &mut job);
    job
}

/// What a job is scored by beside its urgency.
fn wishes(client: &mut Client, job: &mut Value) {
    let rng = &mut client.rng;
    if rng.chance(250) {
        let at = client.world.now() + i64::try_from(rng.below(7_200_000)).unwrap_or(0);
        job["dueAt"] = json!(wire::Time::from(domain::Timestamp(at)));
    }
    if rng.chance(200) {
        job["repo"] = json!(*rng.pick(&["north", "south"]));
    }
    if rng.chance(150) {
        job["budget"] = json!({"usd": "3.50"});
    }
}

fn depends(client: &mut Client, job: &mut Value) {
    if !client.rng.chance(300) {
        return;
    }
    let mut on: Vec<String> = (0..client.rng.within(1..=3)).filter_map(|_| client.some_job()).collect();
    on.sort_unstable();
    on.dedup();
    if client.rng.chance(50) {
        on.push("01890000-0000-7000-8000-00000000dead".into());
    }
    if on.is_empty() {
        return;
    }
    job["dependsOn"] = json!(on);
    job["depsMode"] = json!(*client.rng.pick(&["all", "any"]));
    job["onDepFailure"] = json!(*client.rng.pick(&["block", "fail", "ignore"]));
}
