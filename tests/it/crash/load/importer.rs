//! A program that hands work in by the hundred: each entry under a key of its own, some that wait for others, now and
//! then all of it again, or again with one entry that says something else.

use std::time::Duration;

use serde_json::{Value, json};

use super::{insist, submitter};
use crate::crash::world::Client;

/// The fewest entries of a batch; the most is what a coordinator takes at once.
const FEWEST: u64 = 100;
const MOST: u64 = 1_000;
/// How many jobs of a batch the other clients hear of.
const TOLD: usize = 20;

pub(crate) async fn run(mut me: Client) {
    while once(&mut me).await.is_some() {
        tokio::time::sleep(Duration::from_millis(me.dice.below(3_000))).await;
    }
}

async fn once(me: &mut Client) -> Option<()> {
    let mut jobs: Vec<Value> = Vec::new();
    for n in 0..FEWEST + me.dice.below(MOST - FEWEST + 1) {
        let mut one = submitter::job(me);
        one["idempotencyKey"] = json!(me.fresh("key"));
        one["ref"] = json!(format!("r{n}"));
        if one.get("concurrencyKey").is_some() {
            one["concurrencyKey"] = json!(format!("bulk{}", me.dice.below(50)));
        }
        if n > 0 && me.dice.one_in(10) {
            one["dependsOn"] = json!([format!("r{}", me.dice.below(n))]);
        }
        jobs.push(one);
    }
    let mut body = json!({ "jobs": jobs });
    let reply = insist(me, "POST", "/jobs/batch", body.clone()).await?;
    for result in reply.body["results"].as_array().into_iter().flatten().take(TOLD) {
        me.saw_job(result.pointer("/job/id").and_then(Value::as_str).unwrap_or_default());
    }
    if me.dice.one_in(12) {
        if me.dice.one_in(2) {
            body["jobs"][0]["title"] = json!("something else");
        }
        me.ask("POST", "/jobs/batch", Some(body)).await?;
    }
    Some(())
}
