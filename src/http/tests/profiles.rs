//! Profiles: their versions, what they fill in, and that a run keeps the one it was granted with.
//! Told over the wire only.

use serde_json::{Value, json};

use super::{Desk, Reply, desk};

const PROFILES: &str = "/api/fleet/profiles";
const SETTINGS: &str = "/api/fleet/settings";

async fn publish(desk: &Desk, body: Value) -> Reply {
    let reply = desk.post(PROFILES, body).await;
    reply.ok();
    reply
}

fn pointers(reply: &Reply, status: u16) -> Vec<&str> {
    let errors = reply.problem(status, "invalid-request")["errors"].as_array().unwrap();
    errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn what_a_profile_says_anew_is_a_new_version_of_it() {
    let desk = desk().await;
    assert_eq!(desk.get(PROFILES).await.ok()["data"], json!([]));
    desk.get("/api/fleet/profiles/careful").await.problem(404, "not-found");
    let first =
        publish(&desk, json!({"name": "careful", "persona": "Be careful.\n", "defaults": {"yolo": true}})).await;
    assert_eq!((first.status, first.header("location")), (201, "/api/fleet/profiles/careful@1"));
    let snapshot = json!({"persona": "Be careful.\n", "defaults": {"yolo": true}});
    assert_eq!(
        (&first.body["productId"], &first.body["name"], &first.body["version"], &first.body["snapshot"]),
        (&json!("acme"), &json!("careful"), &json!(1), &snapshot)
    );
    let again =
        publish(&desk, json!({"persona": "Be careful.\n", "name": "careful", "defaults": {"yolo": true}})).await;
    assert_eq!((again.status, &again.body), (200, &first.body), "it says the same");
    let second = publish(&desk, json!({"name": "careful"})).await;
    assert_eq!((second.status, &second.body["snapshot"]), (201, &json!({"defaults": {}})));
    publish(&desk, json!({"name": "bold", "defaults": {}})).await;

    assert_eq!(desk.get("/api/fleet/profiles/careful").await.ok(), &second.body);
    for first_again in ["/api/fleet/profiles/careful@1", "/api/fleet/profiles/careful%401"] {
        assert_eq!(desk.get(first_again).await.ok(), &first.body);
    }
    for none in ["careful@3", "careful@0", "careful@x", "Careful", "b"] {
        desk.get(&format!("{PROFILES}/{none}")).await.problem(404, "not-found");
    }
    let names = |reply: &Reply| -> Vec<String> {
        let all = reply.ok()["data"].as_array().unwrap().iter();
        all.map(|one| format!("{}@{}", one["name"].as_str().unwrap(), one["version"])).collect()
    };
    let page = desk.get(&format!("{PROFILES}?limit=1")).await;
    assert_eq!(names(&page), ["bold@1"]);
    let next = page.body["next"].as_str().unwrap();
    let rest = desk.get(&format!("{PROFILES}?limit=1&after={next}")).await;
    assert_eq!((names(&rest), &rest.body["next"]), (vec!["careful@2".to_owned()], &Value::Null));

    let events = desk.get("/api/fleet/events").await;
    let told: Vec<_> = events.ok()["data"].as_array().unwrap().iter().map(|event| event["data"].clone()).collect();
    let version = |name: &str, version: u32| json!({"name": name, "version": version});
    assert_eq!(told, [version("careful", 1), version("careful", 2), version("bold", 1)]);
    let last = &events.body["data"][2];
    assert_eq!((&last["type"], &last["by"]), (&json!("profile.published"), &json!("operator:operator")));
}

#[actix_web::test]
async fn profiles_are_those_of_one_product() {
    let desk = desk().await;
    publish(&desk, json!({"name": "careful"})).await;
    let other = [("x-product-id", "other")];
    desk.send("GET", &format!("{PROFILES}/careful"), &other, b"").await.problem(404, "not-found");
    assert_eq!(desk.send("GET", PROFILES, &other, b"").await.ok()["data"], json!([]));
    let body = br#"{"bodyMd": "x", "profile": "careful"}"#;
    let refused = desk.send("POST", "/api/fleet/jobs", &other, body).await;
    assert_eq!(pointers(&refused, 422), ["/profile"]);
    let first = desk.send("POST", PROFILES, &other, br#"{"name": "careful", "persona": "Other."}"#).await;
    assert_eq!(first.ok()["version"], 1);
}

#[actix_web::test]
async fn what_no_profile_may_say_is_refused_by_name() {
    let desk = desk().await;
    let long = "x".repeat(64 * 1024 + 1);
    for (body, all) in [
        (json!({}), vec!["/name"]),
        (json!({"name": "A"}), vec!["/name"]),
        (json!({"name": "a@1"}), vec!["/name"]),
        (json!({"name": "a", "version": 1}), vec!["/version"]),
        (json!({"name": "a", "persona": " "}), vec!["/persona"]),
        (json!({"name": "a", "persona": long}), vec!["/persona"]),
        (json!({"name": "a", "defaults": {"title": "x"}}), vec!["/defaults/title"]),
        (json!({"name": "a", "defaults": {"bodyMd": "x"}}), vec!["/defaults/bodyMd"]),
        (json!({"name": "a", "defaults": {"profile": "b"}}), vec!["/defaults/profile"]),
        (json!({"name": "a", "defaults": {"engine": "codex"}}), vec!["/defaults/engine"]),
        (json!({"name": "a", "defaults": {"budget": {"eur": 1}}}), vec!["/defaults/budget/eur"]),
        (json!({"name": "a", "defaults": {"priority": "urgent"}}), vec!["/defaults/priority"]),
        (
            json!({"name": "a", "persona": "", "defaults": {
                "cwd": "/etc", "engines": ["a", "a"], "retry": {"maxAttempts": 0}, "approvals": {"required": 65},
            }}),
            vec![
                "/persona",
                "/defaults/cwd",
                "/defaults/engines/1",
                "/defaults/approvals/required",
                "/defaults/retry/maxAttempts",
            ],
        ),
    ] {
        let refused = desk.post(PROFILES, body).await;
        assert_eq!(pointers(&refused, 400), all, "{}", refused.text);
    }
    assert!(desk.edge.node.known(&"acme".parse().unwrap()).is_none(), "a refusal made a product");
}

#[actix_web::test]
async fn a_submit_is_filled_in_and_pinned_to_the_version_of_its_day() {
    let desk = desk().await;
    publish(&desk, json!({"name": "careful", "defaults": {
        "priority": "high", "engines": ["codex"], "repo": "/srv/shop", "verify": "make test", "yolo": true,
        "budget": {"usd": "2.5", "wallSec": 600}, "retry": {"maxAttempts": 5, "backoffSec": 1}, "labels": {"team": "red"},
        "approvals": {"reviewers": ["ann", "bob"]}, "timeoutSec": 60,
    }})).await;
    let members = json!({
        "bodyMd": "# Do it\n", "profile": "careful", "idempotencyKey": "k", "priority": "low", "yolo": false,
        "budget": {"usd": "1"}, "retry": {"backoffSec": 7}, "labels": {}, "engine": "claude",
    });
    let submitted = desk.post("/api/fleet/jobs", members.clone()).await;
    let job = submitted.ok()["job"].clone();
    let shown = |member: &str| job[member].clone();
    assert_eq!((submitted.status, shown("profile")), (201, json!("careful@1")));
    let given = ["priority", "yolo", "labels", "engines"].map(shown);
    assert_eq!(given, [json!("low"), json!(false), json!({}), json!(["claude"])]);
    let filled = ["repo", "verify", "timeoutSec"].map(shown);
    assert_eq!(filled, [json!("/srv/shop"), json!("make test"), json!(60)]);
    assert_eq!(shown("budget"), json!({"usd": "1", "wallSec": 600}), "each limit counts by itself");
    assert_eq!(shown("retry"), json!({"maxAttempts": 5, "backoffSec": 7}));
    assert_eq!(shown("approvals"), json!({"required": 2, "reviewers": ["ann", "bob"], "by": []}));

    publish(&desk, json!({"name": "careful", "persona": "New.", "defaults": {"priority": "critical"}})).await;
    let repeated = desk.post("/api/fleet/jobs", members).await;
    assert_eq!((repeated.status, &repeated.body["outcome"]), (200, &json!("duplicate")), "{}", repeated.text);
    assert_eq!(repeated.body["job"], job);
    let dry = json!({"bodyMd": "x", "profile": "careful"});
    let dry = desk.post("/api/fleet/jobs?dryRun=true", dry).await;
    assert_eq!((&dry.ok()["job"]["profile"], &dry.body["job"]["priority"]), (&json!("careful@2"), &json!("critical")));
    let old = desk.get(&desk.job(json!({"profile": "careful@1"})).await).await;
    assert_eq!((&old.ok()["profile"], &old.body["priority"]), (&json!("careful@1"), &json!("high")));
    let markdown = b"---\nprofile: careful@1\npriority: low\n---\n# Do it\n";
    let headers = [("x-product-id", "acme"), ("content-type", "text/markdown")];
    let markdown = desk.send("POST", "/api/fleet/jobs", &headers, markdown).await;
    let job = &markdown.ok()["job"];
    assert_eq!((&job["priority"], &job["verify"]), (&json!("low"), &json!("make test")));
}

#[actix_web::test]
async fn a_profile_that_there_is_not_is_refused_where_it_stands() {
    let desk = desk().await;
    publish(&desk, json!({"name": "careful", "defaults": {"priority": "high"}})).await;
    let submit = |members: Value| desk.post("/api/fleet/jobs", members);
    assert_eq!(pointers(&submit(json!({"bodyMd": "x", "profile": "bold"})).await, 422), ["/profile"]);
    assert_eq!(pointers(&submit(json!({"bodyMd": "x", "profile": "careful@2"})).await, 422), ["/profile"]);
    assert_eq!(pointers(&submit(json!({"bodyMd": "x", "profile": "Care ful"})).await, 400), ["/profile"]);
    let family = |profile: &str| json!({"bodyMd": "x", "children": [{"bodyMd": "y", "profile": "careful"}, {"bodyMd": "z", "profile": profile}]});
    assert_eq!(pointers(&submit(family("bold")).await, 422), ["/children/1/profile"]);
    let dry = desk.post("/api/fleet/jobs?dryRun=true", json!({"bodyMd": "x", "profile": "bold"})).await;
    assert_eq!(pointers(&dry, 422), ["/profile"]);
    assert_eq!(desk.get("/api/fleet/jobs").await.ok()["data"], json!([]), "nothing was made");

    let parent = submit(family("careful@1")).await.ok()["job"]["id"].as_str().unwrap().to_owned();
    let children = desk.get(&format!("/api/fleet/jobs?parentId={parent}")).await;
    let priorities: Vec<_> =
        children.ok()["data"].as_array().unwrap().iter().map(|job| job["priority"].clone()).collect();
    assert_eq!(priorities, [json!("high"), json!("high")]);
    let more = json!({"children": [{"bodyMd": "w", "profile": "careful"}]});
    let more = desk.post(&format!("/api/fleet/jobs/{parent}/children"), more).await;
    assert_eq!(more.ok()["jobs"][0]["profile"], "careful@1");
    let batch = json!({"jobs": [{"bodyMd": "x", "profile": "bold"}, {"bodyMd": "y", "profile": "careful"}]});
    let batch = desk.post("/api/fleet/jobs/batch", batch).await;
    let [bad, good] = [0, 1].map(|at| batch.ok()["results"][at].clone());
    assert_eq!((&bad["status"], &bad["problem"]["errors"][0]["pointer"]), (&json!(422), &json!("/profile")));
    assert_eq!((&good["status"], &good["job"]["priority"]), (&json!(201), &json!("high")));
}

#[actix_web::test]
async fn the_product_s_own_defaults_lie_below_every_profile() {
    let desk = desk().await;
    let unknown = desk.put(SETTINGS, &[], json!({"defaultProfile": "careful"})).await;
    assert_eq!(pointers(&unknown, 422), ["/defaultProfile"]);
    assert!(desk.edge.node.known(&"acme".parse().unwrap()).is_none(), "a refusal made a product");
    publish(&desk, json!({"name": "careful", "defaults": {"priority": "high"}})).await;
    publish(&desk, json!({"name": "placed", "defaults": {"repo": "/srv/own"}})).await;
    let set = json!({"defaultProfile": "careful", "defaultRepo": "/srv/shop"});
    assert_eq!(desk.put(SETTINGS, &[], set).await.ok()["defaultProfile"], "careful");
    let shown = |members: Value| async {
        let job = desk.get(&desk.job(members).await).await;
        ["profile", "priority", "repo"].map(|member| job.ok()[member].as_str().unwrap_or("-").to_owned())
    };
    assert_eq!(shown(json!({})).await, ["careful@1", "high", "/srv/shop"]);
    assert_eq!(shown(json!({"profile": "placed"})).await, ["placed@1", "normal", "/srv/own"]);
    assert_eq!(shown(json!({"repo": "/srv/mine", "priority": "low"})).await, ["careful@1", "low", "/srv/mine"]);
    publish(&desk, json!({"name": "careful", "defaults": {"priority": "critical"}})).await;
    assert_eq!(shown(json!({})).await, ["careful@2", "critical", "/srv/shop"]);
    desk.put(SETTINGS, &[], json!({"defaultProfile": "careful@1"})).await.ok();
    assert_eq!(shown(json!({})).await, ["careful@1", "high", "-"]);
    desk.put(SETTINGS, &[], json!({})).await.ok();
    assert_eq!(shown(json!({})).await, ["-", "normal", "-"]);
}

#[actix_web::test]
async fn an_operator_who_changes_the_profile_changes_what_came_from_it() {
    let desk = desk().await;
    publish(&desk, json!({"name": "careful", "defaults": {"priority": "high", "timeoutSec": 60, "verify": "a"}})).await;
    publish(&desk, json!({"name": "bold", "defaults": {"priority": "critical", "engines": ["codex"], "verify": "b"}}))
        .await;
    let job = desk.job(json!({"profile": "careful", "verify": "mine"})).await;
    let any = [("if-match", "*")];
    let shown = |reply: &Reply| {
        ["profile", "priority", "timeoutSec", "engines", "verify"].map(|member| reply.ok()[member].clone())
    };
    let edited = desk.patch(&job, &any, json!({"profile": "bold"})).await;
    let bold = [json!("bold@1"), json!("critical"), Value::Null, json!(["codex"]), json!("mine")];
    assert_eq!(shown(&edited), bold);
    let events = desk.get(&format!("{job}/events")).await;
    let changed = &events.ok()["data"].as_array().unwrap().last().unwrap()["data"]["changed"];
    assert_eq!(changed, &json!(["priority", "engines", "timeoutSec", "profile"]));
    let same = desk.patch(&job, &any, json!({"profile": "bold@1"})).await;
    assert_eq!((shown(&same), &same.body["rev"]), (bold, &edited.body["rev"]), "no change");

    // What an operator says is given by hand from then on.
    desk.patch(&job, &any, json!({"priority": "low", "timeoutSec": null})).await.ok();
    let back = desk.patch(&job, &any, json!({"profile": "careful", "engines": ["claude"]})).await;
    assert_eq!(shown(&back), [json!("careful@1"), json!("low"), Value::Null, json!(["claude"]), json!("mine")]);
    let none = desk.patch(&job, &any, json!({"profile": null})).await;
    assert_eq!(shown(&none), [Value::Null, json!("low"), Value::Null, json!(["claude"]), json!("mine")]);
    assert_eq!(pointers(&desk.patch(&job, &any, json!({"profile": "shy"})).await, 422), ["/profile"]);
    assert_eq!(pointers(&desk.patch(&job, &any, json!({"profile": "Shy"})).await, 400), ["/profile"]);

    desk.factory("f1", json!({"engines": [{"name": "claude", "state": "available"}]})).await;
    desk.post("/api/fleet/claim", json!({"factoryId": "f1"})).await.ok();
    let leased = desk.patch(&job, &any, json!({"profile": "bold"})).await;
    leased.problem(409, "illegal-transition");
    assert_eq!(desk.get(&job).await.ok()["profile"], Value::Null);
}

#[actix_web::test]
async fn a_run_keeps_the_profile_that_it_was_granted_with() {
    let desk = desk().await;
    publish(&desk, json!({"name": "careful", "persona": "Be careful.", "defaults": {"priority": "high"}})).await;
    let job = desk.job(json!({"profile": "careful"})).await;
    desk.job(json!({"priority": "low"})).await;
    desk.factory("f1", json!({})).await;
    let claim = json!({"factoryId": "f1", "claimId": "c1"});
    let granted = desk.post("/api/fleet/claim", claim.clone()).await;
    let snapshot = json!({"name": "careful", "version": 1, "persona": "Be careful.", "defaults": {"priority": "high"}});
    assert_eq!(granted.ok()["run"]["profileSnapshot"], snapshot);
    publish(&desk, json!({"name": "careful", "persona": "Be bold."})).await;
    let repeated = desk.post("/api/fleet/claim", claim).await;
    assert_eq!((&repeated.ok()["repeated"], &repeated.body["run"]["profileSnapshot"]), (&json!(true), &snapshot));
    let runs = async || desk.get(&format!("{job}/runs")).await;
    assert_eq!(runs().await.ok()["data"][0]["profileSnapshot"], snapshot, "while it goes on");

    desk.post(&format!("{job}/lease/release"), json!({"leaseEpoch": 1})).await.ok();
    desk.patch(&job, &[("if-match", "*")], json!({"profile": "careful", "priority": "critical"})).await.ok();
    let again = desk.post("/api/fleet/claim", json!({"factoryId": "f1"})).await;
    let newer = json!({"name": "careful", "version": 2, "persona": "Be bold.", "defaults": {}});
    assert_eq!(again.ok()["run"]["profileSnapshot"], newer);
    let all: Vec<_> =
        runs().await.ok()["data"].as_array().unwrap().iter().map(|run| run["profileSnapshot"].clone()).collect();
    assert_eq!(all, [snapshot, newer]);
    let other = desk.post("/api/fleet/claim", json!({"factoryId": "f1"})).await;
    assert!(other.ok()["run"].get("profileSnapshot").is_none(), "a job without a profile");
}
