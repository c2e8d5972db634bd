//! A factory that lies: epochs that are foreign, stale or invented, reports of others sent again or changed, stages that
//! go back, money below zero, bodies that are none, jobs that do not exist. Nothing of it may change what others do.

use serde_json::{Value, json};

use super::{Client, PATIENCE, family};
use crate::sim::transport::Request;

/// Lives as long as it may lie.
pub(super) async fn live(mut client: Client) {
    client.rest(5_000, 40_000).await;
    while client.goes_on() {
        let given = {
            let notes = client.world.notes.borrow();
            client.rng.some(&notes.given).filter(|given| given.product == client.product).cloned()
        };
        let (job, epoch) = match given {
            Some(given) => (given.job, given.epoch),
            None => ("01890000-0000-7000-8000-00000000beef".to_owned(), 1),
        };
        let path = format!("/api/fleet/jobs/{job}");
        match client.rng.below(10) {
            8 if client.world.families => drop(family::adopt(&mut client, &job, Some(epoch + 1)).await),
            0 => report(&mut client, &path, json!({"leaseEpoch": epoch + 1_000, "stage": "shipped"})).await,
            1 => report(&mut client, &path, json!({"leaseEpoch": epoch.saturating_sub(1), "stage": "review"})).await,
            2 => report(&mut client, &path, json!({"leaseEpoch": epoch, "stage": "assigned"})).await,
            3 => {
                let body = json!({"leaseEpoch": epoch, "factoryId": client.name, "stage": "shipped"});
                report(&mut client, &path, body).await;
            }
            4 => report(&mut client, &path, json!({"leaseEpoch": epoch, "insights": {"costUsd": "-5"}})).await,
            5 => forge(&mut client).await,
            6 => garbage(&mut client, &path).await,
            7 => {
                let leases = json!([{"jobId": job, "leaseEpoch": epoch}]);
                let body = json!({"factoryId": client.name, "leases": leases});
                client.post("/api/fleet/factories/heartbeat", &body).await;
            }
            8 => {
                let body = json!({"leaseEpoch": epoch, "factoryId": client.name});
                let action = *client.rng.pick(&["renew", "release"]);
                client.post(&format!("{path}/lease/{action}"), &body).await;
            }
            _ => {
                let body = json!({"factoryId": "nobody", "claimId": "c"});
                client.post("/api/fleet/claim", &body).await;
            }
        }
        client.rest(500, 15_000).await;
    }
}

async fn report(client: &mut Client, path: &str, body: Value) {
    let request = Request { method: "PATCH", path: path.to_owned(), if_match: None, body: Some(body.to_string()) };
    client.ask_for(&request, PATIENCE).await;
}

/// Sends a report of somebody again, or another one under its id.
async fn forge(client: &mut Client) {
    let sent = {
        let notes = client.world.notes.borrow();
        client.rng.some(&notes.reports).filter(|(product, _, _)| *product == client.product).cloned()
    };
    let Some((_, path, body)) = sent else { return };
    let mut body: Value = serde_json::from_str(&body).unwrap_or_default();
    if client.rng.chance(600) {
        body["reason"] = json!("forged");
    }
    report(client, &path, body).await;
}

async fn garbage(client: &mut Client, path: &str) {
    let bodies =
        ["", "{", "[]", "{\"leaseEpoch\":\"x\"}", "{\"leaseEpoch\":1e400}", "\u{0}\u{1}", "{\"stage\":\"flying\"}"];
    let body = Some((*client.rng.pick(&bodies)).to_owned());
    let request = match client.rng.below(3) {
        0 => Request { method: "PATCH", path: path.to_owned(), if_match: None, body },
        1 => Request { method: "POST", path: "/api/fleet/claim".into(), if_match: None, body },
        _ => Request { method: "POST", path: "/api/fleet/factories/heartbeat".into(), if_match: None, body },
    };
    client.ask_for(&request, PATIENCE).await;
}
