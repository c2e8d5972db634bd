//! The node's coordinator: owns which products it serves, opens them, and opens them again when they end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{ProductId, Timestamp};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::{mpsc, oneshot};

use crate::answer::{NotDone, Port, answer};
use crate::handle::Product;
use crate::job::Lost;
use crate::node::{Book, Shared, World};
use crate::product::{self, ProductActor};
use crate::restart::RestartBudget;

/// The pause before a product that could not be opened is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// The pause before a product that keeps panicking is tried again.
const TRY_LATER: Duration = Duration::from_secs(30);

/// A message to the coordinator.
pub(crate) enum Msg {
    /// Opens a product.
    Open(ProductId, Port<Product>),
    /// An opening has ended.
    Opened(ProductId, Result<Box<(Product, ActorId)>, String>),
    /// Tries again.
    Reopen(ProductId),
}

/// The coordinator's actor.
pub(crate) struct Coordinator;

/// What the coordinator is born with.
pub(crate) struct Birth {
    pub(crate) world: World,
    pub(crate) shared: Arc<Shared>,
    pub(crate) book: Arc<Book>,
}

/// The coordinator's state.
pub(crate) struct Node {
    birth: Birth,
    products: BTreeMap<ProductId, Served>,
}

/// What is known of a product.
#[derive(Default)]
struct Served {
    actor: Option<ActorId>,
    opening: bool,
    /// It has been open before: it is opened again without being asked for.
    kept: bool,
    waiting: Vec<Port<Product>>,
    /// Closes when the last actor of the incarnation is gone.
    gone: Option<mpsc::Receiver<std::convert::Infallible>>,
    budget: RestartBudget,
}

impl Actor for Coordinator {
    type Msg = Msg;
    type State = Node;
    type Arguments = Birth;

    async fn pre_start(&self, _me: ActorRef<Msg>, birth: Birth) -> Result<Node, ActorProcessingErr> {
        Ok(Node { birth, products: BTreeMap::new() })
    }

    async fn handle(&self, me: ActorRef<Msg>, msg: Msg, node: &mut Node) -> Result<(), ActorProcessingErr> {
        match msg {
            Msg::Open(id, port) => match node.birth.book.get(&id).and_then(|product| product.clone()) {
                Some(product) => answer(port, Ok(product)),
                None => {
                    node.products.entry(id.clone()).or_default().waiting.push(port);
                    node.open(&me, id);
                }
            },
            Msg::Opened(id, outcome) => node.opened(&me, id, outcome),
            Msg::Reopen(id) => node.open(&me, id),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<Msg>,
        event: SupervisionEvent,
        node: &mut Node,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(cell, error) => node.ended(&me, cell.get_id(), Some(&error)),
            SupervisionEvent::ActorTerminated(cell, _, _) => node.ended(&me, cell.get_id(), None),
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}

impl Node {
    /// Opens a product behind the barrier: its old actors are gone, and the store settles what they had sent.
    fn open(&mut self, me: &ActorRef<Msg>, id: ProductId) {
        let served = self.products.entry(id.clone()).or_default();
        if served.opening || served.actor.is_some() {
            return;
        }
        served.opening = true;
        let gone = served.gone.take();
        let (alive, next_gone) = mpsc::channel(1);
        served.gone = Some(next_gone);
        let (world, shared, me) = (self.birth.world.clone(), self.birth.shared.clone(), me.clone());
        tokio::spawn(async move {
            if let Some(mut gone) = gone {
                while gone.recv().await.is_some() {}
            }
            let (up, hearers) = oneshot::channel();
            let lane = shared.lane(&world, &id);
            let soft = product::Soft::default();
            let parked_claims = shared.gate.limits().parked_claims;
            let birth = product::Birth { lane: lane.clone(), soft: soft.clone(), alive, parked_claims, up };
            let spawned = ProductActor::spawn_linked(None, ProductActor, birth, me.get_cell()).await;
            let outcome = match (spawned, hearers.await) {
                (Ok((actor, _)), Ok(hearers)) => {
                    Ok(Box::new((Product::new(lane, hearers, soft, shared), actor.get_id())))
                }
                (Err(error), _) => Err(error.to_string()),
                (Ok(_), Err(_)) => Err("it ended while it was opened".to_owned()),
            };
            // A coordinator that has gone serves nothing any more.
            let _ = me.cast(Msg::Opened(id, outcome));
        });
    }

    fn opened(&mut self, me: &ActorRef<Msg>, id: ProductId, outcome: Result<Box<(Product, ActorId)>, String>) {
        let served = self.products.entry(id.clone()).or_default();
        served.opening = false;
        match outcome {
            Ok(opened) => {
                let (product, actor) = *opened;
                served.actor = Some(actor);
                served.kept = true;
                self.birth.book.insert(id, Some(product.clone()));
                for port in served.waiting.drain(..) {
                    answer(port, Ok(product.clone()));
                }
            }
            Err(error) => {
                tracing::error!(product = %id, error, "the product cannot be opened");
                for port in served.waiting.drain(..) {
                    answer(port, Err(NotDone::Unavailable(error.clone())));
                }
                if served.kept {
                    me.send_after(TRY_AGAIN, || Msg::Reopen(id));
                }
            }
        }
    }

    /// A product has ended: it is opened again, later if it keeps panicking.
    fn ended(&mut self, me: &ActorRef<Msg>, actor: ActorId, error: Option<&ActorProcessingErr>) {
        let Some((id, served)) = self.products.iter_mut().find(|(_, served)| served.actor == Some(actor)) else {
            return;
        };
        let id = id.clone();
        served.actor = None;
        self.birth.book.insert(id.clone(), None);
        if self.birth.shared.gate.is_stopping() {
            return;
        }
        let panicked = error.is_some_and(|error| !error.is::<Lost>());
        let now: Timestamp = self.birth.world.clock.now();
        if panicked && !served.budget.forgives(now) {
            tracing::error!(product = %id, "the product keeps panicking; it is opened again later");
            me.send_after(TRY_LATER, || Msg::Reopen(id));
            return;
        }
        tracing::warn!(product = %id, panicked, "the product is opened again");
        self.open(me, id);
    }
}
