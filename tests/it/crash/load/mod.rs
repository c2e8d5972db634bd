//! The load: clients of every kind, each a task that goes on until the coordinator is gone.
//! They assert nothing: every request and its answer is in the history, which is judged afterwards.

mod host;
mod importer;
mod operator;
mod submitter;
mod worker;

use checker::Call;
use futures::{StreamExt, stream};
use serde_json::Value;
use tokio::task::JoinSet;

use super::desk::{Desk, Reply};
use super::dice::Dice;
use super::world::{Client, World};

/// The products that the load is about.
const PRODUCTS: [&str; 2] = ["acme", "blue"];
/// A product that the load leaves alone.
pub(crate) const QUIET: &str = "quiet";
/// Every product that a history is about.
pub(crate) const ALL: [&str; 3] = [PRODUCTS[0], PRODUCTS[1], QUIET];

/// How many clients of each kind a product has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowd {
    pub(crate) submitters: usize,
    pub(crate) workers: usize,
    pub(crate) operators: usize,
    /// They close the gate and take back leases of everybody.
    pub(crate) gatekeepers: usize,
    /// They submit by the hundred.
    pub(crate) importers: usize,
    /// Factories that work on dozens of jobs at a time.
    pub(crate) hosts: usize,
}

/// Lets a crowd loose on a coordinator. The tasks end when no answer comes any more.
pub(crate) fn unleash(crowd: Crowd, world: &World, desk: &Desk, dice: &mut Dice) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for product in PRODUCTS {
        let mut client = |name: String| world.client(&name, product, desk, dice.split());
        for n in 0..crowd.submitters {
            clients.spawn(submitter::run(client(format!("s{n}"))));
        }
        for n in 0..crowd.workers {
            clients.spawn(worker::run(client(format!("f{n}"))));
        }
        for n in 0..crowd.operators {
            clients.spawn(operator::run(client(format!("o{n}"))));
        }
        clients.spawn(operator::zombie(client("z".to_owned())));
        for n in 0..crowd.gatekeepers {
            clients.spawn(operator::gatekeeper(client(format!("g{n}"))));
        }
        for n in 0..crowd.importers {
            clients.spawn(importer::run(client(format!("i{n}"))));
        }
        for n in 0..crowd.hosts {
            clients.spawn(host::run(client(format!("h{n}"))));
        }
    }
    clients
}

/// Sends again what had no answer, under the same ids: nobody is to be told anything else than the first time. One after
/// the other, or as many at a time as hosts had sent at a time.
pub(crate) async fn repeat_unanswered(crowd: Crowd, desk: &Desk) {
    let at_once = if crowd.hosts == 0 { 1 } else { host::AT_ONCE };
    let repeatable = |call: &Call| ["idempotencyKey", "claimId", "reportId"].iter().any(|id| has(call, id));
    let calls = desk.take_unanswered().into_iter().filter(repeatable);
    let mut answers = stream::iter(calls.map(|call| desk.ask(call))).buffer_unordered(at_once);
    while answers.next().await.is_some_and(|answer| answer.is_some()) {}
}

fn has(call: &Call, member: &str) -> bool {
    call.body.as_ref().is_some_and(|body| body.contains(&format!("\"{member}\":")))
}

/// Whether the coordinator could do nothing for the moment; waits a little if so.
async fn is_busy(reply: &Reply) -> bool {
    let busy = matches!(reply.status, 429 | 503 | 507);
    if busy {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    busy
}

/// Asks until the coordinator can do something, a few times at most, with the same ids.
async fn insist(me: &Client, method: &str, path: &str, body: Value) -> Option<Reply> {
    let mut reply = me.ask(method, path, Some(body.clone())).await?;
    for _ in 0..4 {
        if !is_busy(&reply).await {
            break;
        }
        reply = me.ask(method, path, Some(body.clone())).await?;
    }
    Some(reply)
}
