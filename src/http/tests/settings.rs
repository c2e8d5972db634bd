//! What operators set for a product: limits, estimates, weights, under a revision if they say so.
//! Told as an operator tells it, over the wire only.

use serde_json::{Value, json};

use super::desk;

const SETTINGS: &str = "/api/fleet/settings";
const WEIGHTS: &str = "/api/fleet/weights";

fn usual() -> Value {
    json!({
        "priority": 100, "age": 200, "capabilityFit": 10, "affinity": 10, "due": 15, "criticalPath": 10, "retry": 5,
        "load": 5, "cost": 5,
    })
}

#[actix_web::test]
async fn of_a_product_never_heard_of_everything_is_as_usual() {
    let desk = desk().await;
    let settings = desk.get(SETTINGS).await;
    assert_eq!((settings.ok(), settings.header("etag")), (&json!({"recordScores": false}), "\"0\""));
    let weights = desk.get(WEIGHTS).await;
    assert_eq!((weights.ok(), weights.header("etag")), (&usual(), "\"0\""));
    assert!(desk.edge.node.known(&"acme".parse().unwrap()).is_none(), "a look made a product");
}

#[actix_web::test]
async fn settings_are_replaced_as_a_whole() {
    let desk = desk().await;
    let all = desk.put(SETTINGS, &[], json!({"reviewLimit": 3, "estimateUsd": 1.50, "recordScores": true})).await;
    let shown = json!({"reviewLimit": 3, "estimateUsd": "1.5", "recordScores": true});
    assert_eq!((all.ok(), all.header("etag")), (&shown, "\"1\""));
    assert_eq!(desk.get(SETTINGS).await.ok(), &shown);
    let again = desk.put(SETTINGS, &[], shown).await;
    assert_eq!((again.ok(), again.header("etag")), (&again.body, "\"1\""), "nothing was changed");
    let some = desk.put(SETTINGS, &[], json!({"estimateUsd": "0.000001", "reviewLimit": null})).await;
    assert_eq!((some.ok(), some.header("etag")), (&json!({"estimateUsd": "0.000001", "recordScores": false}), "\"2\""));
    assert_eq!(desk.put(SETTINGS, &[], json!({})).await.ok(), &json!({"recordScores": false}));
    let events = desk.get("/api/fleet/events").await;
    let told: Vec<_> = events.ok()["data"].as_array().unwrap().iter().map(|event| event["data"].clone()).collect();
    let first = json!({"reviewLimit": 3, "estimateUsd": "1.5", "recordScores": true});
    let second = json!({"reviewLimit": null, "estimateUsd": "0.000001", "recordScores": false});
    assert_eq!(told, [first, second, json!({"estimateUsd": null})]);
    let last = &events.body["data"][2];
    assert_eq!(
        (&last["type"], &last["by"], &last["rev"]),
        (&json!("product.settings"), &json!("operator:operator"), &json!(3))
    );
}

#[actix_web::test]
async fn weights_are_replaced_as_a_whole() {
    let desk = desk().await;
    let set = desk.put(WEIGHTS, &[], json!({"age": 0, "due": 15, "cost": 0.125, "load": 1_000_000})).await;
    let mut shown = usual();
    (shown["age"], shown["cost"], shown["load"]) = (json!(0), json!(0.125), json!(1_000_000));
    assert_eq!((set.ok(), set.header("etag")), (&shown, "\"1\""));
    assert_eq!(desk.get(WEIGHTS).await.ok(), &shown);
    assert!(desk.get(WEIGHTS).await.text.contains(r#""cost":0.125"#));
    let same = desk.put(WEIGHTS, &[], shown).await;
    assert_eq!((same.status, same.header("etag")), (200, "\"1\""), "what is as usual is no change");
    let reset = desk.put(WEIGHTS, &[], json!({})).await;
    assert_eq!((reset.ok(), reset.header("etag")), (&usual(), "\"2\""));
    let events = desk.get("/api/fleet/events").await;
    let told = |n: usize| events.ok()["data"][n]["data"].clone();
    assert_eq!(told(0), json!({"weights": {"age": 0, "cost": 0.125, "load": 1_000_000}}));
    assert_eq!(told(1), json!({"weights": {}}));
}

#[actix_web::test]
async fn a_change_may_say_which_revision_it_means() {
    let desk = desk().await;
    let limit = |n: u32| json!({"reviewLimit": n});
    let refused = desk.put(SETTINGS, &[("if-match", "\"1\"")], limit(1)).await;
    assert_eq!(refused.problem(412, "precondition-failed")["rev"], 0);
    assert_eq!(desk.put(SETTINGS, &[("if-match", "\"0\"")], limit(1)).await.header("etag"), "\"1\"");
    assert_eq!(desk.put(WEIGHTS, &[("if-match", "\"7\", \"1\"")], json!({"age": 1})).await.header("etag"), "\"2\"");
    for path in ["/api/fleet/pause", "/api/fleet/resume", "/api/fleet/estop"] {
        let refused = desk.send("POST", path, &[("x-product-id", "acme"), ("if-match", "\"1\"")], b"{}").await;
        assert_eq!(refused.problem(412, "precondition-failed")["rev"], 2);
    }
    let matching = [("x-product-id", "acme"), ("if-match", "\"2\"")];
    let paused = desk.send("POST", "/api/fleet/pause", &matching, b"{}").await;
    assert_eq!((&paused.ok()["paused"], paused.header("etag")), (&json!(true), "\"3\""));
    for (path, body) in [(SETTINGS, limit(2)), (WEIGHTS, json!({"age": 2}))] {
        let stale = desk.put(path, &[("if-match", "\"2\"")], body.clone()).await;
        assert_eq!(stale.problem(412, "precondition-failed")["rev"], 3);
        desk.put(path, &[("if-match", "W/\"3\"")], body.clone()).await.problem(412, "precondition-failed");
        desk.put(path, &[("if-match", "three")], body).await.problem(400, "invalid-request");
    }
    assert_eq!(desk.put(SETTINGS, &[("if-match", "*")], limit(2)).await.header("etag"), "\"4\"");
    assert_eq!(desk.get(WEIGHTS).await.ok()["age"], 1);
    assert_eq!(desk.post("/api/fleet/pause", json!({})).await.ok()["paused"], true, "settings leave the gate alone");
}

#[actix_web::test]
async fn what_is_out_of_bounds_is_refused_by_name() {
    let desk = desk().await;
    for (path, body, pointer) in [
        (SETTINGS, json!({"reviewLimit": 0}), "/reviewLimit"),
        (SETTINGS, json!({"reviewLimit": "3"}), "/reviewLimit"),
        (SETTINGS, json!({"estimateUsd": -1}), "/estimateUsd"),
        (SETTINGS, json!({"estimateUsd": "0.0000001"}), "/estimateUsd"),
        (SETTINGS, json!({"recordScores": "yes"}), "/recordScores"),
        (SETTINGS, json!({"defaultProfile": "a@0"}), "/defaultProfile"),
        (SETTINGS, json!({"defaultRepo": "-r"}), "/defaultRepo"),
        (SETTINGS, json!({"retention": {}}), "/retention"),
        (SETTINGS, json!({"weights": {}}), "/weights"),
        (SETTINGS, json!([3]), ""),
        (WEIGHTS, json!({"mood": 1}), "/mood"),
        (WEIGHTS, json!({"age": -1}), "/age"),
        (WEIGHTS, json!({"age": 1.0005}), "/age"),
        (WEIGHTS, json!({"age": 1_000_000.001}), "/age"),
        (WEIGHTS, json!({"age": "1"}), "/age"),
        (WEIGHTS, json!({"age": null}), "/age"),
        (WEIGHTS, json!([1]), ""),
    ] {
        let refused = desk.put(path, &[], body).await;
        assert_eq!(refused.problem(400, "invalid-request")["errors"][0]["pointer"], pointer, "{}", refused.text);
    }
    for path in [SETTINGS, WEIGHTS] {
        // No body at all would set everything back.
        desk.send("PUT", path, &[("x-product-id", "acme")], b"").await.problem(400, "invalid-request");
    }
    assert_eq!(desk.get("/api/fleet/events").await.ok()["data"], json!([]));
}

#[actix_web::test]
async fn settings_are_those_of_one_product_and_outlive_its_reload() {
    let desk = desk().await;
    desk.put(SETTINGS, &[], json!({"reviewLimit": 3})).await.ok();
    desk.put(WEIGHTS, &[], json!({"age": 7})).await.ok();
    let other = desk.send("GET", WEIGHTS, &[("x-product-id", "other")], b"").await;
    assert_eq!(other.ok(), &usual());
    let product = desk.edge.node.known(&"acme".parse().unwrap()).unwrap();
    product.restart(actors::Part::Product);
    let reloaded = loop {
        let reply = desk.get(SETTINGS).await;
        if reply.status == 200 {
            break reply;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((&reloaded.body["reviewLimit"], reloaded.header("etag")), (&json!(3), "\"2\""));
    assert_eq!(desk.get(WEIGHTS).await.ok()["age"], 7);
}
