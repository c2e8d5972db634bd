//! An operator: looks at a job or the product and gives an order that suits it, or does not.

use serde_json::{Value, json};

use super::{Client, PATIENCE, family};
use crate::sim::transport::Request;

/// Lives as long as it may give orders.
pub(super) async fn live(mut client: Client) {
    while client.goes_on() {
        match client.rng.below(100) {
            0..=3 => gate(&mut client).await,
            11..=15 if client.world.steered => settings(&mut client).await,
            4..=9 => factory(&mut client).await,
            10..=17 => edit(&mut client).await,
            40..=46 if client.world.families => family(&mut client).await,
            18..=50 => list(&mut client).await,
            _ => {
                if let Some(job) = client.some_job() {
                    let action = *client
                        .rng
                        .pick(&["ship", "reject", "approve", "approve", "answer", "requeue", "cancel", "requeue"]);
                    order(&mut client, &job, action).await;
                }
            }
        }
        client.rest(500, 15_000).await;
    }
}

/// Looks at what waits for an operator, and does what it waits for.
async fn list(client: &mut Client) {
    let stage = *client.rng.pick(&["review", "testing", "blocked", "failed,dead_letter,cancelled", "building"]);
    let reply = client.get(format!("/api/fleet/jobs?stage={stage}&limit=20")).await;
    let jobs = reply.body["data"].as_array().cloned().unwrap_or_default();
    let Some(job) = client.rng.some(&jobs).cloned() else { return };
    let Some(id) = job["id"].as_str() else { return };
    let action = match job["stage"].as_str().unwrap_or_default() {
        "review" | "testing" => *client.rng.pick(&["ship", "approve", "approve", "reject"]),
        "blocked" if job["blockedReason"] == "needs_input" => "answer",
        "building" => *client.rng.pick(&["requeue", "cancel", "approve"]),
        _ => "requeue",
    };
    order(client, id, action).await;
}

/// Gives an order to a job.
pub(crate) async fn order(client: &mut Client, job: &str, action: &str) {
    let rng = &mut client.rng;
    let body = match action {
        "reject" => json!({"note": "friendlier, please", "final": rng.chance(150)}),
        "approve" => json!({"by": *rng.pick(&["ada", "bob", "cy"])}),
        "answer" => json!({"text": "the second"}),
        "requeue" => json!({"fresh": rng.chance(300), "note": "again"}),
        "cancel" => json!({"reason": "not needed"}),
        _ => json!({}),
    };
    let path = format!("/api/fleet/jobs/{job}/{action}");
    let request = Request { method: "POST", path, if_match: None, body: Some(body.to_string()) };
    client.insist(&request, PATIENCE).await;
}

/// Changes what was asked for, of the revision that was read.
async fn edit(client: &mut Client) {
    let Some(job) = client.some_job() else { return };
    let read = client.get(format!("/api/fleet/jobs/{job}")).await;
    let body: Value = match client.rng.below(3) {
        0 => json!({"priority": "critical"}),
        1 => json!({"title": "another title", "labels": {"team": "a"}}),
        _ => json!({"retry": {"maxAttempts": 5, "backoffSec": 2}}),
    };
    let path = format!("/api/fleet/jobs/{job}");
    let request = Request { method: "PATCH", path, if_match: read.body["rev"].as_u64(), body: Some(body.to_string()) };
    // An edit has no id: who does not know what became of it reads again.
    client.ask_for(&request, PATIENCE).await;
}

/// Sees to a job and what is below it: adds to it, looks at it, ends it.
async fn family(client: &mut Client) {
    match client.rng.below(4) {
        0 | 1 => {
            let dice = client.rng.chance(500);
            let job = if dice { client.some_parent() } else { client.some_job() };
            if let Some(job) = job {
                family::adopt(client, &job, None).await;
            }
        }
        2 => {
            if let Some(job) = client.some_parent() {
                order(client, &job, "cancel").await;
            }
        }
        _ => {
            if let Some(job) = client.some_parent() {
                family::look(client, &job).await;
            }
        }
    }
}

async fn gate(client: &mut Client) {
    let action = *client.rng.pick(&["pause", "pause", "estop"]);
    client.post(&format!("/api/fleet/{action}"), &json!({})).await;
    client.rest(500, 15_000).await;
    client.insist_on("POST", "/api/fleet/resume".into(), &json!({})).await;
}

/// Changes what claims are decided by; most of the time it is as usual again soon.
async fn settings(client: &mut Client) {
    let rng = &mut client.rng;
    let (path, body) = match rng.below(5) {
        0 | 1 => ("/api/fleet/settings", json!({"reviewLimit": rng.within(1..=2)})),
        2 => ("/api/fleet/settings", json!({"estimateUsd": "2.5", "recordScores": true})),
        3 => ("/api/fleet/weights", json!({"priority": rng.below(300), "capabilityFit": 40})),
        _ => ("/api/fleet/weights", json!({"priority": 7.5, "age": 0, "due": rng.below(90)})),
    };
    client.insist_on("PUT", path.into(), &body).await;
    if client.rng.chance(800) {
        client.rest(40_000, 240_000).await;
        client.insist_on("PUT", path.into(), &json!({})).await;
    }
}

async fn factory(client: &mut Client) {
    let known = client.world.notes.borrow().factories(&client.product).to_vec();
    let Some(factory) = client.rng.some(&known).cloned() else { return };
    client.post(&format!("/api/fleet/factories/{factory}/drain"), &json!({})).await;
    client.rest(500, 10_000).await;
    client.insist_on("POST", format!("/api/fleet/factories/{factory}/resume"), &json!({})).await;
}
