//! Rules that hold for every route.
//! They go through the table of routes, so that a new route is held to them too.

use serde_json::{Value, json};

use super::{Desk, desk};
use crate::http::routes;

const UNKNOWN: &str = "01890000-0000-7000-8000-000000000001";

/// Every route under a product, with an id that nobody knows.
fn scoped() -> Vec<(&'static str, String)> {
    let routes = routes::table().iter().filter(|route| route.template.starts_with("/api/fleet/"));
    routes.map(|route| (route.method.as_str(), route.template.replace("{id}", UNKNOWN))).collect()
}

#[actix_web::test]
async fn every_scoped_route_needs_a_product() {
    let desk = desk().await;
    assert!(scoped().len() > 20);
    for (method, path) in scoped() {
        for headers in [&[][..], &[("x-product-id", "a b")], &[("x-product-id", "a"), ("x-product-id", "a")]] {
            desk.send(method, &path, headers, b"{}").await.problem(400, "invalid-product");
        }
    }
}

#[actix_web::test]
async fn a_request_that_was_meant_for_another_host_is_refused() {
    let desk = desk().await;
    for host in ["localhost", "LOCALHOST:4003", "127.0.0.1:4003", "127.9.9.9", "[::1]:4003", "[::1]"] {
        desk.send("GET", "/api/fleet/jobs", &[("x-product-id", "acme"), ("host", host)], b"").await.ok();
    }
    for host in ["evil.example", "localhost.evil.example:4003", "127.0.0.1.evil.example", "10.0.0.1", ""] {
        let headers = [("x-product-id", "acme"), ("host", host)];
        desk.send("POST", "/api/fleet/pause", &headers, b"{}").await.problem(403, "forbidden");
    }
}

#[actix_web::test]
async fn what_belongs_to_another_product_does_not_exist() {
    let desk = desk().await;
    let own = desk.job(json!({})).await;
    desk.factory("f1", json!({})).await;
    let bodies = json!({
        "reject": {"note": "x"}, "answer": {"text": "x"}, "renew": {"leaseEpoch": 1}, "release": {"leaseEpoch": 1},
        "patch": {"leaseEpoch": 1},
    });
    let about_one = routes::table().iter().filter(|route| route.template.contains("{id}"));
    for route in about_one {
        let last = route.template.rsplit('/').next().unwrap();
        let body = bodies.get(if route.method == "PATCH" { "patch" } else { last }).unwrap_or(&json!({})).to_string();
        let body = if route.method == "GET" { "" } else { body.as_str() };
        let ask = async |desk: &Desk, product: &str, id: &str| {
            let headers = [("x-product-id", product), ("x-request-id", "same")];
            let path = route.template.replace("{id}", id);
            let mut reply = desk.send(route.method.as_str(), &path, &headers, body.as_bytes()).await;
            assert_eq!(reply.body["instance"], path);
            reply.body["instance"] = Value::Null;
            assert_eq!(reply.status, 404, "{path}: {}", reply.text);
            reply.body
        };
        let (known, none) = match route.template.contains("/factories/") {
            true => ("f1", "f2"),
            false => (own.rsplit('/').next().unwrap(), UNKNOWN),
        };
        let never_heard_of = ask(&desk, "other", known).await;
        desk.send("POST", "/api/fleet/pause", &[("x-product-id", "third")], b"").await.ok();
        assert_eq!(ask(&desk, "third", known).await, never_heard_of);
        assert_eq!(ask(&desk, "acme", none).await, never_heard_of);
    }
    desk.get("/api/fleet/jobs/not-a-uuid").await.problem(404, "not-found");
    assert!(desk.edge.node.known(&"other".parse().unwrap()).is_none(), "a look made a product");
}

#[actix_web::test]
async fn a_product_never_heard_of_is_an_empty_one() {
    let desk = desk().await;
    for path in ["/api/fleet/jobs", "/api/fleet/factories", "/api/fleet/events"] {
        assert_eq!(desk.get(path).await.ok(), &json!({"data": []}), "{path}");
    }
}

#[actix_web::test]
async fn even_what_no_route_takes_gets_a_problem() {
    let desk = desk().await;
    for path in ["/", "/api", "/api/fleet/nothing", "/api/fleet/jobs/", "/healthz/x"] {
        desk.get(path).await.problem(404, "not-found");
    }
    let wrong = desk.send("DELETE", "/api/fleet/jobs", &[], b"").await;
    wrong.problem(405, "invalid-request");
    assert_eq!(wrong.header("allow"), "POST, GET, HEAD");
    let broken = desk.post("/api/fleet/claim", Value::Null).await;
    broken.problem(400, "invalid-request");
    let broken = desk.send("POST", "/api/fleet/jobs", &[("x-product-id", "acme")], b"{\n oops").await;
    assert_eq!(broken.problem(400, "invalid-request")["line"], 2);
    assert_eq!(desk.send("HEAD", "/healthz", &[], b"").await.status, 200);
}

#[actix_web::test]
async fn bodies_have_limits() {
    let desk = desk().await;
    let large = vec![b' '; 1024 * 1024 + 1];
    for path in ["/api/fleet/jobs", "/api/fleet/claim", "/api/fleet/pause"] {
        let refused = desk.send("POST", path, &[("x-product-id", "acme")], &large).await;
        assert_eq!(refused.problem(413, "invalid-request")["limitBytes"], 1024 * 1024);
    }
    let deep = format!("{{\"bodyMd\":{}{}}}", "[".repeat(40), "]".repeat(40));
    let refused = desk.send("POST", "/api/fleet/jobs", &[("x-product-id", "acme")], deep.as_bytes()).await;
    assert!(refused.problem(400, "invalid-request")["detail"].as_str().unwrap().contains("32"));
}

#[actix_web::test]
async fn a_list_is_no_object() {
    let desk = desk().await;
    let job = desk.job(json!({})).await;
    desk.post(&format!("{job}/cancel"), json!(["x"])).await.problem(400, "invalid-request");
    desk.post("/api/fleet/jobs", json!([null, "x"])).await.problem(400, "invalid-request");
    desk.post("/api/fleet/pause", json!([])).await.problem(400, "invalid-request");
    desk.post("/api/fleet/claim", json!(["f1"])).await.problem(400, "invalid-request");
    let batch = desk.post("/api/fleet/jobs/batch", json!({"jobs": [["x"], {"bodyMd": "x", "retry": [3, 1]}]})).await;
    let results = batch.ok()["results"].as_array().unwrap();
    for (result, pointer) in results.iter().zip(["", "/retry"]) {
        assert_eq!((&result["status"], result.get("ref")), (&json!(400), None));
        assert_eq!(result["problem"]["errors"][0]["pointer"], pointer);
    }
    assert_eq!(desk.get("/api/fleet/events").await.ok()["data"].as_array().unwrap().len(), 2, "nothing was changed");
}

#[actix_web::test]
async fn a_request_has_a_name() {
    let desk = desk().await;
    let named = desk.send("GET", "/healthz", &[("x-request-id", "abc-1.2:3")], b"").await;
    assert_eq!(named.header("x-request-id"), "abc-1.2:3");
    let long = "x".repeat(129);
    for odd in ["a b", "<x>", long.as_str()] {
        let reply = desk.send("GET", "/nothing", &[("x-request-id", odd)], b"").await;
        let made = reply.problem(404, "not-found")["traceId"].as_str().unwrap();
        assert!(made != odd && !made.is_empty());
    }
    let (one, two) = (desk.get("/healthz").await, desk.get("/healthz").await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

#[actix_web::test]
async fn the_node_tells_how_it_is() {
    let desk = desk().await;
    desk.job(json!({})).await;
    assert_eq!(desk.get("/api/version").await.ok(), &json!({"name": "gigafactory", "version": "1.2.3"}));
    assert_eq!(desk.get("/healthz").await.ok()["status"], "ok");
    assert_eq!(desk.get("/readyz").await.ok()["status"], "ok");
    desk.edge.stop();
    let stopping = desk.get("/readyz").await;
    stopping.problem(503, "overloaded");
    assert_eq!(stopping.header("retry-after"), "1");
    let numbers = desk.get("/metrics").await;
    for line in [
        r#"gigafactory_http_requests_total{method="GET",route="/api/version",status="200"}"#,
        r#"gigafactory_http_request_seconds_bucket{method="POST",route="/api/fleet/jobs",le="0.001"}"#,
        "gigafactory_ready_jobs 1",
        "gigafactory_live_actors ",
    ] {
        assert!(numbers.text.contains(line), "{line} is not in\n{}", numbers.text);
    }
}

#[actix_web::test]
async fn a_stopped_node_says_so() {
    let desk = desk().await;
    let job = desk.job(json!({})).await;
    desk.edge.node.stop().await;
    for reply in [desk.get(&job).await, desk.post(&format!("{job}/cancel"), json!({})).await] {
        reply.problem(503, "overloaded");
        assert_eq!(reply.header("retry-after"), "1");
    }
}
