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

#[actix_web::test]
async fn what_a_job_waits_for_is_edited() {
    let desk = desk().await;
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let (a, b) = (desk.job(json!({})).await, desk.job(json!({})).await);
    let any = [("if-match", "*")];
    let stopped = desk.patch(&b, &any, json!({"dependsOn": [id(&a)]})).await;
    let body = stopped.ok();
    assert_eq!(
        (&body["stage"], &body["blockedReason"], &body["dependsOn"]),
        (&json!("blocked"), &json!("dependencies"), &json!([id(&a)]))
    );
    let circle = desk.patch(&a, &any, json!({"dependsOn": [id(&b)]})).await;
    assert_eq!(circle.problem(422, "dependency-cycle")["path"], json!([id(&a), id(&b), id(&a)]));
    let missing = "01890000-0000-7000-8000-000000000001";
    let unknown = desk.patch(&a, &any, json!({"dependsOn": [missing]})).await;
    assert_eq!(unknown.problem(422, "unknown-dependency")["ids"], json!([missing]));
    let no_id = desk.patch(&a, &any, json!({"dependsOn": ["first"]})).await;
    assert_eq!(no_id.problem(422, "unknown-dependency")["errors"][0]["pointer"], "/dependsOn/0");
    let twice = desk.patch(&a, &any, json!({"dependsOn": [missing, missing]})).await;
    assert_eq!(twice.problem(400, "invalid-request")["errors"][0]["pointer"], "/dependsOn/1");
    desk.patch(&a, &[("if-match", "\"9\"")], json!({"dependsOn": [id(&b)]})).await.problem(412, "precondition-failed");
    assert_eq!(desk.get(&a).await.ok()["rev"], 1);
    let events = desk.get(&format!("{b}/events")).await;
    let told: Vec<_> = events.ok()["data"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(told, ["job.created", "job.ready", "job.edited", "job.blocked"]);
    let rev = desk.patch(&b, &any, json!({"dependsOn": []})).await.ok()["rev"].clone();
    let freed = desk.get(&format!("{b}?waitRev={rev}&waitSec=10")).await;
    assert_eq!((&freed.ok()["stage"], freed.body.get("blockedReason")), (&json!("queued"), None));
    desk.factory("f1", json!({})).await;
    desk.post("/api/fleet/claim", json!({"factoryId": "f1", "max": 2})).await.ok();
    let held = desk.patch(&b, &any, json!({"dependsOn": [id(&a)]})).await;
    assert_eq!(held.problem(409, "illegal-transition")["errors"][0]["pointer"], "/dependsOn");
}

#[actix_web::test]
async fn every_action_leaves_an_event_that_says_who_and_why() {
    let desk = desk().await;
    desk.factory("f1", json!({})).await;
    let job = desk.job(json!({})).await;
    let claim = async |stage: &str, question: Option<&str>| {
        let epoch = desk.post("/api/fleet/claim", json!({"factoryId": "f1"})).await.ok()["leaseEpoch"].clone();
        let mut report = json!({"leaseEpoch": epoch, "stage": stage});
        question.iter().for_each(|question| report["question"] = json!(question));
        desk.patch(&job, &[], report).await.ok();
    };
    let any = [("if-match", "*")];
    desk.patch(&job, &any, json!({"title": "New", "labels": {"a": "b"}})).await.ok();
    desk.patch(&job, &any, json!({"priority": "high"})).await.ok();
    claim("blocked", Some("Which?")).await;
    desk.post(&format!("{job}/answer"), json!({"text": "That."})).await.ok();
    claim("review", None).await;
    desk.post(&format!("{job}/reject"), json!({"note": "Friendlier."})).await.ok();
    desk.post(&format!("{job}/cancel"), json!({"reason": "not now"})).await.ok();
    desk.post(&format!("{job}/requeue"), json!({"note": "now"})).await.ok();
    claim("review", None).await;
    desk.post(&format!("{job}/approve"), json!({"by": "ann", "note": "fine"})).await.ok();
    desk.post(&format!("{job}/ship"), json!({})).await.ok();
    let events = desk.get(&format!("{job}/events")).await;
    let told: Vec<_> =
        events.ok()["data"].as_array().unwrap().iter().filter(|event| event["by"] != "factory:f1").collect();
    let operator = "operator:operator";
    for (event, (kind, by, member, why)) in told.iter().skip(2).zip([
        ("job.edited", operator, "changed", json!(["title", "labels"])),
        ("job.edited", operator, "changed", json!(["priority"])),
        ("job.answered", operator, "text", json!("That.")),
        ("job.rejected", operator, "note", json!("Friendlier.")),
        ("job.cancelled", operator, "reason", json!("not now")),
        ("job.requeued", operator, "note", json!("now")),
        ("job.approved", "operator:ann", "note", json!("fine")),
        ("job.shipped", operator, "reason", json!(null)),
    ]) {
        assert_eq!((&event["type"], &event["by"], &event["data"][member]), (&json!(kind), &json!(by), &why));
    }
    assert_eq!(told.len(), 10);
}
