//! Parents and children over the wire: submits with children, children for a job that is there, the picture of it.

use serde_json::{Value, json};

use super::{Desk, desk};

fn child(name: &str, depends_on: &[&str]) -> Value {
    json!({"bodyMd": format!("# {name}\n"), "ref": name, "dependsOn": depends_on})
}

async fn dag(desk: &Desk, id: &str) -> Vec<Value> {
    desk.get(&format!("/api/fleet/jobs/{id}/dag")).await.ok()["nodes"].as_array().unwrap().clone()
}

fn id_of(nodes: &[Value], title: &str) -> String {
    let node = nodes.iter().find(|node| node["title"] == title);
    node.unwrap()["id"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_family_is_submitted_as_one() {
    let desk = desk().await;
    let body = json!({
        "title": "Parent", "bodyMd": "put it together", "idempotencyKey": "k1",
        "children": [child("A", &[]), {"bodyMd": "# B", "ref": "B", "dependsOn": ["A"], "children": [child("C", &["A"])]}],
    });
    let submitted = desk.post("/api/fleet/jobs", body.clone()).await;
    assert_eq!(submitted.status, 201, "{}", submitted.text);
    let job = &submitted.body["job"];
    assert_eq!(
        (&job["kind"], &job["stage"], &job["blockedReason"]),
        (&json!("composite"), &json!("blocked"), &json!("children"))
    );
    let parent = job["id"].as_str().unwrap();
    let nodes = dag(&desk, parent).await;
    assert_eq!(nodes.len(), 4);
    let [a, b, c] = ["A", "B", "C"].map(|title| id_of(&nodes, title));
    let of = |id: &str| nodes.iter().find(|node| node["id"] == id).unwrap();
    assert_eq!(
        (&of(&b)["parentId"], &of(&b)["dependsOn"], &of(&b)["kind"]),
        (&json!(parent), &json!([a]), &json!("composite"))
    );
    assert_eq!((&of(&c)["parentId"], &of(&c)["dependsOn"]), (&json!(b), &json!([a])));
    let again = desk.post("/api/fleet/jobs", body).await;
    assert_eq!((again.ok()["outcome"].as_str(), &again.body["job"]["id"]), (Some("duplicate"), &json!(parent)));
    let children = desk.get(&format!("/api/fleet/jobs?parentId={parent}")).await;
    assert_eq!(children.ok()["data"].as_array().unwrap().len(), 2);
    let composite = desk.get("/api/fleet/jobs?kind=composite").await;
    assert_eq!(composite.ok()["data"].as_array().unwrap().len(), 2);
    let told = desk.get(&format!("/api/fleet/jobs/{parent}/explain")).await;
    assert_eq!((&told.ok()["reason"], told.body["dependencies"].as_array().unwrap().len()), (&json!("children"), 2));
    desk.get(&format!("/api/fleet/jobs/{}/dag", "00000000-0000-7000-8000-000000000000"))
        .await
        .problem(404, "not-found");
}

#[actix_web::test]
async fn a_family_that_is_refused_leaves_nothing_behind() {
    let desk = desk().await;
    let family = |children: Value| json!({"bodyMd": "# P", "children": children});
    for (children, status, code, pointer) in [
        (json!([child("A", &["B"]), child("B", &["A"])]), 422, "dependency-cycle", None),
        (json!([child("A", &[]), child("A", &[])]), 422, "duplicate-ref", Some("/children/1/ref")),
        (json!([child("A", &["Z"])]), 422, "unknown-dependency", Some("/children/0/dependsOn/0")),
        (json!([{"bodyMd": ""}]), 400, "invalid-request", Some("/children/0/bodyMd")),
        (json!([{"bodyMd": "x", "parentId": "p"}]), 400, "invalid-request", Some("/children/0/parentId")),
        (
            json!([{"bodyMd": "x", "kind": "leaf", "children": [child("A", &[])]}]),
            400,
            "invalid-request",
            Some("/children/0/kind"),
        ),
        (json!([child("A", &["00000000-0000-7000-8000-000000000000"])]), 422, "unknown-dependency", None),
    ] {
        let refused = desk.post("/api/fleet/jobs", family(children)).await;
        let problem = refused.problem(status, code).clone();
        if let Some(pointer) = pointer {
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
    }
    assert_eq!(desk.get("/api/fleet/jobs").await.ok()["data"], json!([]));
}

#[actix_web::test]
async fn a_job_is_given_children_by_operators_and_by_its_holder() {
    let desk = desk().await;
    desk.factory("f1", json!({"seatLimit": 2})).await;
    let path = desk.job(json!({})).await;
    let grant = desk.post("/api/fleet/claim", json!({"factoryId": "f1"})).await;
    let epoch = grant.ok()["leaseEpoch"].clone();
    let children = |key: &str| json!([{"bodyMd": "# C", "idempotencyKey": key}]);
    let url = format!("{path}/children");
    desk.post(&url, json!({"children": children("c1")})).await.problem(409, "illegal-transition");
    desk.post(&url, json!({"children": children("c1"), "leaseEpoch": 9})).await.problem(409, "stale-lease");
    let by_holder = json!({"children": children("c1"), "leaseEpoch": epoch});
    let made = desk.post(&url, by_holder.clone()).await;
    assert_eq!((made.status, made.body["jobs"].as_array().unwrap().len()), (201, 1), "{}", made.text);
    let again = desk.post(&url, by_holder).await;
    assert_eq!(
        (again.status, &again.body["repeated"], &again.body["jobs"][0]["id"]),
        (200, &json!(true), &made.body["jobs"][0]["id"])
    );
    desk.post(&url, json!({"children": []})).await.problem(400, "invalid-request");
    let runs = desk.get(&format!("{path}/runs")).await;
    assert_eq!(runs.ok()["data"][0]["result"], "released");
    let more = desk.post(&url, json!({"children": children("c2")})).await;
    assert_eq!(more.status, 201, "{}", more.text);
    let job = desk.get(&path).await;
    assert_eq!((&job.ok()["kind"], &job.body["blockedReason"]), (&json!("composite"), &json!("children")));
    let parent = job.body["id"].clone();
    let one = desk.post("/api/fleet/jobs", json!({"bodyMd": "# D", "parentId": parent})).await;
    assert_eq!((one.status, &one.body["job"]["parentId"]), (201, &parent), "{}", one.text);
    let circle =
        desk.post("/api/fleet/jobs", json!({"bodyMd": "# E", "parentId": parent, "dependsOn": [parent]})).await;
    let circle = circle.problem(422, "dependency-cycle").clone();
    assert_eq!((circle["path"].as_array().unwrap().len(), &circle["path"][0]), (3, &circle["path"][2]), "{circle}");
}

#[actix_web::test]
async fn the_last_child_completes_its_parent_and_a_cancelled_parent_takes_its_children_along() {
    let desk = desk().await;
    desk.factory("f1", json!({"seatLimit": 5})).await;
    let body = json!({"title": "By itself", "autoComplete": true, "children": [child("A", &[])]});
    let parent = desk.post("/api/fleet/jobs", body).await.body["job"]["id"].as_str().unwrap().to_owned();
    let grant = desk.post("/api/fleet/claim", json!({"factoryId": "f1"})).await;
    let (child_id, epoch) = (grant.ok()["job"]["id"].as_str().unwrap().to_owned(), grant.body["leaseEpoch"].clone());
    desk.send(
        "PATCH",
        &format!("/api/fleet/jobs/{child_id}"),
        &[("x-product-id", "acme")],
        json!({"leaseEpoch": epoch, "stage": "shipped"}).to_string().as_bytes(),
    )
    .await
    .ok();
    let done = desk.get(&format!("/api/fleet/jobs/{parent}?waitRev=1&waitSec=5")).await;
    assert_eq!(done.ok()["stage"], "shipped");
    let body = json!({"bodyMd": "# P", "children": [child("A", &[]), child("B", &["A"])]});
    let parent = desk.post("/api/fleet/jobs", body).await.body["job"]["id"].as_str().unwrap().to_owned();
    desk.post(&format!("/api/fleet/jobs/{parent}/cancel"), json!({})).await.ok();
    for node in dag(&desk, &parent).await {
        let id = node["id"].as_str().unwrap();
        let seen = desk.get(&format!("/api/fleet/jobs/{id}?waitRev=1&waitSec=5")).await;
        assert_eq!(seen.ok()["stage"], "cancelled");
    }
}
