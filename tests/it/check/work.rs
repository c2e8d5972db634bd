//! A little of everything, so that every table has rows.

use serde_json::{Value, json};

use crate::crash::server::Http;

async fn post(http: &Http, path: &str, body: Value) -> Value {
    let (status, answer) = http.call("POST", path, Some(body)).await.unwrap();
    assert!((200..300).contains(&status), "POST {path}: {status} {answer}");
    answer
}

async fn report(http: &Http, id: &str, body: Value) -> (u16, Value) {
    http.call("PATCH", &format!("/jobs/{id}"), Some(body)).await.unwrap()
}

/// Submits four jobs, ships one, fails one, fences somebody, edits one, and leaves one in a factory's hands.
pub(super) async fn a_little(http: &Http) {
    let beat = json!({"factoryId": "f1", "seatLimit": 4, "leases": []});
    post(http, "/factories/heartbeat", beat).await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let body =
            json!({"bodyMd": format!("job {n}"), "idempotencyKey": format!("k{n}"), "retry": {"maxAttempts": 1}});
        ids.push(post(http, "/jobs", body).await["job"]["id"].as_str().unwrap().to_owned());
    }
    post(http, "/jobs", json!({"bodyMd": "last", "dependsOn": [ids[2]]})).await;
    for (n, id) in ids.iter().enumerate() {
        let grant = post(http, "/claim", json!({"factoryId": "f1", "claimId": format!("c{n}")})).await;
        assert_eq!(grant["job"]["id"], *id);
    }
    let said = json!({
        "leaseEpoch": 1, "factoryId": "f1", "reportId": "r1", "stage": "review", "checkpoint": {"wipBranch": "w"},
        "insights": {"costUsd": "0.5"},
    });
    assert_eq!(report(http, &ids[0], said).await.0, 200);
    assert_eq!(report(http, &ids[0], json!({"leaseEpoch": 1, "stage": "shipped"})).await.0, 200);
    let failed = json!({"leaseEpoch": 1, "stage": "failed", "reportId": "r2"});
    assert_eq!(report(http, &ids[1], failed).await.1["stage"], "dead_letter");
    let requeued = post(http, &format!("/jobs/{}/requeue", ids[1]), json!({"note": "again"})).await;
    let rev = requeued["rev"].as_u64().unwrap();
    assert_eq!(report(http, &ids[1], json!({"leaseEpoch": 1, "factoryId": "f1", "stage": "review"})).await.0, 409);
    let edited = http.edit(&format!("/jobs/{}", ids[1]), rev, json!({"title": "Better"})).await;
    assert_eq!(edited, 200);
    post(http, "/pause", json!({})).await;
}
