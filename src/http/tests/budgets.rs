//! A product's money, told as an operator and as factories tell it, over the wire only.

use std::time::Duration;

use actors::store::Plan;
use actors::{Limits, Switches};
use futures::future::join_all;
use serde_json::{Value, json};

use super::{Desk, desk, desk_of};

const BUDGET: &str = "/api/fleet/budgets/acme";

async fn kept() -> Desk {
    desk_of(Plan::default(), Limits::default(), Switches { budgets: true, ..Switches::default() }).await
}

/// The budget once so much is spent: it is counted behind the answers.
async fn spent(desk: &Desk, usd: &str) -> Value {
    for _ in 0..200 {
        let seen = desk.get(BUDGET).await;
        if seen.ok()["spentUsd"] == usd {
            return seen.body;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never are {usd} spent: {}", desk.get(BUDGET).await.text);
}

async fn claim(desk: &Desk, factory: &str) -> Option<(String, u64)> {
    let grant = desk.post("/api/fleet/claim", json!({"factoryId": factory})).await;
    grant.ok();
    let id = grant.body["job"]["id"].as_str()?;
    Some((format!("/api/fleet/jobs/{id}"), grant.body["leaseEpoch"].as_u64()?))
}

#[actix_web::test]
async fn where_nobody_has_set_one_there_is_no_ceiling() {
    let desk = kept().await;
    let seen = desk.get(BUDGET).await;
    let (start, none) = ("1970-01-01T00:00:00.000Z", Value::Null);
    let shown = json!({
        "productId": "acme", "ceilingUsd": none, "window": "total", "windowStart": start, "spentUsd": "0",
        "reservedUsd": "0", "status": "active", "rev": 0,
    });
    assert_eq!((seen.ok(), seen.header("etag")), (&shown, "\"0\""));
    assert!(desk.edge.node.known(&"acme".parse().unwrap()).is_none(), "a look made a product");
    desk.get("/api/fleet/budgets/other").await.problem(404, "not-found");
}

#[actix_web::test]
async fn it_is_replaced_as_a_whole_under_its_revision() {
    let desk = kept().await;
    let set = desk.put(BUDGET, &[], json!({"ceilingUsd": 12.50, "window": "daily"})).await;
    assert_eq!((set.ok()["ceilingUsd"].as_str(), set.header("etag")), (Some("12.5"), "\"1\""));
    assert_eq!(set.body["window"], "daily");
    let (start, end) = (set.body["windowStart"].as_str().unwrap(), set.body["windowEnd"].as_str().unwrap());
    assert!(start.ends_with("T00:00:00.000Z") && end.ends_with("T00:00:00.000Z") && start < end, "{start} {end}");
    desk.put(BUDGET, &[("if-match", "\"7\"")], json!({})).await.problem(412, "precondition-failed");
    let again = desk.put(BUDGET, &[("if-match", "\"1\"")], json!({"ceilingUsd": "12.5", "window": "daily"})).await;
    assert_eq!((again.ok()["rev"].as_u64(), again.header("etag")), (Some(1), "\"1\""), "nothing was changed");
    let none = desk.put(BUDGET, &[], json!({})).await;
    assert_eq!((&none.ok()["ceilingUsd"], &none.body["window"]), (&Value::Null, &json!("total")));
    for (body, pointer) in [
        (json!({"ceilingUsd": "-1"}), "/ceilingUsd"),
        (json!({"ceilingUsd": "1.0000001"}), "/ceilingUsd"),
        (json!({"window": "yearly"}), "/window"),
        (json!({"spentUsd": "0"}), "/spentUsd"),
    ] {
        let refused = desk.put(BUDGET, &[], body).await;
        assert_eq!(refused.problem(400, "invalid-request")["errors"][0]["pointer"], pointer, "{}", refused.text);
    }
    assert_eq!(desk.get(BUDGET).await.ok()["rev"], 2);
}

#[actix_web::test]
async fn a_hundred_factories_race_for_the_money_of_seven_jobs() {
    let desk = kept().await;
    desk.put(BUDGET, &[], json!({"ceilingUsd": "7"})).await.ok();
    for no in 0..100 {
        desk.job(json!({"budget": {"usd": "1"}})).await;
        desk.factory(&format!("f{no}"), json!({})).await;
    }
    let names: Vec<String> = (0..100).map(|no| format!("f{no}")).collect();
    let granted: Vec<_> = join_all(names.iter().map(|name| claim(&desk, name))).await.into_iter().flatten().collect();
    assert_eq!(granted.len(), 7);
    let seen = desk.get(BUDGET).await;
    assert_eq!((&seen.ok()["reservedUsd"], &seen.body["spentUsd"]), (&json!("7"), &json!("0")));
    let (job, epoch) = &granted[0];
    assert_eq!(desk.get(&format!("{job}/lease")).await.ok()["reservedUsd"], "1");
    let report = json!({"leaseEpoch": epoch, "stage": "shipped", "insights": {"costUsd": "0.25"}});
    desk.patch(job, &[], report).await.ok();
    let seen = spent(&desk, "0.25").await;
    assert_eq!(seen["reservedUsd"], "6");
    assert!(claim(&desk, "f0").await.is_none(), "0.75 is left, and a job may cost 1");
    let waits = desk.post("/api/fleet/jobs", json!({"bodyMd": "x", "budget": {"usd": "0.75"}})).await;
    assert_eq!(waits.ok()["outcome"], "created");
    assert!(claim(&desk, "f0").await.is_some(), "what fits goes on");
}

#[actix_web::test]
async fn at_the_ceiling_jobs_wait_for_money_and_say_so() {
    let desk = kept().await;
    desk.put(BUDGET, &[], json!({"ceilingUsd": "1"})).await.ok();
    desk.factory("f1", json!({})).await;
    desk.job(json!({})).await;
    let (job, epoch) = claim(&desk, "f1").await.unwrap();
    let waiting = desk.job(json!({})).await;
    let report = json!({"leaseEpoch": epoch, "stage": "building", "insights": {"costUsd": "1.5"}});
    desk.patch(&job, &[], report).await.ok();
    let seen = spent(&desk, "1.5").await;
    assert_eq!((&seen["status"], &seen["pausedBy"]), (&json!("paused"), &json!("ceiling")));
    assert!(claim(&desk, "f1").await.is_none());
    assert_eq!(desk.get(&format!("{waiting}/explain")).await.ok()["reason"], "budget_exhausted");
    let preview = desk.post("/api/fleet/claim/preview", json!({"factoryId": "f1"})).await;
    assert_eq!(preview.ok()["filtered"], json!({"budget_exhausted": 1}));
    desk.post("/api/fleet/budgets/acme/resume", json!({})).await.problem(409, "illegal-transition");
    let raised = desk.put(BUDGET, &[], json!({"ceilingUsd": "2"})).await;
    assert_eq!(raised.ok()["status"], "active");
    assert!(claim(&desk, "f1").await.is_some());
    let events = desk.get("/api/fleet/events?limit=1000").await;
    let of_budget = |event: &&Value| event["type"].as_str().unwrap().starts_with("budget.");
    let kinds: Vec<_> =
        events.ok()["data"].as_array().unwrap().iter().filter(of_budget).map(|event| event["type"].clone()).collect();
    let expected = [
        "budget.set",
        "budget.settled",
        "budget.warned",
        "budget.warned",
        "budget.warned",
        "budget.paused",
        "budget.set",
        "budget.warned",
        "budget.resumed",
    ];
    assert_eq!(kinds, expected);
}

#[actix_web::test]
async fn an_operator_pauses_it_and_only_an_operator_resumes_it() {
    let desk = kept().await;
    desk.factory("f1", json!({})).await;
    desk.job(json!({})).await;
    let paused = desk.post("/api/fleet/budgets/acme/pause", json!({})).await;
    assert_eq!((&paused.ok()["status"], &paused.body["pausedBy"]), (&json!("paused"), &json!("operator")));
    desk.put(BUDGET, &[], json!({"ceilingUsd": "100"})).await.ok();
    assert!(claim(&desk, "f1").await.is_none());
    desk.post("/api/fleet/budgets/acme/resume", json!({"why": "x"})).await.problem(400, "invalid-request");
    assert_eq!(desk.post("/api/fleet/budgets/acme/resume", json!({})).await.ok()["status"], "active");
    assert!(claim(&desk, "f1").await.is_some());
}

#[actix_web::test]
async fn the_burndown_says_where_the_money_went() {
    let desk = kept().await;
    desk.factory("f1", json!({"engines": [{"name": "mock", "state": "available"}]})).await;
    for usd in ["0.5", "0.25"] {
        desk.job(json!({"engine": "mock"})).await;
        let (job, epoch) = claim(&desk, "f1").await.unwrap();
        let report = json!({"leaseEpoch": epoch, "stage": "shipped", "insights": {"costUsd": usd}});
        desk.patch(&job, &[], report).await.ok();
    }
    spent(&desk, "0.75").await;
    let sums = desk.get("/api/fleet/budgets/acme/burndown").await;
    assert_eq!(sums.ok()["totalUsd"], "0.75");
    let today = sums.body["to"].clone();
    assert_eq!(sums.body["days"], json!([{"day": today, "spentUsd": "0.75"}]));
    let usds: Vec<_> = sums.body["jobs"].as_array().unwrap().iter().map(|job| job["spentUsd"].clone()).collect();
    assert_eq!(
        (usds, &sums.body["engines"]),
        (vec![json!("0.5"), json!("0.25")], &json!([{"engine": "mock", "spentUsd": "0.75"}]))
    );
    let then = desk.get("/api/fleet/budgets/acme/burndown?from=2020-02-28&to=2020-03-01").await;
    assert_eq!((&then.ok()["totalUsd"], &then.body["days"]), (&json!("0"), &json!([])));
    for (query, pointer) in [
        ("from=2020-02-30", "/from"),
        ("to=yesterday", "/to"),
        ("from=2020-03-02&to=2020-03-01", "/to"),
        ("from=2000-01-01&to=2020-01-01", "/to"),
    ] {
        let refused = desk.get(&format!("/api/fleet/budgets/acme/burndown?{query}")).await;
        assert_eq!(refused.problem(400, "invalid-request")["errors"][0]["pointer"], pointer, "{query}");
    }
}

#[actix_web::test]
async fn without_the_switch_there_is_none() {
    let desk = desk().await;
    desk.job(json!({})).await;
    let refused = desk.get(BUDGET).await;
    assert!(refused.problem(404, "not-found")["detail"].as_str().unwrap().contains("FLEET_BUDGETS"));
    desk.put(BUDGET, &[], json!({"ceilingUsd": "1"})).await.problem(404, "not-found");
}
