//! The OpenAPI document and the table of routes are one.
//! Neither can have what the other has not.

use std::collections::BTreeSet;

use serde_json::Value;

use super::desk;
use crate::http::{document, openapi, routes};

#[test]
fn every_route_is_documented_and_nothing_else() {
    let routed: BTreeSet<(String, String)> =
        routes::table().iter().map(|route| (route.template.clone(), route.method.as_str().to_lowercase())).collect();
    assert_eq!(routed.len(), routes::table().len(), "a route is in the table twice");
    let written = serde_json::to_value(document("1")).unwrap();
    let paths = written["paths"].as_object().unwrap();
    let documented: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| (path.clone(), method.clone())))
        .collect();
    assert_eq!(documented, routed);
}

#[test]
fn every_operation_says_what_it_is_about() {
    let mut document = document("1");
    let mut ids = BTreeSet::new();
    for (path, item) in &mut document.paths.paths {
        for operation in openapi::operations(item) {
            let id = operation.operation_id.clone().unwrap();
            assert!(ids.insert(id.clone()), "{id} is used twice");
            assert!(operation.summary.as_ref().is_some_and(|summary| !summary.is_empty()), "{id} has no summary");
            let written = serde_json::to_value(&*operation).unwrap();
            let header = written["parameters"].to_string().contains("X-Product-Id");
            assert_eq!(header, path.starts_with("/api/fleet/"), "{id}");
            let parameter = written["parameters"].to_string().contains(r#""in":"path""#);
            assert_eq!(parameter, path.contains('{'), "{id}");
            let problem = &written["responses"]["default"]["content"]["application/problem+json"];
            assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem", "{id}");
            let reads = id.starts_with("get") || id.starts_with("list");
            assert_eq!(written["requestBody"].is_object(), !reads, "{id}");
        }
    }
}

/// Every schema that is named anywhere.
fn named(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(name) = members.get("$ref").and_then(Value::as_str) {
                names.insert(name.trim_start_matches("#/components/schemas/").to_owned());
            }
            members.values().for_each(|member| named(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[actix_web::test]
async fn the_document_is_whole_and_served() {
    let desk = desk().await;
    let served = desk.get("/api/openapi.json").await;
    assert_eq!(served.header("content-type"), "application/json");
    let written = served.ok();
    assert_eq!(written["info"]["version"], "1.2.3");
    assert!(written["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut names = BTreeSet::new();
    named(written, &mut names);
    let defined = written["components"]["schemas"].as_object().unwrap();
    let missing: Vec<_> = names.iter().filter(|name| !defined.contains_key(*name)).collect();
    assert!(missing.is_empty(), "{missing:?} are named but not defined");
}
