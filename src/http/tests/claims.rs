//! The road of a factory: heartbeat, claim, report, renew, release.
//! Told as a factory tells it, over the wire only.

use serde_json::json;

use super::{Desk, desk};

async fn claimed(desk: &Desk) -> (String, u64) {
    let grant = desk.post("/api/fleet/claim", json!({"factoryId": "f1", "leaseTtlSec": 90})).await;
    assert_eq!(grant.ok()["renewAfterSec"], 30);
    let id = grant.body["job"]["id"].as_str().unwrap();
    (format!("/api/fleet/jobs/{id}"), grant.body["leaseEpoch"].as_u64().unwrap())
}

#[actix_web::test]
async fn a_job_goes_all_the_way() {
    let desk = desk().await;
    let made = desk.job(json!({})).await;
    desk.factory("f1", json!({})).await;
    let (job, epoch) = claimed(&desk).await;
    assert_eq!(job, made);
    let report = json!({"leaseEpoch": epoch, "factoryId": "f1", "stage": "review", "reportId": "r1", "newer": 1});
    let reported = desk.patch(&job, &[], report.clone()).await;
    assert_eq!((reported.ok()["stage"].as_str(), reported.header("etag")), (Some("review"), "\"3\""));
    let again = desk.patch(&job, &[], report).await;
    assert_eq!((again.ok()["repeated"].as_bool(), again.header("etag")), (Some(true), "\"3\""));
    let other = json!({"leaseEpoch": epoch, "factoryId": "f1", "stage": "testing", "reportId": "r1"});
    desk.patch(&job, &[], other).await.problem(422, "idempotency-mismatch");
    let renewed = desk.post(&format!("{job}/lease/renew"), json!({"leaseEpoch": epoch, "leaseTtlSec": 60})).await;
    assert_eq!((renewed.ok()["leaseTtlSec"].as_u64(), renewed.body["renewAfterSec"].as_u64()), (Some(60), Some(20)));
    let lease = desk.get(&format!("{job}/lease")).await;
    assert_eq!((lease.ok()["renewals"].as_u64(), lease.body["status"].as_str()), (Some(1), Some("held")));
    assert_eq!(desk.get(&job).await.ok()["lease"]["leaseTtlSec"], 60);
    let runs = desk.get(&format!("{job}/runs")).await;
    assert_eq!((runs.ok()["data"][0]["attempt"].as_u64(), runs.body["data"][1].as_null()), (Some(1), Some(())));
    let released = desk.post(&format!("{job}/lease/release"), json!({"leaseEpoch": epoch})).await;
    assert_eq!(released.ok()["stage"], "review");
    assert_eq!(desk.post(&format!("{job}/ship"), json!({})).await.ok()["stage"], "shipped");
    let events = desk.get(&format!("{job}/events")).await;
    let kinds: Vec<_> = events.ok()["data"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["job.created", "job.ready", "job.leased", "job.stage", "job.released", "job.shipped"]);
    assert_eq!(events.body["data"][3]["by"], "factory:f1");
    assert_eq!(events.body["data"][5]["by"], "operator:operator");
}

#[actix_web::test]
async fn a_stale_lease_is_told_the_current_epoch() {
    let desk = desk().await;
    desk.job(json!({})).await;
    desk.factory("f1", json!({})).await;
    let (job, epoch) = claimed(&desk).await;
    desk.post(&format!("{job}/requeue"), json!({})).await.ok();
    let stale = desk.patch(&job, &[], json!({"leaseEpoch": epoch, "insights": {"costUsd": "0.10"}})).await;
    assert_eq!(stale.problem(409, "stale-lease")["leaseEpoch"], epoch + 1);
    assert_eq!(stale.body["usageAccepted"], true);
    let renew = json!({"leaseEpoch": epoch});
    desk.post(&format!("{job}/lease/renew"), renew.clone()).await.problem(409, "stale-lease");
    desk.post(&format!("{job}/lease/release"), renew).await.problem(409, "stale-lease");
}

#[actix_web::test]
async fn a_factory_that_may_not_claim_is_told_why() {
    let desk = desk().await;
    let claim = json!({"factoryId": "f1"});
    desk.post("/api/fleet/claim", claim.clone()).await.problem(404, "unknown-factory");
    desk.job(json!({})).await;
    desk.post("/api/fleet/claim", claim.clone()).await.problem(404, "unknown-factory");
    desk.factory("f1", json!({"seatLimit": 0})).await;
    desk.post("/api/fleet/claim", claim.clone()).await.problem(409, "no-free-seat");
    desk.factory("f1", json!({"health": "failing"})).await;
    desk.post("/api/fleet/claim", claim.clone()).await.problem(409, "factory-failing");
    desk.factory("f1", json!({"health": "ok"})).await;
    let drained = desk.post("/api/fleet/factories/f1/drain", json!({"reason": "rest"})).await;
    assert_eq!(drained.ok()["state"], "draining");
    desk.post("/api/fleet/claim", claim.clone()).await.problem(409, "factory-draining");
    let beat = desk.factory("f1", json!({})).await;
    assert_eq!(beat.body["signals"], json!([{"type": "drain"}]));
    desk.post("/api/fleet/factories/f1/resume", json!({})).await.ok();
    desk.post("/api/fleet/pause", json!({})).await.ok();
    assert_eq!(desk.post("/api/fleet/claim", claim.clone()).await.status, 204);
    assert_eq!(desk.post("/api/fleet/resume", json!({})).await.ok()["paused"], false);
    assert_eq!(desk.post("/api/fleet/claim", claim.clone()).await.status, 200);
    assert_eq!(desk.post("/api/fleet/claim", claim).await.status, 204);
}

#[actix_web::test]
async fn members_of_a_claim_have_bounds() {
    let desk = desk().await;
    for (member, value, pointer) in [
        ("max", json!(65), "/max"),
        ("leaseTtlSec", json!(9), "/leaseTtlSec"),
        ("waitSec", json!(61), "/waitSec"),
        ("weights", json!({"mood": 1}), "/weights/mood"),
        ("weights", json!({"age": -1}), "/weights/age"),
        ("weights", json!({"age": 0.0005}), "/weights/age"),
        ("weights", json!({"age": 1, "due": 1_000_001}), "/weights/due"),
        ("weights", json!({"age": "1"}), "/weights/age"),
        ("weights", json!([["age", 1]]), "/weights"),
    ] {
        let refused = desk.post("/api/fleet/claim", json!({"factoryId": "f1", member: value})).await;
        assert_eq!(refused.problem(400, "invalid-request")["errors"][0]["pointer"], pointer);
    }
}

#[actix_web::test]
async fn several_jobs_come_as_a_list_and_a_claim_can_be_repeated() {
    let desk = desk().await;
    for _ in 0..3 {
        desk.job(json!({})).await;
    }
    desk.factory("f1", json!({})).await;
    let many = desk.post("/api/fleet/claim", json!({"factoryId": "f1", "max": 2})).await;
    assert_eq!(many.ok()["grants"].as_array().unwrap().len(), 2);
    let claim = json!({"factoryId": "f1", "claimId": "c1"});
    let one = desk.post("/api/fleet/claim", claim.clone()).await;
    assert_eq!(one.ok().get("repeated"), None);
    let again = desk.post("/api/fleet/claim", claim.clone()).await;
    assert_eq!((&again.ok()["job"]["id"], &again.body["repeated"]), (&one.body["job"]["id"], &json!(true)));
    assert_eq!(again.body.get("leaseActive"), None);
    let job = one.body["job"]["id"].as_str().unwrap();
    desk.post(&format!("/api/fleet/jobs/{job}/cancel"), json!({"reason": "no more"})).await.ok();
    assert_eq!(desk.post("/api/fleet/claim", claim).await.ok()["leaseActive"], false);
}

#[actix_web::test]
async fn a_heartbeat_tells_what_became_of_the_leases() {
    let desk = desk().await;
    desk.job(json!({})).await;
    desk.job(json!({})).await;
    let first = desk.factory("f1", json!({"load": 0.256, "engines": [{"name": "shell", "state": "available"}]})).await;
    assert_eq!((first.body["heartbeatSec"].as_u64(), first.body["claimable"].as_u64()), (Some(300), Some(2)));
    assert_eq!((&first.body["factory"]["load"], &first.body["factory"]["state"]), (&json!(0.256), &json!("online")));
    let (job, epoch) = claimed(&desk).await;
    let lease = json!({"jobId": job.rsplit('/').next().unwrap(), "leaseEpoch": epoch});
    let gone = json!({"jobId": "01890000-0000-7000-8000-000000000001", "leaseEpoch": 7});
    let beat = desk.factory("f1", json!({"leases": [lease, gone]})).await;
    assert_eq!(
        (beat.body["renewed"][0]["jobId"].clone(), &beat.body["lost"]),
        (lease["jobId"].clone(), &json!([gone]))
    );
    assert_eq!(beat.body["signals"][0]["type"], "lost");
    assert_eq!(beat.body["heartbeatSec"], 30);
    desk.post(&format!("{job}/cancel"), json!({})).await.ok();
    let beat = desk.factory("f1", json!({"leases": [lease], "heartbeatSec": 7})).await;
    assert_eq!((&beat.body["signals"][0]["type"], &beat.body["heartbeatSec"]), (&json!("cancel"), &json!(7)));
}

#[actix_web::test]
async fn a_claim_that_waits_is_answered_when_a_job_comes() {
    let desk = desk().await;
    desk.factory("f1", json!({})).await;
    let claim = desk.post("/api/fleet/claim", json!({"factoryId": "f1", "waitSec": 20}));
    let (grant, job) = futures::future::join(claim, desk.job(json!({}))).await;
    assert_eq!(format!("/api/fleet/jobs/{}", grant.ok()["job"]["id"].as_str().unwrap()), job);
}
