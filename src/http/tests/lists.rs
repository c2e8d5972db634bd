//! Lists: pages, filters, all products, logs.
//! A page ends where the next begins, and a filter that is not understood is refused.

use serde_json::{Value, json};

use super::{Reply, desk};

fn titles(reply: &Reply) -> Vec<&str> {
    reply.ok()["data"].as_array().unwrap().iter().map(|job| job["title"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn jobs_come_newest_first_page_by_page() {
    let desk = desk().await;
    for title in ["a", "b", "c"] {
        desk.job(json!({"title": title})).await;
    }
    let first = desk.get("/api/fleet/jobs?limit=2").await;
    assert_eq!(titles(&first), ["c", "b"]);
    let next = first.body["next"].as_str().unwrap();
    assert_eq!(first.header("link"), format!("</api/fleet/jobs?limit=2&after={next}>; rel=\"next\""));
    let second = desk.get(&format!("/api/fleet/jobs?limit=2&after={next}")).await;
    assert_eq!((titles(&second), second.body.get("next")), (vec!["a"], None));
    for bad in ["after=x", "limit=x", "stage=gone", "priority=urgent", "kind=tree", "factoryId=a%20b", "mood=1", "q="] {
        desk.get(&format!("/api/fleet/jobs?{bad}")).await.problem(400, "invalid-request");
    }
}

#[actix_web::test]
async fn filters_narrow() {
    let desk = desk().await;
    desk.job(json!({"title": "plain"})).await;
    desk.job(json!({"title": "urgent", "priority": "critical", "capabilities": ["gpu"], "trackerItemId": "T-1"})).await;
    let gone = desk.job(json!({"title": "gone", "labels": {"team": "red", "x": ""}})).await;
    desk.post(&format!("{gone}/cancel"), json!({})).await.ok();
    for (filter, found) in [
        ("stage=queued", vec!["urgent", "plain"]),
        ("stage=cancelled,failed", vec!["gone"]),
        ("stage=queued,cancelled&priority=normal", vec!["gone", "plain"]),
        ("capability=gpu", vec!["urgent"]),
        ("label=team", vec!["gone"]),
        ("label=team%3Dred", vec!["gone"]),
        ("label=team%3Dblue", vec![]),
        ("trackerItemId=T-1", vec!["urgent"]),
        ("q=PLAIN", vec!["plain"]),
        ("kind=leaf", vec!["gone", "urgent", "plain"]),
        ("kind=composite", vec![]),
        ("parentId=01890000-0000-7000-8000-000000000001", vec![]),
        ("factoryId=f1", vec![]),
    ] {
        let reply = desk.get(&format!("/api/fleet/jobs?{filter}")).await;
        assert_eq!(titles(&reply), found, "{filter}");
    }
}

#[actix_web::test]
async fn a_star_lists_every_product() {
    let desk = desk().await;
    let submit = async |product: &str, title: &str| {
        let body = json!({"bodyMd": "x", "title": title}).to_string();
        desk.send("POST", "/api/fleet/jobs", &[("x-product-id", product)], body.as_bytes()).await.ok();
    };
    submit("zeta", "one").await;
    submit("acme", "two").await;
    submit("zeta", "three").await;
    let all = desk.send("GET", "/api/fleet/jobs?limit=2", &[("x-product-id", "*")], b"").await;
    assert_eq!(titles(&all), ["three", "two"]);
    let next = format!("/api/fleet/jobs?after={}", all.body["next"].as_str().unwrap());
    assert_eq!(titles(&desk.send("GET", &next, &[("x-product-id", "*")], b"").await), ["one"]);
    desk.send("GET", "/api/fleet/events", &[("x-product-id", "*")], b"").await.problem(400, "invalid-product");
}

#[actix_web::test]
async fn logs_go_on_where_a_reader_left_off() {
    let desk = desk().await;
    let job = desk.job(json!({})).await;
    desk.job(json!({})).await;
    desk.post(&format!("{job}/cancel"), json!({"reason": "x"})).await.ok();
    let seqs = |reply: &Reply| -> Vec<Value> {
        reply.ok()["data"].as_array().unwrap().iter().map(|event| event["seq"].clone()).collect()
    };
    assert_eq!(seqs(&desk.get("/api/fleet/events").await), [1, 2, 3, 4, 5]);
    let page = desk.get("/api/fleet/events?after=1&limit=2").await;
    assert_eq!((seqs(&page), &page.body["next"]), (vec![json!(2), json!(3)], &json!("3")));
    let of_job = desk.get(&format!("{job}/events?after=1")).await;
    assert_eq!((seqs(&of_job), &of_job.body["data"][1]["data"]["reason"]), (vec![json!(2), json!(5)], &json!("x")));
}

#[actix_web::test]
async fn factories_come_by_name() {
    let desk = desk().await;
    for id in ["c", "a", "b"] {
        desk.factory(id, json!({})).await;
    }
    let first = desk.get("/api/fleet/factories?limit=2").await;
    let names = |reply: &Reply| -> Vec<Value> {
        reply.ok()["data"].as_array().unwrap().iter().map(|one| one["factoryId"].clone()).collect()
    };
    assert_eq!(names(&first), ["a", "b"]);
    let next = first.body["next"].as_str().unwrap();
    assert_eq!(names(&desk.get(&format!("/api/fleet/factories?after={next}")).await), ["c"]);
    let b = desk.get("/api/fleet/factories/b").await;
    assert_eq!((b.ok()["seatLimit"].as_u64(), b.header("etag")), (Some(8), "\"1\""));
    desk.get("/api/fleet/factories/zz").await.problem(404, "unknown-factory");
    desk.get("/api/fleet/factories/a%20b").await.problem(404, "unknown-factory");
}
