//! Which submits become a spec, and which members of the others are named.

use domain::JobId;
use domain::job::spec::{OnDepFailure, Retry};
use domain::job::state::Priority;

use super::SubmitRequest;
use crate::body::strict;
use crate::problem::{Code, Problem};

const ID: &str = "01890000-0000-7000-8000-000000000001";
const OTHER: &str = "01890000-0000-7000-8000-000000000002";

fn submit(members: &str) -> Result<domain::job::spec::Spec, Problem> {
    let json = format!("{{\"bodyMd\":\"# Fix it\",{members}}}").replace(",}", "}");
    let request: SubmitRequest = strict(json.as_bytes()).unwrap();
    request.into_spec(&domain::profile::Usual::default(), |name| {
        (name == "first").then(|| OTHER.parse::<JobId>().unwrap())
    })
}

#[test]
fn absent_members_take_their_defaults() {
    let spec = submit("").unwrap();
    assert_eq!((spec.title.as_str(), spec.manifest_json.as_str()), ("Fix it", "{}"));
    assert_eq!((spec.priority, spec.concurrency_limit, spec.retry), (Priority::Normal, 1, Retry::default()));
    assert_eq!((spec.content_hash, spec.on_dep_failure), (None, OnDepFailure::Block));
}

#[test]
fn members_arrive_in_the_spec() {
    let spec = submit(
        r#""title":" T ","engine":"codex","budget":{"usd":2.5,"wallSec":60},"retry":{"maxAttempts":5},
        "approvals":{"reviewers":["ann","bob"]},"idempotencyKey":"k","dueAt":"1970-01-01T00:00:01Z","labels":{"team":"core"}"#,
    )
    .unwrap();
    assert_eq!((spec.title.as_str(), spec.engines), ("T", vec!["codex".to_owned()]));
    assert_eq!((spec.budget.usd.unwrap().0, spec.budget.wall_sec), (2_500_000, Some(60)));
    assert_eq!(spec.retry, Retry { max_attempts: 5, backoff_sec: 30 });
    assert_eq!(spec.approvals.required, 2);
    assert_eq!(spec.due_at.unwrap().0, 1_000);
    assert_eq!(spec.content_hash.unwrap().len(), 64);
}

#[test]
fn dependencies_are_ids_or_refs() {
    let spec = submit(&format!(r#""dependsOn":["{ID}","first"]"#)).unwrap();
    assert_eq!(spec.depends_on, [ID.parse().unwrap(), OTHER.parse().unwrap()]);

    let problem = submit(r#""dependsOn":["first","second"]"#).unwrap_err();
    assert_eq!((problem.code, problem.errors[0].pointer.as_str()), (Code::UnknownDependency, "/dependsOn/1"));
    let problem = submit(&format!(r#""dependsOn":["first","{OTHER}"]"#)).unwrap_err();
    assert_eq!((problem.code, problem.errors[0].detail.as_str()), (Code::InvalidRequest, "is named twice"));
}

#[test]
fn members_out_of_bounds_are_named() {
    let long = |n: usize| "x".repeat(n);
    let many = |n: usize| (0..n).map(|i| format!("\"w{i}\"")).collect::<Vec<_>>().join(",");
    for (members, pointer) in [
        (format!(r#""title":"{}""#, long(201)), "/title"),
        (r#""title":"  ""#.into(), "/title"),
        (r#""title":"a\nb""#.into(), "/title"),
        (r#""capabilities":["ok","not ok"]"#.into(), "/capabilities/1"),
        (r#""capabilities":["a","a"]"#.into(), "/capabilities/1"),
        (format!(r#""capabilities":[{}]"#, many(65)), "/capabilities"),
        (r#""engines":[""]"#.into(), "/engines/0"),
        (r#""engine":"a","engines":["b"]"#.into(), "/engine"),
        (format!(r#""engineClass":"{}""#, long(129)), "/engineClass"),
        (format!(r#""idempotencyKey":"{}""#, long(257)), "/idempotencyKey"),
        (r#""idempotencyKey":"""#.into(), "/idempotencyKey"),
        (format!(r#""concurrencyKey":"{}""#, long(257)), "/concurrencyKey"),
        (r#""concurrencyLimit":0"#.into(), "/concurrencyLimit"),
        (r#""retry":{"maxAttempts":0}"#.into(), "/retry/maxAttempts"),
        (r#""retry":{"maxAttempts":101}"#.into(), "/retry/maxAttempts"),
        (r#""retry":{"backoffSec":3601}"#.into(), "/retry/backoffSec"),
        (r#""timeoutSec":0"#.into(), "/timeoutSec"),
        (r#""timeoutSec":2592001"#.into(), "/timeoutSec"),
        (r#""budget":{"wallSec":0}"#.into(), "/budget/wallSec"),
        (r#""labels":{"a b":"x"}"#.into(), "/labels/a b"),
        (format!(r#""verify":"{}""#, long(4_097)), "/verify"),
        (format!(r#""repo":"{}""#, long(4_097)), "/repo"),
        (r#""repo":"--upload-pack=x""#.into(), "/repo"),
        (r#""base":"-x""#.into(), "/base"),
        (r#""cwd":"-x""#.into(), "/cwd"),
        (r#""cwd":"/etc""#.into(), "/cwd"),
        (r#""cwd":"a/../b""#.into(), "/cwd"),
        (r#""cwd":"..\\b""#.into(), "/cwd"),
        (r#""cwd":"c:x""#.into(), "/cwd"),
        (format!(r#""ref":"{ID}""#), "/ref"),
        (format!(r#""dependsOn":[{}]"#, many(1_001)), "/dependsOn"),
        (r#""approvals":{"required":3,"reviewers":["a","b"]}"#.into(), "/approvals/required"),
    ] {
        let problem = submit(&members).expect_err(&members);
        let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!((problem.status, pointers), (400, vec![pointer]), "{members}");
    }
}

#[test]
fn bounds_themselves_are_allowed() {
    let title = "é".repeat(200);
    let members = format!(
        r#""title":"{title}","timeoutSec":2592000,"retry":{{"maxAttempts":100,"backoffSec":3600}},"cwd":"a/b..c",
        "capabilities":["os:linux","a/b@1.0+x-y_z"],"approvals":{{"required":1,"reviewers":["a","b"]}}"#
    );
    assert_eq!(submit(&members).unwrap().title, title);
}

#[test]
fn a_body_must_say_something() {
    for body in ["", " \\n ", "a\\u0000b"] {
        let request: SubmitRequest = strict(format!("{{\"bodyMd\":\"{body}\"}}").as_bytes()).unwrap();
        let problem = request.into_spec(&domain::profile::Usual::default(), |_| None).unwrap_err();
        assert_eq!(problem.errors[0].pointer, "/bodyMd", "{body}");
    }
}

#[test]
fn every_refusal_is_told_at_once() {
    let problem = submit(r#""title":"","timeoutSec":0,"base":"-x""#).unwrap_err();
    assert_eq!(problem.errors.len(), 3);
    assert_eq!(problem.detail, "3 members are invalid");
}
