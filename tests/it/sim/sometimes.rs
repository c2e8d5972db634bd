//! Counters of situations that have to come about somewhere: a simulation that never reaches them proves little.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Everything that has to come about over all seeds, beside what the checker sees in the evidence.
pub(crate) const SOMETIMES: &[&str] = &[
    "a commit was under way at a crash and was written",
    "a commit was under way at a crash and was not written",
    "a duplicate was delivered after its original was answered",
    "a duplicate report was delivered after the lease had ended",
    "the answer to a grant was lost",
    "a grant whose answer was lost was given again to the same claim",
    "a lease that two heartbeats left out was taken back",
    "a waiting claim was granted",
    "the clock was set forward while leases were held",
    "the clock was set back",
    "the clock was set back over a restart",
    "the node was frozen for longer than a lease lasts",
    "the store stood still",
    "nothing got from the clients to the node",
    "the reaper braked",
    "a factory was frozen for longer than its lease and went on",
    "a factory vanished with leases",
    "a product reloaded after its store was lost",
    "a read failed",
    "a call was cut by a crash",
    "a request was answered 503 outcome-unknown",
    "a request was answered 503 overloaded",
    "a request was answered 507",
    "the node was restarted with leases held",
    "an actor was killed",
    "a job ended that others waited for, and the node with it",
    "a child ended, and the node before its parent was told",
    "work that was to give way ended by itself",
];

/// The counters of one run.
#[derive(Clone, Default)]
pub(super) struct Sometimes(Rc<RefCell<BTreeMap<&'static str, u64>>>);

impl Sometimes {
    /// Counts one of [`SOMETIMES`].
    pub(super) fn hit(&self, name: &'static str) {
        assert!(SOMETIMES.contains(&name), "{name} is not among the situations that are asked for");
        *self.0.borrow_mut().entry(name).or_default() += 1;
    }

    pub(super) fn take(&self) -> BTreeMap<&'static str, u64> {
        self.0.take()
    }
}
