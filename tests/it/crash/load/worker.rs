//! A factory: beats, claims, renews, reports, repeats itself, gives back, forgets.

use std::time::Duration;

use serde_json::{Value, json};

use super::{insist, is_busy};
use crate::crash::desk::Reply;
use crate::crash::world::{Client, Lease};

/// The shortest that the coordinator grants.
pub(super) const TTL_SEC: u32 = 10;
/// Seats of a worker.
const SEATS: u32 = 40;

pub(crate) async fn run(mut me: Client) {
    let mut held = me.take_held(&me.name);
    if beat(&mut me, &held, SEATS).await.is_some() {
        while once(&mut me, &mut held).await.is_some() {}
    }
    me.keep_held(&me.name, held);
}

async fn once(me: &mut Client, held: &mut Vec<Lease>) -> Option<()> {
    if me.dice.one_in(15) {
        beat(me, held, SEATS).await?;
    }
    let full = held.len() > 4;
    if full || (!held.is_empty() && me.dice.one_in(2)) {
        let at = usize::try_from(me.dice.below(held.len() as u64)).unwrap();
        let lease = held.swap_remove(at);
        return work(me, held, lease).await;
    }
    if !claim(me, held).await? {
        tokio::time::sleep(Duration::from_millis(2 + me.dice.below(10))).await;
    }
    Some(())
}

/// A heartbeat that lists what is held; now and then the card has changed.
pub(super) async fn beat(me: &mut Client, held: &[Lease], seats: u32) -> Option<()> {
    let leases: Vec<Value> = held.iter().map(|lease| json!({"jobId": lease.job, "leaseEpoch": lease.epoch})).collect();
    let mut body = json!({
        "factoryId": me.name, "seatLimit": seats, "heartbeatSec": 30, "leases": leases,
        "load": me.dice.below(100) as f64 / 100.0,
    });
    if !me.name.ends_with('0') {
        body["capabilities"] = json!(["docs"]);
    }
    if me.dice.one_in(10) {
        body["repos"] = json!([format!("repo{}", me.dice.below(5))]);
    }
    insist(me, "POST", "/factories/heartbeat", body).await.map(drop)
}

/// Claims. True: something was granted.
async fn claim(me: &mut Client, held: &mut Vec<Lease>) -> Option<bool> {
    let mut body = json!({"factoryId": me.name, "leaseTtlSec": TTL_SEC});
    if !me.dice.one_in(4) {
        body["claimId"] = json!(me.fresh("claim"));
    }
    if me.dice.one_in(3) {
        body["waitSec"] = json!(1);
    }
    if me.dice.one_in(10) {
        body["max"] = json!(2 + me.dice.below(3));
    }
    let reply = me.ask("POST", "/claim", Some(body.clone())).await?;
    if is_busy(&reply).await || reply.status != 200 {
        return Some(false);
    }
    take(me, held, &reply);
    if body.get("claimId").is_some() && me.dice.one_in(6) {
        me.ask("POST", "/claim", Some(body)).await?;
    }
    Some(true)
}

pub(super) fn take(me: &Client, held: &mut Vec<Lease>, reply: &Reply) {
    let one = std::slice::from_ref(&reply.body);
    for grant in reply.body["grants"].as_array().map_or(one, Vec::as_slice) {
        let job = grant.pointer("/job/id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let epoch = grant["leaseEpoch"].as_u64().unwrap_or_default();
        let lease = Lease { job, epoch, factory: me.name.clone() };
        me.was_granted(&lease);
        held.push(lease);
    }
}

/// Does something with a lease; it comes back to the held ones if it is to go on.
pub(super) async fn work(me: &mut Client, held: &mut Vec<Lease>, lease: Lease) -> Option<()> {
    match me.dice.below(12) {
        // Forgotten: it ends by its heartbeats or by its time.
        0 => {}
        1 => release(me, &lease).await?,
        2 => {
            renew(me, &lease).await?;
            held.push(lease);
        }
        3 => {
            let ended = json!({"stage": "failed", "reason": "no luck", "retryable": !me.dice.one_in(3)});
            report(me, &lease, ended).await?;
        }
        4 => {
            report(me, &lease, json!({"stage": "blocked", "question": "which one?"})).await?;
        }
        5 => {
            let checkpoint = json!({"wipBranch": me.fresh("wip"), "note": "half of it"});
            report(me, &lease, json!({"stage": "building", "checkpoint": checkpoint})).await?;
            held.push(lease);
        }
        6 => {
            let done = json!({"stage": "review", "result": "succeeded", "checkpoint": {"wipBranch": "wip"}});
            report(me, &lease, done).await?;
            if me.dice.one_in(2) {
                release(me, &lease).await?;
            }
        }
        _ => deliver(me, &lease).await?,
    }
    Some(())
}

/// The straight road to `shipped`, as far as it goes.
async fn deliver(me: &mut Client, lease: &Lease) -> Option<()> {
    let spent = |cents: u64| json!({"costUsd": format!("0.{cents:02}"), "tokensIn": cents * 100, "turns": cents});
    let cents = me.dice.below(40);
    for step in [
        json!({"stage": "building", "insights": spent(cents)}),
        json!({"insights": spent(cents + 20)}),
        json!({"stage": "review", "verifyResult": "passed", "checkpoint": {"wipBranch": "wip"}}),
        json!({"stage": "testing"}),
        json!({"stage": "shipped", "result": "succeeded", "exit": 0, "insights": spent(cents + 50)}),
    ] {
        if me.dice.one_in(5) {
            continue;
        }
        if report(me, lease, step).await?.status != 200 {
            return release(me, lease).await;
        }
    }
    if me.dice.one_in(4) {
        renew(me, lease).await?;
    }
    Some(())
}

/// Reports; repeats now and then; seldom says something else under the same id.
async fn report(me: &mut Client, lease: &Lease, mut body: Value) -> Option<Reply> {
    body["leaseEpoch"] = json!(lease.epoch);
    if !me.dice.one_in(4) {
        body["factoryId"] = json!(lease.factory);
    }
    if !me.dice.one_in(3) {
        body["reportId"] = json!(me.fresh("report"));
    }
    let path = format!("/jobs/{}", lease.job);
    let reply = insist(me, "PATCH", &path, body.clone()).await?;
    if me.dice.one_in(6) {
        me.ask("PATCH", &path, Some(body.clone())).await?;
    }
    if body.get("reportId").is_some() && me.dice.one_in(25) {
        body["reason"] = json!("said otherwise");
        me.ask("PATCH", &path, Some(body)).await?;
    }
    Some(reply)
}

pub(super) async fn renew(me: &Client, lease: &Lease) -> Option<()> {
    let body = json!({"leaseEpoch": lease.epoch, "factoryId": lease.factory});
    insist(me, "POST", &format!("/jobs/{}/lease/renew", lease.job), body).await.map(drop)
}

pub(super) async fn release(me: &mut Client, lease: &Lease) -> Option<()> {
    let mut body = json!({"leaseEpoch": lease.epoch});
    if me.dice.one_in(3) {
        body["result"] = json!("quota");
    }
    insist(me, "POST", &format!("/jobs/{}/lease/release", lease.job), body).await.map(drop)
}
