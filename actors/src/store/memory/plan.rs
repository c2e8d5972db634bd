//! Which commits go wrong, and how.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What goes wrong with a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upset {
    /// Nothing is written; the database is out of reach.
    Unavailable,
    /// Nothing is written; no space is left.
    Full,
    /// Nobody can say; it was written.
    LostWritten,
    /// Nobody can say; it was not written.
    LostUnwritten,
    /// It is written after a while.
    Slow(Duration),
}

/// Which commits go wrong. Cheap to clone; clones share the plan.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    next: Arc<Mutex<(u64, BTreeMap<u64, Upset>)>>,
}

impl Plan {
    /// Upsets the commit that comes `ahead` commits from now; 0 is the next one.
    pub fn upset(&self, ahead: u64, how: Upset) {
        let mut plan = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let at = plan.0 + ahead;
        plan.1.insert(at, how);
    }

    /// Counts a commit; says what goes wrong with it.
    pub(super) fn take(&self) -> Option<Upset> {
        let mut plan = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let at = plan.0;
        plan.0 += 1;
        plan.1.remove(&at)
    }
}
