//! A factory with many seats: claims dozens of jobs at once and works on all of them at the same time.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use super::{is_busy, worker};
use crate::crash::world::{Client, Lease};

/// Seats of a host.
const SEATS: u32 = 256;
/// The most jobs that one claim asks for.
pub(super) const AT_ONCE: usize = 64;

pub(crate) async fn run(mut me: Client) {
    let mut held = me.take_held(&me.name);
    if worker::beat(&mut me, &held, SEATS).await.is_some() {
        while once(&mut me, &mut held).await.is_some() {}
    }
    me.keep_held(&me.name, held);
}

async fn once(me: &mut Client, held: &mut Vec<Lease>) -> Option<()> {
    if me.dice.one_in(15) {
        worker::beat(me, held, SEATS).await?;
    }
    // No id: a claim for several jobs has none.
    let body = json!({
        "factoryId": me.name, "leaseTtlSec": worker::TTL_SEC, "max": 2 + me.dice.below(AT_ONCE as u64 - 1), "waitSec": 1,
    });
    let reply = me.ask("POST", "/claim", Some(body)).await?;
    match reply.status {
        200 => worker::take(me, held, &reply),
        // Drained after failures in a row: somebody looks into it and lets it go on.
        409 => {
            tokio::time::sleep(Duration::from_millis(50)).await;
            me.ask("POST", &format!("/factories/{}/resume", me.name), Some(json!({}))).await?;
        }
        _ => drop(is_busy(&reply).await),
    }
    let works = std::mem::take(held).into_iter().map(|lease| {
        let mut me = me.twin();
        async move {
            let mut left = Vec::new();
            let answered = worker::work(&mut me, &mut left, lease).await;
            (left, answered)
        }
    });
    let mut all = Some(());
    for (left, answered) in join_all(works).await {
        held.extend(left);
        all = all.and(answered);
    }
    all
}
