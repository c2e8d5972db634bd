//! Admission before mailboxes: how much may be in flight, per product and in all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::answer::NotDone;

/// Limits of a node.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests of one product in flight.
    pub per_product_in_flight: usize,
    /// Requests of all products in flight.
    pub global_in_flight: usize,
    /// Claims that may wait, per product. They count in neither of the above.
    pub parked_claims: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_product_in_flight: 1_024, global_in_flight: 8_192, parked_claims: 20_000 }
    }
}

/// The node's gate.
#[derive(Debug)]
pub(crate) struct Gate {
    limits: Limits,
    in_flight: AtomicUsize,
    stopping: AtomicBool,
}

impl Gate {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, in_flight: AtomicUsize::new(0), stopping: AtomicBool::new(false) })
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Admits nothing more.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Requests in flight.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    /// Admits one request of a product, for as long as the permit lives. Refuses over either limit.
    pub(crate) fn admit(self: &Arc<Self>, product: &Arc<AtomicUsize>) -> Result<Permit, NotDone> {
        if self.is_stopping() {
            return Err(NotDone::Stopping);
        }
        let own = Counted::one_more(product.clone());
        if own.count > self.limits.per_product_in_flight {
            return Err(NotDone::TooMany { retry_after_sec: 1 });
        }
        let all = Counted::of_gate(self.clone());
        if all.count > self.limits.global_in_flight {
            return Err(NotDone::Overloaded { retry_after_sec: 1 });
        }
        Ok(Permit { _own: own, _all: all })
    }
}

/// One request in flight; its drop is its end.
#[derive(Debug)]
pub struct Permit {
    _own: Counted,
    _all: GateCounted,
}

#[derive(Debug)]
struct Counted {
    counter: Arc<AtomicUsize>,
    count: usize,
}

impl Counted {
    fn one_more(counter: Arc<AtomicUsize>) -> Self {
        let count = counter.fetch_add(1, Ordering::AcqRel) + 1;
        Self { counter, count }
    }

    fn of_gate(gate: Arc<Gate>) -> GateCounted {
        let count = gate.in_flight.fetch_add(1, Ordering::AcqRel) + 1;
        GateCounted { gate, count }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.counter.fetch_sub(1, Ordering::AcqRel);
    }
}

#[derive(Debug)]
struct GateCounted {
    gate: Arc<Gate>,
    count: usize,
}

impl Drop for GateCounted {
    fn drop(&mut self) {
        self.gate.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}
