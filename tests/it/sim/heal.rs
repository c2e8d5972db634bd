//! After the faults: operators see to what waits for them, and factories that fit everything take what is left, until
//! nothing is. What is still there at the end is out of everybody's reach.

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::clients::{Client, Factory, order};
use super::schedule::{ClientPlan, Kind, Road};
use super::world::World;

/// Rounds of healing, at most, and the pause between two: longer than the longest backoff in all.
const ROUNDS: u32 = 200;
const PAUSE: Duration = Duration::from_secs(30);
const OPEN: &str = "queued,blocked,assigned,building,review,testing";

/// Heals a product. Says what could not be brought to its end.
pub(super) async fn heal(world: &Rc<World>, seed: u64, product: &str) -> Option<String> {
    let client = |name: &str, kind| {
        let name = format!("{name}.{product}");
        let plan =
            ClientPlan { name, kind, product: product.to_owned(), ops: u32::MAX, seats: 4, road: Road::default() };
        Client::new(world, seed, &plan)
    };
    let mut operator = client("healer", Kind::Operator);
    let mut factory = Factory::healer(client("last", Kind::Factory));
    operator.post("/api/fleet/resume", &json!({})).await;
    if world.steered {
        for path in ["/api/fleet/settings", "/api/fleet/weights"] {
            operator.insist_on("PUT", path.into(), &json!({})).await;
        }
    }
    unpark(&mut operator).await;
    let mut open = Vec::new();
    for _ in 0..ROUNDS {
        factory.beat(true).await;
        for _ in 0..8 {
            factory.claim().await;
            if factory.held.is_empty() {
                break;
            }
            factory.finish().await;
        }
        open = see_to(&mut operator).await;
        if open.is_empty() {
            return None;
        }
        sleep(PAUSE).await;
    }
    let shown: Vec<String> = open.iter().take(5).map(Value::to_string).collect();
    Some(format!("{} jobs of {product} do not come to an end: {}", open.len(), shown.join(" | ")))
}

/// Jobs that are left alone wait for an operator who takes them in hand.
async fn unpark(operator: &mut Client) {
    let mut after = 0;
    loop {
        let page = operator.get(format!("/api/fleet/events?after={after}&limit=1000")).await;
        let events = page.body["data"].as_array().cloned().unwrap_or_default();
        for event in events.iter().filter(|event| event["type"] == "job.parked") {
            order(operator, event["jobId"].as_str().unwrap_or_default(), "cancel").await;
        }
        let Some(last) = events.last().and_then(|event| event["seq"].as_u64()) else { return };
        after = last;
    }
}

/// Does what jobs wait for an operator to do; gives back what is open.
async fn see_to(operator: &mut Client) -> Vec<Value> {
    let reply = operator.get(format!("/api/fleet/jobs?stage={OPEN}&limit=1000")).await;
    let Some(open) = reply.body["data"].as_array().filter(|_| reply.is_ok()) else { return vec![reply.body] };
    for job in open {
        let Some(id) = job["id"].as_str() else { continue };
        let held = job["lease"]["status"] == "held";
        match (job["stage"].as_str().unwrap_or_default(), job["blockedReason"].as_str().unwrap_or_default()) {
            ("blocked", "needs_input") => order(operator, id, "answer").await,
            ("blocked", "dependency_failed") => order(operator, id, "cancel").await,
            ("review" | "testing", _) if !held => {
                for by in ["ada", "bob", "cy"] {
                    operator.post(&format!("/api/fleet/jobs/{id}/approve"), &json!({"by": by})).await;
                }
                order(operator, id, "ship").await;
            }
            _ => {}
        }
    }
    open.clone()
}
