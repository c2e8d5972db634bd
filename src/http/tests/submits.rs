//! Submits: JSON, markdown, keys, dry runs and batches.
//! Told as a submitter tells it, over the wire only.

use serde_json::{Value, json};

use super::desk;

#[actix_web::test]
async fn a_job_is_made_once_for_its_key() {
    let desk = desk().await;
    let body = json!({"bodyMd": "# Do it\n", "idempotencyKey": "k", "priority": "high"});
    let first = desk.post("/api/fleet/jobs", body.clone()).await;
    assert_eq!((first.status, first.body["outcome"].as_str()), (201, Some("created")));
    assert_eq!(first.header("etag"), "\"1\"");
    let id = first.body["job"]["id"].as_str().unwrap();
    assert_eq!(first.header("location"), format!("/api/fleet/jobs/{id}"));
    let again = desk.post("/api/fleet/jobs", body).await;
    assert_eq!((again.status, again.body["outcome"].as_str()), (200, Some("duplicate")));
    assert_eq!(again.body["job"]["id"], first.body["job"]["id"]);
    let other = desk.post("/api/fleet/jobs", json!({"bodyMd": "other", "idempotencyKey": "k"})).await;
    assert_eq!(other.problem(422, "idempotency-mismatch")["jobId"], id);
    let shown = desk.get(&format!("/api/fleet/jobs/{id}")).await;
    assert_eq!((shown.ok()["title"].as_str(), shown.header("etag")), (Some("Do it"), "\"1\""));
}

#[actix_web::test]
async fn the_header_is_an_alias_of_the_key() {
    let desk = desk().await;
    let send = async |key: &str, body: &str| {
        let headers = [("x-product-id", "acme"), ("idempotency-key", key)];
        desk.send("POST", "/api/fleet/jobs", &headers, body.as_bytes()).await
    };
    assert_eq!(send("\"k\"", r#"{"bodyMd":"x"}"#).await.ok()["job"]["idempotencyKey"], "k");
    assert_eq!(send("k", r#"{"bodyMd":"x","idempotencyKey":"k"}"#).await.ok()["outcome"], "duplicate");
    let refused = send("k", r#"{"bodyMd":"x","idempotencyKey":"other"}"#).await;
    assert_eq!(refused.problem(400, "invalid-request")["errors"][0]["pointer"], "/idempotencyKey");
}

#[actix_web::test]
async fn markdown_is_read_with_its_front_matter() {
    let desk = desk().await;
    let send = async |text: &str| {
        let headers = [("x-product-id", "acme"), ("content-type", "text/markdown; charset=utf-8")];
        desk.send("POST", "/api/fleet/jobs", &headers, text.as_bytes()).await
    };
    let made = send("---\npriority: high\nmood: good\n---\n# Title\n").await;
    assert_eq!((made.status, made.body["job"]["priority"].as_str()), (201, Some("high")));
    assert_eq!(made.body["job"]["manifestSnapshot"]["mood"], "good");
    assert!(made.body["warnings"][0].as_str().unwrap().contains("mood"));
    let refused = send("---\npriority: urgent\n---\n# Title\n").await;
    assert_eq!(refused.problem(422, "invalid-manifest")["line"], 2);
}

#[actix_web::test]
async fn a_dry_run_changes_nothing() {
    let desk = desk().await;
    let dry = "/api/fleet/jobs?dryRun=true";
    let tried = desk.post(dry, json!({"bodyMd": "x", "capabilities": ["gpu"]})).await;
    assert_eq!((tried.ok()["outcome"].as_str(), &tried.body["wouldRunOn"]), (Some("dry_run"), &json!([])));
    assert!(desk.edge.node.known(&"acme".parse().unwrap()).is_none(), "a dry run made a product");
    desk.factory("f1", json!({"capabilities": ["gpu"]})).await;
    desk.factory("f2", json!({})).await;
    let tried = desk.post(dry, json!({"bodyMd": "x", "capabilities": ["gpu"]})).await;
    assert_eq!(tried.ok()["wouldRunOn"], json!(["f1"]));
    let unknown = "01890000-0000-7000-8000-000000000001";
    let refused = desk.post(dry, json!({"bodyMd": "x", "dependsOn": [unknown]})).await;
    assert_eq!(refused.problem(422, "unknown-dependency")["ids"], json!([unknown]));
    assert_eq!(desk.get("/api/fleet/jobs").await.ok()["data"], json!([]));
    desk.post("/api/fleet/jobs?dryRun=maybe", json!({"bodyMd": "x"})).await.problem(400, "invalid-request");
}

#[actix_web::test]
async fn what_is_unfit_is_named() {
    let desk = desk().await;
    for (body, status, code, pointer) in [
        (json!({"bodyMd": "x", "stage": "queued"}), 400, "invalid-request", "/stage"),
        (json!({"bodyMd": ""}), 400, "invalid-request", "/bodyMd"),
        (json!({"bodyMd": "x", "dependsOn": ["nobody"]}), 422, "unknown-dependency", "/dependsOn/0"),
    ] {
        let refused = desk.post("/api/fleet/jobs", body).await;
        assert_eq!(refused.problem(status, code)["errors"][0]["pointer"], pointer);
    }
    let circle = desk.post("/api/fleet/jobs", json!({"bodyMd": "x", "ref": "a", "dependsOn": ["a"]})).await;
    assert_eq!(circle.problem(422, "dependency-cycle")["path"], json!(["a", "a"]));
}

fn codes(results: &Value) -> Vec<String> {
    let code = |one: &Value| one["problem"]["code"].as_str().or(one["outcome"].as_str()).unwrap().to_owned();
    results.as_array().unwrap().iter().map(|one| format!("{} {}", one["status"], code(one))).collect()
}

#[actix_web::test]
async fn a_batch_is_carried_out_entry_by_entry() {
    let desk = desk().await;
    let jobs = json!([
        {"bodyMd": "last", "ref": "c", "dependsOn": ["b"]},
        {"bodyMd": "first", "ref": "a", "idempotencyKey": "ka"},
        {"bodyMd": "middle", "ref": "b", "dependsOn": ["a"]},
        {"bodyMd": "", "ref": "bad"},
        {"bodyMd": "x", "dependsOn": ["bad"]},
        {"bodyMd": "x", "mood": 1, "ref": "odd"},
        {"bodyMd": "x", "dependsOn": ["odd", "a"]},
        {"bodyMd": "x", "ref": "p", "dependsOn": ["q"]},
        {"bodyMd": "x", "ref": "q", "dependsOn": ["p"]},
        {"bodyMd": "x", "dependsOn": ["p"]},
        {"bodyMd": "x", "ref": "twice"},
        {"bodyMd": "x", "ref": "twice"},
        {"bodyMd": "x", "dependsOn": ["nobody"]},
    ]);
    let reply = desk.post("/api/fleet/jobs/batch", json!({"jobs": jobs})).await;
    let results = &reply.ok()["results"];
    assert_eq!(
        codes(results),
        [
            "201 created",
            "201 created",
            "201 created",
            "400 invalid-request",
            "422 unknown-dependency",
            "400 invalid-request",
            "422 unknown-dependency",
            "422 dependency-cycle",
            "422 dependency-cycle",
            "422 unknown-dependency",
            "422 duplicate-ref",
            "422 duplicate-ref",
            "422 unknown-dependency",
        ]
    );
    assert_eq!(results[0]["job"]["dependsOn"], json!([results[2]["job"]["id"]]));
    assert_eq!(results[2]["job"]["dependsOn"], json!([results[1]["job"]["id"]]));
    assert_eq!(results[0]["job"]["stage"], "blocked");
    assert_eq!(results[7]["problem"]["path"], json!(["p", "q", "p"]));
    assert_eq!(results[5]["ref"], "odd");
    let again = json!({"jobs": [
        {"bodyMd": "first", "ref": "a", "idempotencyKey": "ka"}, {"bodyMd": "new", "dependsOn": ["a"]}
    ]});
    let again = desk.post("/api/fleet/jobs/batch", again).await;
    assert_eq!(codes(&again.ok()["results"]), ["200 duplicate", "201 created"]);
    assert_eq!(again.body["results"][1]["job"]["dependsOn"], json!([results[1]["job"]["id"]]));
}

#[actix_web::test]
async fn a_batch_that_is_none_is_refused_whole() {
    let desk = desk().await;
    for body in [json!({"jobs": []}), json!({"jobs": [{}], "x": 1}), json!({}), json!([])] {
        desk.post("/api/fleet/jobs/batch", body).await.problem(400, "invalid-request");
    }
    let many: Vec<Value> = (0..1_001).map(|_| json!({"bodyMd": "x"})).collect();
    desk.post("/api/fleet/jobs/batch", json!({"jobs": many})).await.problem(400, "invalid-request");
    let large = json!({"jobs": [{"bodyMd": "x".repeat(1024 * 1024)}, {"bodyMd": "x"}]});
    let reply = desk.post("/api/fleet/jobs/batch", large).await;
    assert_eq!(codes(&reply.ok()["results"]), ["413 invalid-request", "201 created"]);
}
