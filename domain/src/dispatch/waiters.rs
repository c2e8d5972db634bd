//! Claims that wait for a job. Those that bring the same share a group, in which the least loaded factory comes first.

use std::collections::{BTreeMap, BTreeSet};

use super::seats::{SeatNo, Seats};
use super::supply::{Claim, Supply};
use crate::Timestamp;

/// Number of a waiting claim; grows with each one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaiterNo(pub u64);

#[derive(Debug)]
struct Waiter {
    claim: Claim,
    seat: SeatNo,
    /// Its place among those that may be served; none while its factory may not claim.
    place: Option<(Supply, u16)>,
}

/// The waiting claims of a product.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    next: u64,
    waiting: BTreeMap<WaiterNo, Waiter>,
    by_seat: BTreeMap<SeatNo, BTreeSet<WaiterNo>>,
    /// Those that may be served: what they bring, then by load, then the longest waiting.
    groups: BTreeMap<Supply, BTreeSet<(u16, WaiterNo)>>,
}

impl Waiters {
    /// Lets a claim of a known factory wait.
    pub(super) fn park(&mut self, claim: Claim, seats: &mut Seats, now: Timestamp) -> WaiterNo {
        self.next += 1;
        let no = WaiterNo(self.next);
        let seat = seats.number(&claim.factory);
        self.waiting.insert(no, Waiter { claim, seat, place: None });
        self.by_seat.entry(seat).or_default().insert(no);
        self.refresh(seat, seats, now);
        no
    }

    /// Takes a waiting claim out.
    pub(super) fn take(&mut self, no: WaiterNo) -> Option<Claim> {
        let waiter = self.waiting.remove(&no)?;
        self.unplace(no, waiter.place.as_ref());
        if let Some(of_seat) = self.by_seat.get_mut(&waiter.seat) {
            of_seat.remove(&no);
            if of_seat.is_empty() {
                self.by_seat.remove(&waiter.seat);
            }
        }
        Some(waiter.claim)
    }

    /// Looks again at what a factory's claims bring and whether they may be served.
    pub(super) fn refresh(&mut self, seat: SeatNo, seats: &Seats, now: Timestamp) {
        for no in self.of(seat) {
            let Some(waiter) = self.waiting.get_mut(&no) else { continue };
            let admitted = seats.admit(&waiter.claim.factory, false).ok();
            let place = admitted.map(|(seat, card)| (seats.supply(&card, &waiter.claim, now), seats.load(seat)));
            if place == waiter.place {
                continue;
            }
            let before = std::mem::replace(&mut waiter.place, place.clone());
            self.unplace(no, before.as_ref());
            if let Some((supply, load)) = place {
                self.groups.entry(supply).or_default().insert((load, no));
            }
        }
    }

    /// As `refresh`, for every factory that has waiting claims.
    pub(super) fn refresh_all(&mut self, seats: &Seats, now: Timestamp) {
        for seat in self.seats() {
            self.refresh(seat, seats, now);
        }
    }

    fn unplace(&mut self, no: WaiterNo, place: Option<&(Supply, u16)>) {
        let Some((supply, load)) = place else { return };
        if let Some(group) = self.groups.get_mut(supply) {
            group.remove(&(*load, no));
            if group.is_empty() {
                self.groups.remove(supply);
            }
        }
    }

    /// Those that may be served, by what they bring; in each group the least loaded first, then the longest waiting.
    pub(super) fn groups(&self) -> impl Iterator<Item = (&Supply, impl Iterator<Item = WaiterNo>)> {
        self.groups.iter().map(|(supply, group)| (supply, group.iter().map(|(_, no)| *no)))
    }

    /// What a waiting claim brings, if it may be served.
    pub(super) fn placed(&self, no: WaiterNo) -> Option<&Supply> {
        self.waiting.get(&no)?.place.as_ref().map(|(supply, _)| supply)
    }

    /// Factories that have waiting claims.
    pub(super) fn seats(&self) -> Vec<SeatNo> {
        self.by_seat.keys().copied().collect()
    }

    /// Numbers of one factory's waiting claims, longest waiting first.
    pub(super) fn of(&self, seat: SeatNo) -> Vec<WaiterNo> {
        self.by_seat.get(&seat).into_iter().flatten().copied().collect()
    }

    /// A waiting claim, and whose it is.
    pub(super) fn get(&self, no: WaiterNo) -> Option<(&Claim, SeatNo)> {
        self.waiting.get(&no).map(|waiter| (&waiter.claim, waiter.seat))
    }

    /// How many claims wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}
