//! A host whose clock is behind what is committed, with more than one product. Plays without a journal: what counts is
//! when a lease ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use actors::clock::Clock;
use actors::store::{MemoryStore, Plan, Store};
use actors::{BeatOrder, CardPatch, Limits, Node, Product, Submission, Switches, World};
use domain::job::Spec;
use domain::{JobId, Timestamp};

use super::journal::CountingIds;
use super::stage::{ask, factory, operator};
use crate::support::job;

/// A clock that stands still where it is put.
#[derive(Default)]
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }

    fn never_before(&self, at: Timestamp) {
        self.0.fetch_max(at.0, Ordering::Relaxed);
    }
}

async fn start(store: &MemoryStore, clock: &Arc<Hands>) -> Node {
    let store: Arc<dyn Store> = Arc::new(store.clone());
    let world =
        World { store, clock: clock.clone(), ids: Arc::new(CountingIds::default()), switches: Switches::default() };
    Node::start(world, Limits::default()).await.unwrap()
}

async fn beat(node: &Node, product: &Product) {
    let card = CardPatch { seat_limit: Some(1), ..CardPatch::default() };
    let beat = BeatOrder { factory: factory("f1"), card, load_permille: None, leases: None, heard: node.now() };
    product.heartbeat(beat).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_product_that_was_ahead_ends_no_lease_of_another_at_a_start() {
    let (store, clock, id) =
        (MemoryStore::new(Plan::default()), Arc::new(Hands::default()), JobId(uuid::Uuid::from_u128(7)));
    let node = start(&store, &clock).await;
    let first = node.product(&"a".parse().unwrap()).await.unwrap();
    beat(&node, &first).await;
    first.submit(Submission { id, spec: Spec { title: "J".into(), ..job::spec() }, by: operator() }).await.unwrap();
    assert_eq!(first.claim(ask("f1")).await.unwrap().len(), 1);
    clock.never_before(Timestamp(3_600_000));
    beat(&node, &node.product(&"b".parse().unwrap()).await.unwrap()).await;
    node.stop().await;

    let (store, clock) = (store.restarted(), Arc::new(Hands::default()));
    let node = start(&store, &clock).await;
    let first = node.product(&"a".parse().unwrap()).await.unwrap();
    let stored = store.job(&"a".parse().unwrap(), id).await.unwrap().unwrap();
    let lease = first.overlay(&stored.job).held().cloned().unwrap();
    assert_eq!(lease.expires_at, node.now().plus_secs(60));
    node.stop().await;
}
