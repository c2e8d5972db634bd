//! People and their programs: look, steer, change their minds. Also a zombie, which works under leases that are long
//! somebody else's, and a gatekeeper, which stops and starts the product.

use std::time::Duration;

use serde_json::json;

use super::{insist, is_busy, worker};
use crate::crash::world::Client;

pub(crate) async fn run(mut me: Client) {
    while once(&mut me).await.is_some() {
        tokio::time::sleep(Duration::from_millis(me.dice.below(6))).await;
    }
}

async fn once(me: &mut Client) -> Option<()> {
    let Some(job) = me.some_job() else {
        return me.ask("GET", "/jobs?limit=20", None).await.map(drop);
    };
    let path = format!("/jobs/{job}");
    let action = |name: &str| format!("{path}/{name}");
    let seldom = me.dice.one_in(4);
    let reply = match me.dice.below(16) {
        0..=2 => insist(me, "POST", &action("ship"), json!({})).await?,
        3 => insist(me, "POST", &action("reject"), json!({"note": "again", "final": seldom})).await?,
        4 => insist(me, "POST", &action("cancel"), json!({"reason": "not needed"})).await?,
        5 => insist(me, "POST", &action("requeue"), json!({"fresh": seldom, "note": "once more"})).await?,
        6 => insist(me, "POST", &action("approve"), json!({"note": "fine"})).await?,
        7 | 8 => insist(me, "POST", &action("answer"), json!({"text": "the left one"})).await?,
        9..=11 => return edit(me, &path).await,
        12 => me.ask("GET", &action("runs"), None).await?,
        13 => me.ask("GET", &action("events"), None).await?,
        14 => me.ask("GET", "/jobs?stage=review&limit=50", None).await?,
        _ => me.ask("GET", &action("lease"), None).await?,
    };
    is_busy(&reply).await;
    Some(())
}

/// Reads a job, then changes it as it was read.
async fn edit(me: &mut Client, path: &str) -> Option<()> {
    let seen = me.ask("GET", path, None).await?;
    let rev = seen.number("/rev");
    if seen.status != 200 {
        return Some(());
    }
    let change = match me.dice.below(3) {
        0 => json!({"priority": me.dice.pick(&["critical", "high", "normal", "low"])}),
        1 => json!({"labels": {"turn": me.dice.below(100).to_string()}}),
        _ => json!({"bodyMd": me.fresh("do it otherwise")}),
    };
    let reply = me.ask_if("PATCH", path, Some(rev), Some(change)).await?;
    is_busy(&reply).await;
    Some(())
}

/// Reports, renews and gives back under leases of anybody, of any age.
pub(crate) async fn zombie(mut me: Client) {
    loop {
        tokio::time::sleep(Duration::from_millis(2 + me.dice.below(20))).await;
        let Some(lease) = me.some_lease() else {
            match me.ask("GET", "/jobs?limit=1", None).await {
                Some(_) => continue,
                None => return,
            }
        };
        let asked = match me.dice.below(3) {
            0 => worker::renew(&me, &lease).await,
            1 => worker::release(&mut me, &lease).await,
            _ => {
                let late = json!({
                    "leaseEpoch": lease.epoch, "factoryId": lease.factory, "stage": "review",
                    "insights": {"costUsd": "1.25"}, "reportId": me.fresh("late"),
                });
                me.ask("PATCH", &format!("/jobs/{}", lease.job), Some(late)).await.map(drop)
            }
        };
        if asked.is_none() {
            return;
        }
    }
}

/// Stops and starts the product, and a factory of it, now and then.
pub(crate) async fn gatekeeper(mut me: Client) {
    // An earlier life may have ended while the gate was closed.
    let mut orders = vec!["/resume".to_owned(), "/factories/f0/resume".to_owned()];
    loop {
        for order in orders {
            if me.ask("POST", &order, Some(json!({}))).await.is_none() {
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(100 + me.dice.below(400))).await;
        let pair = match me.dice.below(6) {
            0 => ["/estop", "/resume"],
            1 | 2 => ["/pause", "/resume"],
            _ => ["/factories/f0/drain", "/factories/f0/resume"],
        };
        orders = pair.map(str::to_owned).to_vec();
    }
}
