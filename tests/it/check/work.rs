//! A little of everything, so that every table has rows.

use checker::Call;
use serde_json::{Value, json};

use crate::crash::desk::{Desk, Reply};

async fn ask(desk: &Desk, method: &str, path: &str, if_match: Option<u64>, body: &Value) -> Reply {
    let call = Call {
        client: "check".into(),
        product: "check".into(),
        method: method.into(),
        path: format!("/api/fleet{path}"),
        if_match,
        body: Some(body.to_string()),
    };
    desk.ask(call).await.unwrap()
}

async fn post(desk: &Desk, path: &str, body: Value) -> Value {
    let reply = ask(desk, "POST", path, None, &body).await;
    assert!((200..300).contains(&reply.status), "POST {path}: {reply:?}");
    reply.body
}

async fn report(desk: &Desk, id: &str, body: Value) -> (u16, Value) {
    let reply = ask(desk, "PATCH", &format!("/jobs/{id}"), None, &body).await;
    (reply.status, reply.body)
}

/// Submits four jobs, ships one, fails one, fences somebody, edits one, and leaves one in a factory's hands.
pub(super) async fn a_little(desk: &Desk) {
    let beat = json!({"factoryId": "f1", "seatLimit": 4, "leases": []});
    post(desk, "/factories/heartbeat", beat).await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let body =
            json!({"bodyMd": format!("job {n}"), "idempotencyKey": format!("k{n}"), "retry": {"maxAttempts": 1}});
        ids.push(post(desk, "/jobs", body).await["job"]["id"].as_str().unwrap().to_owned());
    }
    for (n, id) in ids.iter().enumerate() {
        let grant = post(desk, "/claim", json!({"factoryId": "f1", "claimId": format!("c{n}")})).await;
        assert_eq!(grant["job"]["id"], *id);
    }
    post(desk, "/jobs", json!({"bodyMd": "last", "dependsOn": [ids[2]]})).await;
    let said = json!({
        "leaseEpoch": 1, "factoryId": "f1", "reportId": "r1", "stage": "review", "checkpoint": {"wipBranch": "w"},
        "insights": {"costUsd": "0.5"},
    });
    assert_eq!(report(desk, &ids[0], said).await.0, 200);
    assert_eq!(report(desk, &ids[0], json!({"leaseEpoch": 1, "stage": "shipped"})).await.0, 200);
    let failed = json!({"leaseEpoch": 1, "stage": "failed", "reportId": "r2"});
    assert_eq!(report(desk, &ids[1], failed).await.1["stage"], "dead_letter");
    let requeued = post(desk, &format!("/jobs/{}/requeue", ids[1]), json!({"note": "again"})).await;
    let rev = requeued["rev"].as_u64().unwrap();
    assert_eq!(report(desk, &ids[1], json!({"leaseEpoch": 1, "factoryId": "f1", "stage": "review"})).await.0, 409);
    let edited = ask(desk, "PATCH", &format!("/jobs/{}", ids[1]), Some(rev), &json!({"title": "Better"})).await;
    assert_eq!(edited.status, 200);
    post(desk, "/pause", json!({})).await;
}
