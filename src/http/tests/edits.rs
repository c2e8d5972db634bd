//! Operators: edits under a revision, actions, and waiting for a change.
//! Told as an operator tells it, over the wire only.

use serde_json::json;

use super::desk;

#[actix_web::test]
async fn an_edit_says_which_revision_it_means() {
    let desk = desk().await;
    let job = desk.job(json!({})).await;
    let edit = json!({"title": "New", "priority": "low"});
    desk.patch(&job, &[], edit.clone()).await.problem(428, "precondition-required");
    assert_eq!(
        desk.patch(&job, &[("if-match", "\"9\"")], edit.clone()).await.problem(412, "precondition-failed")["rev"],
        1
    );
    desk.patch(&job, &[("if-match", "W/\"1\"")], edit.clone()).await.problem(412, "precondition-failed");
    desk.patch(&job, &[("if-match", "one")], edit.clone()).await.problem(400, "invalid-request");
    let edited = desk.patch(&job, &[("if-match", "\"7\", \"1\"")], edit).await;
    assert_eq!((edited.ok()["title"].as_str(), edited.header("etag")), (Some("New"), "\"2\""));
    let any = desk.patch(&job, &[("if-match", "*")], json!({"title": "Newer"})).await;
    assert_eq!(any.ok()["rev"], 3);
    desk.patch("/api/fleet/jobs/01890000-0000-7000-8000-000000000001", &[], json!({"title": "x"}))
        .await
        .problem(404, "not-found");
}

#[actix_web::test]
async fn what_a_factory_works_by_does_not_change_under_it() {
    let desk = desk().await;
    let job = desk.job(json!({})).await;
    desk.factory("f1", json!({})).await;
    desk.post("/api/fleet/claim", json!({"factoryId": "f1"})).await.ok();
    let refused = desk.patch(&job, &[("if-match", "*")], json!({"bodyMd": "other"})).await;
    let problem = refused.problem(409, "illegal-transition");
    assert_eq!((&problem["from"], &problem["errors"][0]["pointer"]), (&json!("assigned"), &json!("/bodyMd")));
    let mixed = desk.patch(&job, &[], json!({"leaseEpoch": 1, "title": "x"})).await;
    assert_eq!(mixed.problem(400, "invalid-request")["errors"][0]["pointer"], "/title");
}

#[actix_web::test]
async fn work_is_reviewed_and_shipped() {
    let desk = desk().await;
    let job = desk.job(json!({"approvals": {"required": 1}})).await;
    let refused = desk.post(&format!("{job}/ship"), json!({})).await;
    let problem = refused.problem(409, "illegal-transition");
    assert_eq!((&problem["from"], &problem["to"]), (&json!("queued"), &json!("shipped")));
    desk.factory("f1", json!({})).await;
    desk.post("/api/fleet/claim", json!({"factoryId": "f1"})).await.ok();
    desk.patch(&job, &[], json!({"leaseEpoch": 1, "stage": "review"})).await.ok();
    desk.patch(&job, &[], json!({"stage": "shipped"})).await.problem(428, "precondition-required");
    let missing = desk.patch(&job, &[("if-match", "\"3\"")], json!({"stage": "shipped"})).await;
    assert_eq!(missing.problem(409, "approvals-missing")["missing"], 1);
    let approved = desk.post(&format!("{job}/approve"), json!({"by": "ann"})).await;
    assert_eq!(approved.ok()["approvals"]["by"], json!(["ann"]));
    assert_eq!(desk.post(&format!("{job}/approve"), json!({"by": "ann"})).await.ok()["repeated"], true);
    assert_eq!(desk.patch(&job, &[("if-match", "\"4\"")], json!({"stage": "shipped"})).await.ok()["stage"], "shipped");
}

#[actix_web::test]
async fn a_question_is_answered_and_work_rejected() {
    let desk = desk().await;
    let job = desk.job(json!({})).await;
    desk.factory("f1", json!({})).await;
    desk.post("/api/fleet/claim", json!({"factoryId": "f1"})).await.ok();
    let unasked = desk.patch(&job, &[], json!({"leaseEpoch": 1, "stage": "blocked"})).await;
    assert_eq!(unasked.problem(400, "invalid-request")["errors"][0]["pointer"], "/question");
    let asked = desk.patch(&job, &[], json!({"leaseEpoch": 1, "stage": "blocked", "question": "Which?"})).await;
    assert_eq!(asked.ok()["blockedReason"], "needs_input");
    desk.patch(&job, &[], json!({"leaseEpoch": 1, "stage": "building"})).await.problem(409, "lease-ended");
    assert_eq!(desk.post(&format!("{job}/answer"), json!({"text": "That."})).await.ok()["stage"], "queued");
    let epoch = desk.post("/api/fleet/claim", json!({"factoryId": "f1"})).await.ok()["leaseEpoch"].clone();
    desk.patch(&job, &[], json!({"leaseEpoch": epoch, "stage": "review"})).await.ok();
    let empty = desk.send("POST", &format!("{job}/reject"), &[("x-product-id", "acme")], b"").await;
    assert_eq!(empty.problem(400, "invalid-request")["errors"][0]["pointer"], "/note");
    assert_eq!(desk.post(&format!("{job}/reject"), json!({"note": "again"})).await.ok()["stage"], "queued");
    let bare = desk.send("POST", &format!("{job}/cancel"), &[("x-product-id", "acme")], b"").await;
    assert_eq!(bare.ok()["stage"], "cancelled");
    desk.send("POST", &format!("{job}/requeue"), &[("x-product-id", "acme"), ("if-match", "\"1\"")], b"")
        .await
        .problem(412, "precondition-failed");
    assert_eq!(desk.post(&format!("{job}/requeue"), json!({"fresh": true})).await.ok()["stage"], "queued");
}

#[actix_web::test]
async fn who_waits_for_a_revision_hears_of_it() {
    let desk = desk().await;
    let job = desk.job(json!({})).await;
    assert_eq!(desk.get(&format!("{job}?waitRev=0&waitSec=60")).await.ok()["rev"], 1);
    let waiting = format!("{job}?waitRev=1&waitSec=60");
    let (seen, _) = futures::future::join(desk.get(&waiting), desk.post(&format!("{job}/cancel"), json!({}))).await;
    assert_eq!((seen.ok()["rev"].as_u64(), seen.body["stage"].as_str()), (Some(2), Some("cancelled")));
    assert_eq!(desk.get(&format!("{job}?waitRev=2&waitSec=0")).await.ok()["rev"], 2);
    desk.get(&format!("{job}?waitRev=2&waitSec=61")).await.problem(400, "invalid-request");
    desk.get(&format!("{job}?waitRev=x")).await.problem(400, "invalid-request");
}
