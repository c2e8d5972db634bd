//! Claims that wait for a job, in the order in which they came.

use std::collections::BTreeMap;

use super::needs::Claim;
use crate::FactoryId;

/// Number of a waiting claim; grows with each one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaiterNo(pub u64);

/// The waiting claims of a product.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    next: u64,
    waiting: BTreeMap<WaiterNo, Claim>,
}

impl Waiters {
    /// Lets a claim wait.
    pub(super) fn park(&mut self, claim: Claim) -> WaiterNo {
        self.next += 1;
        let no = WaiterNo(self.next);
        self.waiting.insert(no, claim);
        no
    }

    /// Takes a waiting claim out.
    pub(super) fn take(&mut self, no: WaiterNo) -> Option<Claim> {
        self.waiting.remove(&no)
    }

    /// The waiting claims, longest waiting first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (WaiterNo, &Claim)> {
        self.waiting.iter().map(|(no, claim)| (*no, claim))
    }

    /// Numbers of one factory's waiting claims, longest waiting first.
    pub(super) fn of(&self, factory: &FactoryId) -> Vec<WaiterNo> {
        self.iter().filter(|(_, claim)| claim.factory == *factory).map(|(no, _)| no).collect()
    }

    /// A waiting claim.
    pub(super) fn get(&self, no: WaiterNo) -> Option<&Claim> {
        self.waiting.get(&no)
    }

    /// How many claims wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}
