//! The node's one brake on its reaper, shared by the products of all its lanes.

use std::sync::{Arc, Mutex, PoisonError};

use domain::product::{Held, Reaper};
use domain::{JobId, ProductId, Timestamp};

/// A cheap handle; clones share the brake.
#[derive(Clone, Default)]
pub(crate) struct Reaping {
    reaper: Arc<Mutex<Reaper>>,
}

impl Reaping {
    fn with<T>(&self, with: impl FnOnce(&mut Reaper) -> T) -> T {
        with(&mut self.reaper.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes in a lease as it is held now, or its end.
    pub(crate) fn note(&self, product: &ProductId, job: JobId, held: Option<&Held>) {
        let lease = held.map(|held| (held.expires_at, held.holder.clone()));
        self.with(|reaper| reaper.note(product, job, lease));
    }

    /// Too many leases of too many factories fall due at once.
    pub(crate) fn brakes(&self, now: Timestamp) -> bool {
        self.with(|reaper| reaper.brakes(now))
    }

    /// Forgets a product that reloads.
    pub(crate) fn forget(&self, product: &ProductId) {
        self.with(|reaper| reaper.forget(product));
    }
}
