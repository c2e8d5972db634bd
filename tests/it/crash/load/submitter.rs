//! Submits: under keys and without, alone and in batches, with dependencies, again, and with other content.

use std::time::Duration;

use serde_json::{Value, json};

use super::{insist, is_busy};
use crate::crash::world::Client;

/// No job has this id.
const NOBODY: &str = "01890000-0000-7000-8000-00000000dead";

pub(crate) async fn run(mut me: Client) {
    while once(&mut me).await.is_some() {
        tokio::time::sleep(Duration::from_millis(me.dice.below(12))).await;
    }
}

async fn once(me: &mut Client) -> Option<()> {
    if me.dice.one_in(6) {
        return batch(me).await;
    }
    let mut body = job(me);
    if me.dice.one_in(12) {
        let tried = me.ask("POST", "/jobs?dryRun=true", Some(body.clone())).await?;
        is_busy(&tried).await;
    }
    let reply = insist(me, "POST", "/jobs", body.clone()).await?;
    me.saw_job(reply.text("/job/id"));
    if body.get("idempotencyKey").is_none() {
        return Some(());
    }
    if me.dice.one_in(3) {
        me.ask("POST", "/jobs", Some(body.clone())).await?;
    }
    if me.dice.one_in(8) {
        body["title"] = json!("something else");
        me.ask("POST", "/jobs", Some(body)).await?;
    }
    Some(())
}

pub(super) fn job(me: &mut Client) -> Value {
    let text = "word ".repeat(usize::try_from(me.dice.below(60)).unwrap());
    let mut body = json!({
        "title": me.fresh("job"), "bodyMd": format!("do it\n\n{text}"),
        "retry": {"maxAttempts": 1 + me.dice.below(4), "backoffSec": 0},
    });
    if !me.dice.one_in(4) {
        body["idempotencyKey"] = json!(me.fresh("key"));
    }
    if let Some(priority) = me.dice.pick(&["critical", "high", "normal", "low"]) {
        body["priority"] = json!(priority);
    }
    if me.dice.one_in(5) {
        body["concurrencyKey"] = json!(format!("lock{}", me.dice.below(3)));
        body["concurrencyLimit"] = json!(2);
    }
    if me.dice.one_in(8) {
        body["approvals"] = json!({"required": 1});
    }
    if me.dice.one_in(8) {
        body["capabilities"] = json!(["docs"]);
    }
    if me.dice.one_in(4) {
        let mut on: Vec<String> = (0..=me.dice.below(2)).filter_map(|_| me.some_job()).collect();
        on.dedup();
        if me.dice.one_in(15) {
            on.push(NOBODY.to_owned());
        }
        body["dependsOn"] = json!(on);
        body["onDepFailure"] = json!(me.dice.pick(&["block", "fail", "ignore"]));
        body["depsMode"] = json!(me.dice.pick(&["all", "any"]));
    }
    body
}

/// Some jobs at once; the later ones may name the earlier ones.
async fn batch(me: &mut Client) -> Option<()> {
    let mut jobs: Vec<Value> = Vec::new();
    for n in 0..2 + me.dice.below(6) {
        let mut one = job(me);
        one["ref"] = json!(format!("r{n}"));
        if n > 0 && me.dice.one_in(3) {
            one["dependsOn"] = json!([format!("r{}", me.dice.below(n))]);
        }
        jobs.push(one);
    }
    let body = json!({ "jobs": jobs });
    let reply = insist(me, "POST", "/jobs/batch", body.clone()).await?;
    for result in reply.body["results"].as_array().into_iter().flatten() {
        me.saw_job(result.pointer("/job/id").and_then(Value::as_str).unwrap_or_default());
    }
    if me.dice.one_in(4) {
        me.ask("POST", "/jobs/batch", Some(body)).await?;
    }
    Some(())
}
