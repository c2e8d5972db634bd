//! One action for many jobs: which are meant, what each answers, and that a bad request changes nothing.

use actors::Limits;
use actors::store::Upset;
use serde_json::{Value, json};

use super::{Desk, Reply, desk, desk_with};

const ACTIONS: &str = "/api/fleet/jobs/actions";
const NOBODY: &str = "01890000-0000-7000-8000-000000000001";

fn id(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

/// How many were meant and done, and the refused ones with their codes.
fn told(reply: &Reply) -> (u64, u64, Vec<(String, String)>) {
    let body = reply.ok();
    let refused = body["refused"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let refused = refused.map(|one| (text(&one["id"]), text(&one["problem"]["code"]))).collect();
    (body["matched"].as_u64().unwrap(), body["done"].as_u64().unwrap(), refused)
}

async fn stage(desk: &Desk, job: &str) -> Value {
    desk.get(job).await.ok()["stage"].clone()
}

#[actix_web::test]
async fn every_job_has_its_own_answer() {
    let desk = desk().await;
    let (queued, gone) = (desk.job(json!({})).await, desk.job(json!({})).await);
    desk.post(&format!("{gone}/cancel"), json!({})).await.ok();
    let ids = json!([id(&queued), id(&gone), NOBODY, "x"]);
    let body = json!({"action": "cancel", "ids": ids, "reason": "not now"});
    let tried = desk.post(ACTIONS, json!({"action": "cancel", "ids": ids, "dryRun": true})).await;
    let missing = [NOBODY, "x"].map(|id| (id.to_owned(), "not-found".to_owned()));
    assert_eq!(told(&tried), (4, 2, missing.to_vec()));
    assert_eq!(stage(&desk, &queued).await, "queued");
    assert_eq!(told(&desk.post(ACTIONS, body).await), (4, 2, missing.to_vec()));
    assert_eq!(stage(&desk, &queued).await, "cancelled");
    let events = desk.get(&format!("{queued}/events")).await;
    let last = events.ok()["data"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["type"], &last["by"], &last["data"]["reason"]),
        (&json!("job.cancelled"), &json!("operator:operator"), &json!("not now"))
    );
    let shipped = desk.post(ACTIONS, json!({"action": "ship", "ids": [id(&gone)]})).await;
    assert_eq!(told(&shipped), (1, 0, vec![(id(&gone), "illegal-transition".to_owned())]));
    assert_eq!(shipped.body["refused"][0]["problem"]["from"], "cancelled");
}

#[actix_web::test]
async fn a_selector_means_what_the_list_shows() {
    let desk = desk().await;
    for no in 0..150 {
        desk.job(json!({"labels": {"team": if no % 3 == 0 { "red" } else { "blue" }}})).await;
    }
    let red = json!({"label": "team=red", "stage": "queued,blocked"});
    let tried = desk.post(ACTIONS, json!({"action": "requeue", "selector": red, "note": "x", "dryRun": true})).await;
    assert_eq!((told(&tried).0, told(&tried).1, told(&tried).2.len()), (50, 0, 50));
    let body = json!({"action": "reprioritize", "selector": red, "priority": "critical"});
    assert_eq!(told(&desk.post(ACTIONS, body).await), (50, 50, vec![]));
    let urgent = desk.get("/api/fleet/jobs?priority=critical&limit=1000").await;
    let urgent = urgent.ok()["data"].as_array().unwrap().clone();
    assert_eq!(urgent.len(), 50);
    assert!(urgent.iter().all(|job| job["labels"]["team"] == "red" && job["rev"] == 2));
    let events = desk.get(&format!("/api/fleet/jobs/{}/events", urgent[0]["id"].as_str().unwrap())).await;
    let last = events.ok()["data"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["type"], &last["data"]["changed"]), (&json!("job.edited"), &json!(["priority"])));
    let none = desk.post(ACTIONS, json!({"action": "cancel", "selector": {"q": "nowhere"}})).await;
    assert_eq!(told(&none), (0, 0, vec![]));
    assert_eq!(told(&desk.post(ACTIONS, json!({"action": "cancel", "selector": red})).await), (50, 50, vec![]));
    assert_eq!(desk.get("/api/fleet/jobs?stage=queued&limit=1000").await.ok()["data"].as_array().unwrap().len(), 100);
}

#[actix_web::test]
async fn delivered_work_is_approved_shipped_and_rejected_together() {
    let desk = desk().await;
    desk.factory("f1", json!({})).await;
    let mut jobs = Vec::new();
    for approvals in [json!({"required": 1}), json!({"required": 2})] {
        let job = desk.job(json!({"approvals": approvals})).await;
        desk.post("/api/fleet/claim", json!({"factoryId": "f1"})).await.ok();
        desk.patch(&job, &[], json!({"leaseEpoch": 1, "stage": "review"})).await.ok();
        jobs.push(job);
    }
    let review = json!({"stage": "review"});
    let approved = desk.post(ACTIONS, json!({"action": "approve", "selector": review, "by": "ann"})).await;
    assert_eq!(told(&approved), (2, 2, vec![]));
    let shipped = desk.post(ACTIONS, json!({"action": "ship", "selector": review})).await;
    assert_eq!(told(&shipped), (2, 1, vec![(id(&jobs[1]), "approvals-missing".to_owned())]));
    let body = json!({"action": "reject", "selector": review, "note": "again", "final": true});
    assert_eq!(told(&desk.post(ACTIONS, body).await), (1, 1, vec![]));
    assert_eq!((stage(&desk, &jobs[0]).await, stage(&desk, &jobs[1]).await), (json!("shipped"), json!("failed")));
    let body = json!({"action": "requeue", "ids": [id(&jobs[1])], "note": "once more"});
    assert_eq!(told(&desk.post(ACTIONS, body).await), (1, 1, vec![]));
    let notes = desk.get(&jobs[1]).await.ok()["notes"].clone();
    assert_eq!((&notes[0]["text"], &notes[1]["text"]), (&json!("again"), &json!("once more")));
}

#[actix_web::test]
async fn what_cannot_be_meant_is_refused_and_changes_nothing() {
    let desk = desk().await;
    let job = desk.job(json!({})).await;
    for (body, pointer) in [
        (json!({"action": "cancel"}), "/ids"),
        (json!({"action": "cancel", "selector": {}}), "/selector"),
        (json!({"action": "cancel", "selector": {"stage": null}}), "/selector"),
        (json!({"action": "cancel", "selector": {"stage": "queued,gone"}}), "/selector/stage"),
        (json!({"action": "cancel", "selector": {"limit": 3}}), "/selector/limit"),
        (json!({"action": "cancel", "selector": {"label": ""}}), "/selector/label"),
        (json!({"action": "cancel", "ids": [id(&job), id(&job)]}), "/ids/1"),
        (json!({"action": "cancel", "ids": [id(&job)], "mood": 1}), "/mood"),
        (json!({"action": "ship", "ids": [id(&job)], "reason": "x"}), "/reason"),
    ] {
        let refused = desk.post(ACTIONS, body.clone()).await;
        assert_eq!(refused.problem(400, "invalid-request")["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(desk.get(&job).await.ok()["rev"], 1);
    let elsewhere = json!({"action": "cancel", "ids": [id(&job)]}).to_string();
    let foreign = desk.send("POST", ACTIONS, &[("x-product-id", "other")], elsewhere.as_bytes()).await;
    assert_eq!(told(&foreign), (1, 0, vec![(id(&job), "not-found".to_owned())]));
}

#[actix_web::test]
async fn too_many_are_refused_before_any_is_changed() {
    let desk = desk().await;
    let entries: Vec<Value> = (0..1_000).map(|_| json!({"bodyMd": "x"})).collect();
    for _ in 0..10 {
        desk.post("/api/fleet/jobs/batch", json!({"jobs": entries})).await.ok();
    }
    let all = json!({"action": "cancel", "selector": {"stage": "queued"}, "dryRun": true});
    assert_eq!(told(&desk.post(ACTIONS, all).await), (10_000, 10_000, vec![]));
    desk.job(json!({})).await;
    let all = json!({"action": "cancel", "selector": {"stage": "queued"}});
    let refused = desk.post(ACTIONS, all).await;
    let problem = refused.problem(422, "invalid-request");
    assert!(problem["detail"].as_str().unwrap().contains("more than 10000 jobs"), "{problem}");
    assert_eq!(desk.get("/api/fleet/jobs?stage=cancelled").await.ok()["data"], json!([]));
}

#[actix_web::test]
async fn a_commit_that_fails_refuses_its_own_job_only() {
    let plan = actors::store::Plan::default();
    let desk = desk_with(plan.clone(), Limits::default()).await;
    let jobs = [desk.job(json!({})).await, desk.job(json!({})).await];
    plan.upset(0, Upset::Full);
    let ids = json!([id(&jobs[0])]);
    let refused = desk.post(ACTIONS, json!({"action": "cancel", "ids": ids})).await;
    assert_eq!(told(&refused), (1, 0, vec![(id(&jobs[0]), "storage-full".to_owned())]));
    let ids = json!([id(&jobs[0]), id(&jobs[1])]);
    assert_eq!(told(&desk.post(ACTIONS, json!({"action": "cancel", "ids": ids})).await), (2, 2, vec![]));
}

#[actix_web::test]
async fn a_job_that_changed_meanwhile_is_left_alone_unless_the_selector_fits_it_still() {
    for (selector, done, code) in
        [(json!({"stage": "queued"}), 0, Some("precondition-failed")), (json!({"label": "team=red"}), 1, None)]
    {
        let plan = actors::store::Plan::default();
        let desk = desk_with(plan.clone(), Limits::default()).await;
        desk.factory("f1", json!({})).await;
        let job = desk.job(json!({"labels": {"team": "red"}})).await;
        plan.upset(0, Upset::Slow(std::time::Duration::from_millis(600)));
        let claim = desk.post("/api/fleet/claim", json!({"factoryId": "f1"}));
        let cancel = async {
            // The claim is being committed by now.
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            desk.post(ACTIONS, json!({"action": "cancel", "selector": selector})).await
        };
        let (claimed, cancelled) = futures::future::join(claim, cancel).await;
        claimed.ok();
        let refused = code.map(|code| (id(&job), code.to_owned())).into_iter().collect::<Vec<_>>();
        assert_eq!(told(&cancelled), (1, done, refused), "{selector}");
        assert_eq!(stage(&desk, &job).await, if done == 1 { "cancelled" } else { "assigned" });
    }
}
