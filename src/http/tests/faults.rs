//! What callers hear when the world fails or too much is asked.
//! The store fails as planned.

use actors::Limits;
use actors::store::{Plan, Upset};
use serde_json::json;

use super::desk_with;

#[actix_web::test]
async fn a_store_that_fails_is_told_apart() {
    let plan = Plan::default();
    let desk = desk_with(plan.clone(), Limits::default()).await;
    for (upset, status, code, patience) in [
        (Upset::Unavailable, 503, "overloaded", "1"),
        (Upset::Full, 507, "storage-full", "30"),
        (Upset::LostUnwritten, 503, "outcome-unknown", "1"),
    ] {
        plan.upset(0, upset);
        let refused = desk.post("/api/fleet/jobs", json!({"bodyMd": "x"})).await;
        refused.problem(status, code);
        assert_eq!(refused.header("retry-after"), patience);
    }
}

#[actix_web::test]
async fn one_product_over_its_limit_is_told_to_slow_down() {
    let desk = desk_with(Plan::default(), Limits { per_product_in_flight: 0, ..Limits::default() }).await;
    let refused = desk.post("/api/fleet/jobs", json!({"bodyMd": "x"})).await;
    refused.problem(429, "rate-limited");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(desk.get("/healthz").await.status, 200);
}

#[actix_web::test]
async fn a_node_over_its_limit_says_so() {
    let desk = desk_with(Plan::default(), Limits { global_in_flight: 0, ..Limits::default() }).await;
    desk.post("/api/fleet/jobs", json!({"bodyMd": "x"})).await.problem(503, "overloaded");
    desk.get("/api/fleet/jobs").await.problem(503, "overloaded");
}
