//! Families of jobs: submitted as one, nested or in layers, and children that are given to a job that is there.

use serde_json::{Value, json};

use super::{Client, submitter};
use crate::sim::transport::Reply;

/// So many layers a graph of jobs has at most.
const LAYERS: u64 = 10;

/// Jobs of one request: how many there are so far, and what it calls each of them.
struct Draft {
    name: String,
    refs: Vec<String>,
}

/// Submits a parent with all that is below it.
pub(super) async fn submit(client: &mut Client) {
    let mut draft = Draft::new(client);
    let mut parent = submitter::job(client, 0);
    parent["ref"] = json!(draft.refer());
    let rng = &mut client.rng;
    parent["idempotencyKey"] = json!(format!("{}-all", draft.name));
    if rng.chance(500) {
        parent["autoComplete"] = json!(true);
    }
    parent["onDepFailure"] = json!(*rng.pick(&["block", "fail", "ignore", "ignore"]));
    parent["children"] = match rng.below(4) {
        0 => layers(client, &mut draft),
        _ => children(client, &mut draft, 0),
    };
    if let Some(below) = client.some_parent().filter(|_| client.rng.chance(100)) {
        parent["parentId"] = json!(below);
    }
    let reply = submitter::submit(client, &parent).await;
    client.learn(&reply.body["job"]);
    if let Some(id) = reply.body["job"]["id"].as_str().map(str::to_owned) {
        client.world.notes.borrow_mut().parent(&client.product, &id);
        look(client, &id).await;
    }
}

/// Gives a job children: under a lease, or as an operator.
pub(super) async fn adopt(client: &mut Client, parent: &str, epoch: Option<u64>) -> Reply {
    let mut draft = Draft::new(client);
    let mut children = children(client, &mut draft, 1);
    if client.rng.chance(60) {
        children[0]["dependsOn"] = json!([parent]);
    }
    let mut body = json!({"children": children});
    if let Some(epoch) = epoch {
        body["leaseEpoch"] = json!(epoch);
        if client.rng.chance(500) {
            body["factoryId"] = json!(client.name);
        }
    }
    let reply = client.insist_on("POST", format!("/api/fleet/jobs/{parent}/children"), &body).await;
    for job in reply.body["jobs"].as_array().into_iter().flatten() {
        client.learn(job);
    }
    if reply.is_ok() {
        client.world.notes.borrow_mut().parent(&client.product, parent);
    }
    reply
}

/// Looks at all that is below a job, and what that waits for.
pub(super) async fn look(client: &mut Client, job: &str) {
    let reply = client.get(format!("/api/fleet/jobs/{job}/dag")).await;
    for node in reply.body["nodes"].as_array().into_iter().flatten() {
        client.learn(node);
    }
}

impl Draft {
    fn new(client: &mut Client) -> Self {
        Self { name: format!("{}-family-{}-{}", client.name, client.left, client.rng.below(1_000)), refs: Vec::new() }
    }

    fn refer(&mut self) -> String {
        let name = format!("n{}", self.refs.len());
        self.refs.push(name.clone());
        name
    }
}

/// A few jobs of every kind, some of which wait for others of the request, and some have children of their own.
fn children(client: &mut Client, draft: &mut Draft, depth: u32) -> Value {
    let mut jobs = Vec::new();
    let keyed = client.rng.chance(700);
    for _ in 0..client.rng.within(1..=3) {
        let mut job = submitter::job(client, draft.refs.len());
        let mut on = job["dependsOn"].as_array().cloned().unwrap_or_default();
        // Whoever was named before comes from above or beside it: now and then that closes a circle.
        let most = if client.rng.chance(50) { 0 } else { usize::from(depth == 0) };
        if let Some(other) = client.rng.some(draft.refs.get(most..).unwrap_or_default()).filter(|_| on.is_empty()) {
            on.push(json!(other));
        }
        if !on.is_empty() {
            job["dependsOn"] = json!(on);
        }
        let name = draft.refer();
        job["ref"] = json!(name);
        job["idempotencyKey"] = json!(keyed.then(|| format!("{}-{name}", draft.name)));
        if depth < 2 && client.rng.chance(200) {
            job["children"] = children(client, draft, depth + 1);
            job["onDepFailure"] = json!("ignore");
        }
        jobs.push(job);
    }
    json!(jobs)
}

/// A graph in layers: each job waits for all of the layer before.
fn layers(client: &mut Client, draft: &mut Draft) -> Value {
    let (mut jobs, mut before) = (Vec::new(), Vec::new());
    for _ in 0..client.rng.within(2..=LAYERS) {
        let names: Vec<String> = (0..client.rng.within(1..=2)).map(|_| draft.refer()).collect();
        let layer = names.iter().map(|name| {
            json!({
                "bodyMd": "# Do it\n", "ref": name, "dependsOn": before, "onDepFailure": "ignore",
                "idempotencyKey": format!("{}-{name}", draft.name),
            })
        });
        jobs.extend(layer);
        before = names;
    }
    json!(jobs)
}
