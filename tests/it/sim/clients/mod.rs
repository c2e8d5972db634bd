//! Those who take part: each a task with a stream of numbers of its own, limited in its requests.
//! They know of the product what its API says, and nothing else.

mod byzantine;
mod factory;
mod family;
mod operator;
mod reader;
mod submitter;
mod work;

use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use super::rng::Rng;
use super::schedule::{ClientPlan, Kind};
use super::transport::{Line, Reply, Request};
use super::world::World;

pub(super) use factory::Factory;
pub(super) use operator::order;

/// How long a client waits for an answer that does not wait for anything.
const PATIENCE: Duration = Duration::from_secs(8);

/// A client.
pub(super) struct Client {
    pub(super) name: String,
    pub(super) product: String,
    pub(super) rng: Rng,
    pub(super) world: Rc<World>,
    line: Line,
    seats: u64,
    left: u32,
}

impl Client {
    pub(super) fn new(world: &Rc<World>, seed: u64, plan: &ClientPlan) -> Self {
        let rng = Rng::new(seed).split(&plan.name);
        let line = Line {
            client: plan.name.clone(),
            product: plan.product.clone(),
            road: plan.road,
            rng: rng.split("road"),
            world: world.clone(),
        };
        let (name, product, world) = (plan.name.clone(), plan.product.clone(), world.clone());
        Self { name, product, rng: rng.split("will"), world, line, seats: plan.seats, left: plan.ops }
    }

    /// The same client on a second line.
    fn twin(&mut self) -> Self {
        let rng = self.rng.split("twin");
        let (client, product) = (self.name.clone(), self.product.clone());
        let world = self.world.clone();
        let line = Line { client, product, road: self.line.road, rng: rng.split("road"), world: world.clone() };
        let (name, product) = (self.name.clone(), self.product.clone());
        Self { name, product, rng, world, line, seats: self.seats, left: 1 }
    }

    /// It still may ask, and has not been told to stop.
    pub(super) fn goes_on(&self) -> bool {
        self.left > 0 && !self.world.healed.get()
    }

    async fn ask_for(&mut self, request: &Request, patience: Duration) -> Reply {
        self.left = self.left.saturating_sub(1);
        self.line.ask(request, patience).await
    }

    pub(super) async fn get(&mut self, path: String) -> Reply {
        self.ask_for(&Request { method: "GET", path, if_match: None, body: None }, PATIENCE).await
    }

    pub(super) async fn post(&mut self, path: &str, body: &Value) -> Reply {
        let request = Request { method: "POST", path: path.to_owned(), if_match: None, body: Some(body.to_string()) };
        self.ask_for(&request, PATIENCE).await
    }

    /// Asks, and asks the same again while the answer is unknown or "not now".
    pub(super) async fn insist(&mut self, request: &Request, patience: Duration) -> Reply {
        let tries = 1 + self.rng.below(5);
        let mut reply = self.ask_for(request, patience).await;
        for again in 0..tries {
            if !reply.is_unsettled() || !self.goes_on() {
                break;
            }
            let pause = 100 << again.min(8);
            self.rest(pause, pause * 4).await;
            reply = self.ask_for(request, patience).await;
        }
        reply
    }

    pub(super) async fn insist_on(&mut self, method: &'static str, path: String, body: &Value) -> Reply {
        let request = Request { method, path, if_match: None, body: Some(body.to_string()) };
        self.insist(&request, PATIENCE).await
    }

    /// Waits for a while, in milliseconds.
    pub(super) async fn rest(&mut self, least: u64, most: u64) {
        let pause = self.rng.within(least..=most);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }

    /// Takes note of a job that an answer shows.
    fn learn(&self, job: &Value) {
        if let Some(id) = job["id"].as_str() {
            self.world.notes.borrow_mut().job(&self.product, id);
        }
    }

    /// A job that has children.
    fn some_parent(&mut self) -> Option<String> {
        let notes = self.world.notes.borrow();
        self.rng.some(notes.parents(&self.product)).cloned()
    }

    /// A job that somebody has heard of.
    pub(super) fn some_job(&mut self) -> Option<String> {
        let notes = self.world.notes.borrow();
        self.rng.some(notes.jobs(&self.product)).cloned()
    }
}

/// Lives a client's life to its end.
pub(super) async fn live(world: Rc<World>, seed: u64, plan: ClientPlan) {
    let client = Client::new(&world, seed, &plan);
    match plan.kind {
        Kind::Factory => Factory::new(client, true).live().await,
        Kind::Curl => Factory::new(client, false).live().await,
        Kind::Byzantine => byzantine::live(client).await,
        Kind::Submitter => submitter::live(client).await,
        Kind::Operator => operator::live(client).await,
        Kind::Reader => reader::live(client).await,
    }
}
