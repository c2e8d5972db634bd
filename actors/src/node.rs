//! The node as its edges see it: the products it serves, and admission to them.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use dashmap::DashMap;
use domain::{JobId, ProductId, Timestamp};
use ractor::{Actor, ActorRef};
use tokio::sync::{oneshot, watch};

use crate::admission::{Gate, Limits, Permit};
use crate::answer::NotDone;
use crate::clock::{Clock, Ids};
use crate::coordinator::{self, Coordinator};
use crate::handle::{Product, reloading};
use crate::lane::{Current, Fleet, Lane, Pulses, Zombies};
use crate::profiles::Profiles;
use crate::reaping::Reaping;
use crate::store::{Store, Why};

/// How long a stop waits for what is in flight.
const STOP_WITHIN: Duration = Duration::from_secs(8);

/// What a node works with.
#[derive(Clone)]
pub struct World {
    /// Where the state is kept.
    pub store: Arc<dyn Store>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
    /// The features that are switched on.
    pub switches: Switches,
}

/// Features of the dispatcher that are off unless somebody switches them on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// Running jobs make room for critical ones.
    pub preemption: bool,
    /// What would be granted is decided and recorded, and nothing is granted.
    pub shadow: bool,
}

/// What all products of a node share.
pub(crate) struct Shared {
    pub(crate) gate: Arc<Gate>,
    pub(crate) reaping: Reaping,
    pub(crate) claims: AtomicU64,
}

impl Shared {
    /// What the actors of one incarnation of a product work with.
    pub(crate) fn lane(&self, world: &World, product: &ProductId) -> Lane {
        Lane {
            product: product.clone(),
            store: world.store.clone(),
            clock: world.clock.clone(),
            ids: world.ids.clone(),
            reaping: self.reaping.clone(),
            pulses: Pulses::default(),
            zombies: Zombies::default(),
            fleet: Fleet::default(),
            settings: Current::new(product.clone()),
            profiles: Profiles::new(world.store.clone(), product.clone()),
            switches: world.switches,
        }
    }
}

/// The phone book: every product that has been open; none is open while it is reloaded.
pub(crate) type Book = DashMap<ProductId, Option<Product>>;

/// A running node. Cheap to clone.
#[derive(Clone)]
pub struct Node {
    world: World,
    shared: Arc<Shared>,
    book: Arc<Book>,
    coordinator: ActorRef<coordinator::Msg>,
    ended: watch::Receiver<bool>,
}

impl Node {
    /// Starts a node on the runtime that this is called on, and opens every product that its store knows.
    pub async fn start(world: World, limits: Limits) -> Result<Self, Why> {
        let shared =
            Arc::new(Shared { gate: Gate::new(limits), reaping: Reaping::default(), claims: AtomicU64::new(0) });
        let book = Arc::new(DashMap::new());
        let birth = coordinator::Birth { world: world.clone(), shared: shared.clone(), book: book.clone() };
        let (coordinator, running) =
            Coordinator::spawn(None, Coordinator, birth).await.map_err(|error| Why::Unavailable(error.to_string()))?;
        let (end, ended) = watch::channel(false);
        tokio::spawn(async move {
            // However it ended: without its coordinator the node serves nothing.
            drop(running.await);
            end.send_replace(true);
        });
        let node = Self { world, shared, book, coordinator, ended };
        if let Err(why) = node.open_known().await {
            // Nobody would ever stop what has no node.
            node.stop().await;
            return Err(why);
        }
        Ok(node)
    }

    /// Opens every product that the store knows, at a time that none of them is ahead of: a later one that brought its
    /// time along would end the leases that an earlier one has just revived.
    async fn open_known(&self) -> Result<(), Why> {
        self.world.clock.never_before(self.world.store.newest().await?);
        for product in self.world.store.products().await? {
            match self.product(&product).await {
                Ok(_) => {}
                Err(NotDone::Full) => return Err(Why::Full),
                Err(why) => return Err(Why::Unavailable(why.to_string())),
            }
        }
        Ok(())
    }

    /// A product, opened if it is not yet. One that was never heard of comes into being with its first write.
    pub async fn product(&self, id: &ProductId) -> Result<Product, NotDone> {
        if let Some(product) = self.known(id) {
            return Ok(product);
        }
        if self.shared.gate.is_stopping() {
            return Err(NotDone::Stopping);
        }
        let (port, product) = oneshot::channel();
        let open = coordinator::Msg::Open(id.clone(), port);
        self.coordinator.cast(open).map_err(|_| NotDone::Stopping)?;
        product.await.unwrap_or(Err(NotDone::Stopping))
    }

    /// A product that is open.
    pub fn known(&self, id: &ProductId) -> Option<Product> {
        self.book.get(id).and_then(|product| product.clone())
    }

    /// A product that is open; none if it was never heard of. Refuses one that is being reloaded: it is not unknown.
    pub fn find(&self, id: &ProductId) -> Result<Option<Product>, NotDone> {
        match self.book.get(id).map(|product| product.clone()) {
            Some(None) => Err(reloading()),
            Some(open) => Ok(open),
            None => Ok(None),
        }
    }

    /// The open products, in the order of their ids.
    pub fn products(&self) -> Vec<Product> {
        let mut products: Vec<_> = self.book.iter().filter_map(|entry| entry.value().clone()).collect();
        products.sort_by(|a, b| a.id().cmp(b.id()));
        products
    }

    /// Where reads go.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.world.store
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// The id of a job to be.
    pub fn new_job_id(&self) -> JobId {
        JobId(self.world.ids.next())
    }

    /// Admits a request of a product before anything is sent. Refuses over the product's or the node's limit.
    pub fn permit(&self, product: &Product) -> Result<Permit, NotDone> {
        self.shared.gate.admit(product.in_flight())
    }

    /// Returns when the node serves nothing any more: it was stopped, or its coordinator has failed.
    pub async fn ended(&self) {
        // An error means that the runtime is going down.
        drop(self.ended.clone().wait_for(|ended| *ended).await);
    }

    /// Stops: waiting claims are answered, what was admitted is finished, then the actors end.
    pub async fn stop(&self) {
        self.shared.gate.stop();
        for product in self.products() {
            product.stop_waiting();
        }
        let patience = tokio::time::Instant::now() + STOP_WITHIN;
        while self.shared.gate.in_flight() > 0 && tokio::time::Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for product in self.products() {
            self.world.store.settled(product.id()).await;
        }
        // An error means that it has ended already.
        let _ = self.coordinator.stop_and_wait(None, Some(STOP_WITHIN)).await;
    }
}
