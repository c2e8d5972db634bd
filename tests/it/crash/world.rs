//! What clients remember from one life of the coordinator to the next: jobs that they have seen, leases that they were
//! granted. Bounded, and no judge of anything: that is the checker's part.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use checker::Call;
use serde_json::Value;

use super::desk::{Desk, Reply};
use super::dice::Dice;

/// How many jobs and old leases of a product are remembered.
const MOST: usize = 400;

/// A lease as its holder knows it.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(crate) job: String,
    pub(crate) epoch: u64,
    pub(crate) factory: String,
}

/// The memory of one product's clients.
#[derive(Default)]
struct Memory {
    jobs: VecDeque<String>,
    granted: VecDeque<Lease>,
    /// What each factory still holds.
    held: BTreeMap<String, Vec<Lease>>,
    /// Numbers that make names unique over all lives.
    next: u64,
}

/// A client of one product.
pub(crate) struct Client {
    pub(crate) name: String,
    pub(crate) product: String,
    pub(crate) desk: Desk,
    pub(crate) dice: Dice,
    memory: Arc<Mutex<Memory>>,
}

/// The clients' memories, by product.
#[derive(Clone, Default)]
pub(crate) struct World(Arc<Mutex<BTreeMap<String, Arc<Mutex<Memory>>>>>);

impl World {
    pub(crate) fn client(&self, name: &str, product: &str, desk: &Desk, dice: Dice) -> Client {
        let memory = self.0.lock().unwrap().entry(product.to_owned()).or_default().clone();
        Client { name: name.to_owned(), product: product.to_owned(), desk: desk.clone(), dice, memory }
    }
}

impl Client {
    /// Asks; none if no answer came.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Option<Reply> {
        self.ask_if(method, path, None, body).await
    }

    /// Asks under a precondition.
    pub(crate) async fn ask_if(
        &self,
        method: &str,
        path: &str,
        if_match: Option<u64>,
        body: Option<Value>,
    ) -> Option<Reply> {
        let call = Call {
            client: self.name.clone(),
            product: self.product.clone(),
            method: method.to_owned(),
            path: format!("/api/fleet{path}"),
            if_match,
            body: body.map(|body| body.to_string()),
        };
        self.desk.ask(call).await
    }

    /// The same client doing something else at the same time.
    pub(crate) fn twin(&mut self) -> Self {
        let Self { name, product, desk, dice, memory } = self;
        let (name, product, desk, dice) = (name.clone(), product.clone(), desk.clone(), dice.split());
        Self { name, product, desk, dice, memory: memory.clone() }
    }

    /// A name that no other request of the product has had.
    pub(crate) fn fresh(&self, what: &str) -> String {
        let mut memory = self.memory.lock().unwrap();
        memory.next += 1;
        format!("{what}-{}-{}", self.name, memory.next)
    }

    pub(crate) fn saw_job(&self, job: &str) {
        if !job.is_empty() {
            keep(&mut self.memory.lock().unwrap().jobs, job.to_owned());
        }
    }

    pub(crate) fn some_job(&mut self) -> Option<String> {
        let memory = self.memory.lock().unwrap();
        let at = usize::try_from(self.dice.below(memory.jobs.len() as u64)).unwrap();
        memory.jobs.get(at).cloned()
    }

    pub(crate) fn was_granted(&self, lease: &Lease) {
        keep(&mut self.memory.lock().unwrap().granted, lease.clone());
    }

    /// A lease of anybody, of any age.
    pub(crate) fn some_lease(&mut self) -> Option<Lease> {
        let memory = self.memory.lock().unwrap();
        let at = usize::try_from(self.dice.below(memory.granted.len() as u64)).unwrap();
        memory.granted.get(at).cloned()
    }

    /// What a factory held when its coordinator went away.
    pub(crate) fn take_held(&self, factory: &str) -> Vec<Lease> {
        self.memory.lock().unwrap().held.remove(factory).unwrap_or_default()
    }

    pub(crate) fn keep_held(&self, factory: &str, leases: Vec<Lease>) {
        self.memory.lock().unwrap().held.insert(factory.to_owned(), leases);
    }
}

fn keep<T>(ring: &mut VecDeque<T>, one: T) {
    ring.push_back(one);
    if ring.len() > MOST {
        ring.pop_front();
    }
}
