//! The reaper's brake: when many leases of many factories fall due at once, it is rather the coordinator's own doing.

use std::collections::{BTreeMap, BTreeSet};

use crate::{FactoryId, JobId, ProductId, Timestamp};

/// The stretch of time that is looked at.
const WINDOW_MS: u64 = 5_000;
const MIN_LEASES: usize = 20;
const MIN_FACTORIES: usize = 3;

/// The deadlines of all leases of a node, over all its products.
#[derive(Debug, Default)]
pub struct Reaper {
    due: BTreeSet<(Timestamp, ProductId, JobId)>,
    held: BTreeMap<(ProductId, JobId), (Timestamp, FactoryId)>,
    /// It brakes until then: sparing some must not let the others go.
    braking_until: Option<Timestamp>,
}

impl Reaper {
    /// Takes in a lease's deadline, or its end.
    pub fn note(&mut self, product: &ProductId, job: JobId, lease: Option<(Timestamp, FactoryId)>) {
        let key = (product.clone(), job);
        if let Some((at, _)) = self.held.remove(&key) {
            self.due.remove(&(at, product.clone(), job));
        }
        if let Some((at, holder)) = lease {
            self.due.insert((at, product.clone(), job));
            self.held.insert(key, (at, holder));
        }
    }

    /// Forgets a product.
    pub fn forget(&mut self, product: &ProductId) {
        self.due.retain(|(_, of, _)| of != product);
        self.held.retain(|(of, _), _| of != product);
    }

    /// Brakes: more than 30 % of the node's leases, at least 20 of at least 3 factories, fall due within 5 s.
    pub fn brakes(&mut self, now: Timestamp) -> bool {
        if self.braking_until.is_some_and(|until| now <= until) {
            return true;
        }
        let until = now.plus_ms(WINDOW_MS);
        let mut factories = BTreeSet::new();
        let mut leases = 0;
        for (_, product, job) in self.due.iter().take_while(|(at, _, _)| *at <= until) {
            leases += 1;
            if factories.len() < MIN_FACTORIES
                && let Some((_, holder)) = self.held.get(&(product.clone(), *job))
            {
                factories.insert((product.clone(), holder.clone()));
            }
        }
        let brakes = leases >= MIN_LEASES && factories.len() >= MIN_FACTORIES && leases * 10 > self.held.len() * 3;
        self.braking_until = brakes.then_some(until);
        brakes
    }
}
