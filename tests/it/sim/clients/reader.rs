//! A reader: jobs, lists, runs, factories, and the log page by page. Changes nothing.

use super::{Client, family};

/// Lives as long as it may read.
pub(super) async fn live(mut client: Client) {
    let mut cursor = 0;
    while client.goes_on() {
        match (client.rng.below(10), client.some_job()) {
            (0..=2, Some(job)) => drop(client.get(format!("/api/fleet/jobs/{job}")).await),
            (5, Some(job)) if client.world.families => family::look(&mut client, &job).await,
            (3, Some(job)) => drop(client.get(format!("/api/fleet/jobs/{job}/runs")).await),
            (4, Some(job)) => drop(client.get(format!("/api/fleet/jobs/{job}/events")).await),
            (5, Some(job)) => drop(client.get(format!("/api/fleet/jobs/{job}?waitRev=3&waitSec=5")).await),
            (6, _) => drop(client.get("/api/fleet/jobs?limit=10".into()).await),
            (7, _) => drop(client.get("/api/fleet/factories".into()).await),
            _ => {
                let reply = client.get(format!("/api/fleet/events?after={cursor}&limit=40")).await;
                if let Some(last) = reply.body["data"].as_array().and_then(|events| events.last()) {
                    cursor = last["seq"].as_u64().unwrap_or(cursor);
                }
            }
        }
        client.rest(500, 20_000).await;
    }
}
