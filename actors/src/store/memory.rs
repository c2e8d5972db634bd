//! The state in memory, for tests and simulation: same port, same order of telling and answering, planned faults.

mod backend;
mod plan;
mod reads;
mod tables;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Backend, Committer};
use crate::faults::Faults;
pub use backend::MemoryBackend;
pub use plan::{Plan, Upset};
use tables::Tables;

/// A store that forgets at its drop. Cheap to clone; clones share the state.
#[derive(Clone)]
pub struct MemoryStore {
    committer: Committer,
    tables: Arc<Mutex<Tables>>,
    plan: Plan,
}

impl MemoryStore {
    /// An empty store, committing on the runtime that this is called on.
    pub fn new(plan: Plan) -> Self {
        let tables = Arc::new(Mutex::new(Tables::default()));
        let committer = Committer::spawn(MemoryBackend::new(tables.clone(), plan.clone()), Faults::default());
        Self { committer, tables, plan }
    }

    /// The same state under a new committer: what a restarted process finds.
    pub fn restarted(&self) -> Self {
        self.restarted_over(|backend| backend)
    }

    /// The same, with a backend around the one in memory: a simulation delays, refuses and cuts off there.
    pub fn restarted_over<B: Backend>(&self, wrap: impl FnOnce(MemoryBackend) -> B) -> Self {
        let backend = MemoryBackend::new(self.tables.clone(), self.plan.clone());
        Self { committer: Committer::spawn(wrap(backend), Faults::default()), ..self.clone() }
    }
}

/// The tables, also after a panic elsewhere: every change to them is made in one go.
fn locked(tables: &Mutex<Tables>) -> MutexGuard<'_, Tables> {
    tables.lock().unwrap_or_else(PoisonError::into_inner)
}
