//! Why a job waits and how it was placed, over the wire; what a claim would get.

use serde_json::{Value, json};

use super::{Desk, desk};

async fn explained(desk: &Desk, job: &str) -> Value {
    desk.get(&format!("{job}/explain")).await.ok().clone()
}

/// A claim of f1 and its report, if it is given a stage.
async fn claims(desk: &Desk, stage: Option<&str>) {
    let grant = desk.post("/api/fleet/claim", json!({"factoryId": "f1"})).await;
    let job = format!("/api/fleet/jobs/{}", grant.ok()["job"]["id"].as_str().unwrap());
    let question = (stage == Some("blocked")).then_some("Which door?");
    if let Some(stage) = stage {
        let report = json!({"leaseEpoch": grant.body["leaseEpoch"], "stage": stage, "question": question});
        desk.patch(&job, &[], report).await.ok();
    }
}

/// Each reason that stands, by what leads to it. Everything is asked over the wire.
#[actix_web::test]
async fn a_waiting_job_names_the_one_true_reason() {
    let reasons = [
        "product_paused",
        "not_before",
        "dependencies",
        "needs_input",
        "review_limit",
        "concurrency_key",
        "no_factory_ever",
        "engine_unavailable",
        "factory_health",
        "seats",
        "position",
    ];
    for reason in reasons {
        let desk = desk().await;
        let engine = match reason {
            "engine_unavailable" => json!({"name": "claude", "state": "quota", "resetsAt": "2100-01-01T00:00:00.000Z"}),
            _ => json!({"name": "claude", "state": "available"}),
        };
        desk.factory("f1", json!({"seatLimit": 1, "capabilities": ["gpu"], "engines": [engine]})).await;
        let job = match reason {
            "product_paused" => {
                desk.post("/api/fleet/pause", json!({})).await.ok();
                desk.job(json!({"notBefore": "2100-01-01T00:00:00Z"})).await
            }
            "not_before" => desk.job(json!({"notBefore": "2100-01-01T00:00:00Z"})).await,
            "dependencies" => {
                let first = desk.job(json!({"notBefore": "2100-01-01T00:00:00Z"})).await;
                desk.job(json!({"dependsOn": [first.rsplit('/').next()]})).await
            }
            "needs_input" => {
                let job = desk.job(json!({})).await;
                claims(&desk, Some("blocked")).await;
                job
            }
            "review_limit" => {
                desk.put("/api/fleet/settings", &[], json!({"reviewLimit": 1})).await.ok();
                desk.job(json!({})).await;
                claims(&desk, Some("review")).await;
                desk.job(json!({})).await
            }
            "concurrency_key" => {
                desk.job(json!({"concurrencyKey": "door"})).await;
                claims(&desk, None).await;
                desk.job(json!({"concurrencyKey": "door"})).await
            }
            "no_factory_ever" => desk.job(json!({"capabilities": ["mac"]})).await,
            "factory_health" => {
                desk.post("/api/fleet/factories/f1/drain", json!({})).await.ok();
                desk.job(json!({})).await
            }
            "seats" => {
                desk.job(json!({})).await;
                claims(&desk, None).await;
                desk.job(json!({})).await
            }
            _ => desk.job(json!({"engines": ["claude"]})).await,
        };
        let told = explained(&desk, &job).await;
        assert_eq!(told["reason"], reason, "{told}");
        assert!(told["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{told}");
        let metrics = desk.get("/metrics").await.text;
        assert!(
            metrics.contains(&format!("gigafactory_waiting_jobs{{reason=\"{reason}\"}} 1\n")),
            "{reason}: {metrics}"
        );
    }
}

#[actix_web::test]
async fn a_placed_job_tells_how_that_was_decided() {
    let desk = desk().await;
    desk.factory("f1", json!({"capabilities": ["gpu"]})).await;
    desk.job(json!({"capabilities": ["mac"]})).await;
    let job = desk.job(json!({"priority": "high"})).await;
    let told = explained(&desk, &job).await;
    assert_eq!((&told["position"]["factoryId"], &told["position"]["ahead"]), (&json!("f1"), &json!(0)));
    assert_eq!(
        (&told["score"]["terms"][0]["term"], &told["score"]["terms"][0]["weight"]),
        (&json!("priority"), &json!(100.0))
    );
    let before = told["score"]["total"].as_f64().unwrap();
    let grant = desk.post("/api/fleet/claim", json!({"factoryId": "f1", "claimId": "c1"})).await;
    assert_eq!(grant.ok()["scoreBreakdown"]["priority"], 66.67);
    let again = desk.post("/api/fleet/claim", json!({"factoryId": "f1", "claimId": "c1"})).await;
    assert_eq!(again.ok()["scoreBreakdown"], grant.body["scoreBreakdown"]);
    let told = explained(&desk, &job).await;
    assert_eq!((told["reason"].as_str(), &told["detail"]), (None, &json!("f1 has it")));
    let decision = &told["decision"];
    assert_eq!((&decision["considered"], &decision["filtered"]), (&json!(2), &json!({"capabilities": 1})));
    assert_eq!((&decision["factoryId"], &decision["leaseEpoch"]), (&json!("f1"), &json!(1)));
    assert!((decision["score"].as_f64().unwrap() - before).abs() < 0.1, "{told}");
    desk.get("/api/fleet/jobs/00000000-0000-7000-8000-000000000000/explain").await.problem(404, "not-found");
}

#[actix_web::test]
async fn a_preview_changes_nothing() {
    let desk = desk().await;
    let claim = json!({"factoryId": "f1", "waitSec": 30, "claimId": "c1"});
    desk.post("/api/fleet/claim/preview", claim.clone()).await.problem(404, "unknown-factory");
    desk.factory("f1", json!({"seatLimit": 1})).await;
    let nothing = desk.post("/api/fleet/claim/preview", claim.clone()).await;
    assert_eq!(nothing.ok(), &json!({"considered": 0, "filtered": {}}));
    desk.job(json!({"capabilities": ["mac"]})).await;
    let job = desk.job(json!({})).await;
    let before = desk.get("/api/fleet/events").await.text;
    for _ in 0..2 {
        let seen = desk.post("/api/fleet/claim/preview", claim.clone()).await;
        assert!(job.ends_with(seen.ok()["job"]["id"].as_str().unwrap()));
        assert_eq!((&seen.body["considered"], &seen.body["filtered"]), (&json!(2), &json!({"capabilities": 1})));
        assert_eq!(seen.body["scoreBreakdown"]["priority"], 33.3333);
    }
    assert_eq!(desk.get("/api/fleet/events").await.text, before);
    let grant = desk.post("/api/fleet/claim", json!({"factoryId": "f1"})).await;
    assert!(job.ends_with(grant.ok()["job"]["id"].as_str().unwrap()));
    desk.post("/api/fleet/claim/preview", claim).await.problem(409, "no-free-seat");
    desk.post("/api/fleet/claim/preview", json!({"factoryId": "f1", "weights": {"mood": 1}}))
        .await
        .problem(400, "invalid-request");
}

#[actix_web::test]
async fn whoever_submits_what_nobody_can_run_is_told() {
    let desk = desk().await;
    desk.factory("f1", json!({"capabilities": ["gpu"]})).await;
    let submit = |capabilities: Value| json!({"bodyMd": "Do it.", "capabilities": capabilities});
    let told = desk.post("/api/fleet/jobs", submit(json!(["mac"]))).await;
    let warning = told.ok()["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("no_factory_ever: ") && warning.contains("mac"), "{warning}");
    assert_eq!(desk.post("/api/fleet/jobs", submit(json!(["gpu"]))).await.ok()["warnings"], json!([]));
    let both = json!({"jobs": [submit(json!(["gpu"])), submit(json!(["mac"]))]});
    let batch = desk.post("/api/fleet/jobs/batch", both).await;
    let results = &batch.ok()["results"];
    assert_eq!((&results[0]["warnings"], results[1]["warnings"].as_array().map(Vec::len)), (&Value::Null, Some(1)));
}
