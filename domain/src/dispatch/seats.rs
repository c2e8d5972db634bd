//! Which factories there are, how many of their seats are taken or reserved, and which engines they can use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::supply::{Claim, Supply};
use crate::factory::{Engine, EngineState, Factory, Health, Presence, Refusal, admit};
use crate::mutant::Mutant;
use crate::{FactoryId, Timestamp};

/// Number of a factory; never reused.
pub(super) type SeatNo = u32;

/// An engine's name and the account that it is billed to.
type Account = (String, String);

#[derive(Debug)]
struct Seat {
    id: FactoryId,
    card: Option<Arc<Factory>>,
    load_permille: u16,
    offered: u32,
    running: u32,
    /// Free seats that are kept for jobs for which others were evicted.
    reserved: u32,
    /// Its drain is under way.
    closing: bool,
}

impl Seat {
    fn used(&self) -> u32 {
        self.offered + self.running
    }
}

/// The mirror of the factories' cards with the seats that are taken.
#[derive(Debug, Default)]
pub(super) struct Seats {
    numbers: BTreeMap<FactoryId, SeatNo>,
    seats: Vec<Seat>,
    /// Until when accounts are at their limit, by who says so.
    limits: BTreeMap<Account, BTreeMap<SeatNo, Timestamp>>,
    /// When engines can be used again, and whose.
    resets: BTreeSet<(Timestamp, SeatNo)>,
}

impl Seats {
    /// The number of a factory, known or not.
    pub(super) fn number(&mut self, id: &FactoryId) -> SeatNo {
        if let Some(no) = self.numbers.get(id) {
            return *no;
        }
        let no = SeatNo::try_from(self.seats.len()).unwrap_or(SeatNo::MAX);
        self.seats.push(Seat {
            id: id.clone(),
            card: None,
            load_permille: 0,
            offered: 0,
            running: 0,
            reserved: 0,
            closing: false,
        });
        self.numbers.insert(id.clone(), no);
        no
    }

    /// The number of a factory that has one.
    pub(super) fn known(&self, id: &FactoryId) -> Option<SeatNo> {
        self.numbers.get(id).copied()
    }

    /// Takes in a card as it was committed. A drain that is under way goes on until the card says it.
    ///
    /// Answers whether the limits of accounts have changed, which other factories may share.
    pub(super) fn observe(&mut self, card: Arc<Factory>) -> bool {
        let no = self.number(&card.id);
        let seat = &mut self.seats[no as usize];
        seat.closing &= !card.draining;
        let before = seat.card.replace(card.clone());
        self.limit(no, before.as_ref().map_or(&[], |before| &before.engines), &card.engines)
    }

    fn limit(&mut self, no: SeatNo, before: &[Engine], engines: &[Engine]) -> bool {
        let (before, after) = (limits(before), limits(engines));
        for (until, account) in &before {
            self.resets.remove(&(*until, no));
            if let Some(limits) = account.as_ref().and_then(|account| self.limits.get_mut(account)) {
                limits.remove(&no);
            }
        }
        for (until, account) in &after {
            self.resets.insert((*until, no));
            if let Some(account) = account {
                self.limits.entry(account.clone()).or_default().insert(no, *until);
            }
        }
        for account in before.iter().filter_map(|(_, account)| account.as_ref()) {
            if self.limits.get(account).is_some_and(BTreeMap::is_empty) {
                self.limits.remove(account);
            }
        }
        before != after
    }

    /// When the next engine can be used again.
    pub(super) fn next_reset(&self) -> Option<Timestamp> {
        self.resets.first().map(|(at, _)| *at)
    }

    /// Whether engines can be used again by now that could not before.
    pub(super) fn reset(&mut self, now: Timestamp) -> bool {
        let later = self.resets.split_off(&(Timestamp(now.0.saturating_add(1)), SeatNo::MIN));
        !std::mem::replace(&mut self.resets, later).is_empty()
    }

    /// Opens the gate of one factory again, whose drain came to nothing.
    pub(super) fn reopen(&mut self, id: &FactoryId) {
        let no = self.number(id) as usize;
        self.seats[no].closing = false;
    }

    /// Closes the gate of one factory before that is committed.
    pub(super) fn close(&mut self, id: &FactoryId) {
        let no = self.number(id) as usize;
        self.seats[no].closing = true;
    }

    /// Takes in a factory's load, which is soft. Answers whether it is another one.
    pub(super) fn soften(&mut self, id: &FactoryId, load_permille: u16) -> bool {
        let no = self.number(id) as usize;
        std::mem::replace(&mut self.seats[no].load_permille, load_permille) != load_permille
    }

    /// A factory's load in thousandths.
    pub(super) fn load(&self, no: SeatNo) -> u16 {
        self.seats[no as usize].load_permille
    }

    /// The card of a factory that may claim now. Refuses by the reason that stands in its way.
    ///
    /// Seats that are kept for others are not free for it, but for one that it comes to take itself (`kept`).
    pub(super) fn admit(&self, id: &FactoryId, kept: bool) -> Result<(SeatNo, Arc<Factory>), Refusal> {
        let no = self.known(id).ok_or(Refusal::Unknown)?;
        let seat = &self.seats[no as usize];
        let card = seat.card.clone().ok_or(Refusal::Unknown)?;
        if seat.closing && !Mutant::DrainIgnored.is_planted() {
            return Err(Refusal::Draining);
        }
        let reserved = if kept || Mutant::ReservationIgnored.is_planted() { 0 } else { seat.reserved };
        admit(&card, seat.used() + reserved)?;
        Ok((no, card))
    }

    /// What a factory brings to a claim.
    pub(super) fn supply(&self, card: &Factory, claim: &Claim, now: Timestamp) -> Supply {
        let limit = |engine: &Engine| {
            let account = engine.account.clone()?;
            self.limits.get(&(engine.name.clone(), account)).and_then(|limits| limits.values().max().copied())
        };
        Supply::of(card, claim, now, limit)
    }

    /// The factory works, takes new jobs and was heard lately.
    pub(super) fn is_well(&self, no: SeatNo) -> bool {
        let seat = &self.seats[no as usize];
        let takes =
            |card: &Arc<Factory>| card.presence == Presence::Online && !card.draining && card.health != Health::Failing;
        !seat.closing && seat.card.as_ref().is_some_and(takes)
    }

    /// The factory has a seat that is neither taken nor kept for another job.
    pub(super) fn has_room(&self, no: SeatNo) -> bool {
        let seat = &self.seats[no as usize];
        seat.card.as_ref().is_some_and(|card| seat.used() + seat.reserved < card.seat_limit)
    }

    /// The card of a factory.
    pub(super) fn card(&self, id: &FactoryId) -> Option<&Arc<Factory>> {
        self.known(id).and_then(|no| self.seats[no as usize].card.as_ref())
    }

    /// The factories that have registered, in the order of their names.
    pub(super) fn cards(&self) -> impl Iterator<Item = (SeatNo, &Arc<Factory>)> {
        let of = |no: SeatNo| self.seats[no as usize].card.as_ref().map(|card| (no, card));
        self.numbers.values().copied().filter_map(of)
    }

    /// Seats of a factory that offered and running jobs take.
    pub(super) fn used(&self, id: &FactoryId) -> u32 {
        self.known(id).map_or(0, |no| self.seats[no as usize].used())
    }

    /// Jobs on offer: of one factory, or of all.
    pub(super) fn offered(&self, of: Option<&FactoryId>) -> u32 {
        let seats = self.seats.iter().filter(|seat| of.is_none_or(|id| *id == seat.id));
        seats.map(|seat| seat.offered).sum()
    }

    /// Counts an offer that begins or ends.
    pub(super) fn count_offer(&mut self, no: SeatNo, begins: bool) {
        count(&mut self.seats[no as usize].offered, begins);
    }

    /// Counts a run that begins or ends.
    pub(super) fn count_run(&mut self, no: SeatNo, begins: bool) {
        count(&mut self.seats[no as usize].running, begins);
    }

    /// Counts a seat that is kept, or no longer.
    pub(super) fn count_reserved(&mut self, no: SeatNo, begins: bool) {
        count(&mut self.seats[no as usize].reserved, begins);
    }

    /// The name behind a number.
    pub(super) fn id(&self, no: SeatNo) -> &FactoryId {
        &self.seats[no as usize].id
    }
}

/// Until when engines are at their limit, each with its account.
fn limits(engines: &[Engine]) -> Vec<(Timestamp, Option<Account>)> {
    let limited = engines.iter().filter(|engine| engine.state == EngineState::Unavailable);
    let of = |engine: &Engine| {
        let account = engine.account.clone().map(|account| (engine.name.clone(), account));
        Some((engine.resets_at?, account))
    };
    limited.filter_map(of).collect()
}

fn count(some: &mut u32, begins: bool) {
    *some = if begins { *some + 1 } else { *some - 1 };
}
