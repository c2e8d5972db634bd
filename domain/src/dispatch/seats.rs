//! Which factories there are, and how many of their seats are taken by offered and running jobs.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::FactoryId;
use crate::factory::{Factory, Refusal, admit};
use crate::mutant::Mutant;

/// Number of a factory; never reused.
pub(super) type SeatNo = u32;

#[derive(Debug)]
struct Seat {
    id: FactoryId,
    card: Option<Arc<Factory>>,
    load_permille: u16,
    offered: u32,
    running: u32,
    /// Its drain is under way.
    closing: bool,
}

/// The mirror of the factories' cards with the seats that are taken.
#[derive(Debug, Default)]
pub(super) struct Seats {
    numbers: BTreeMap<FactoryId, SeatNo>,
    seats: Vec<Seat>,
}

impl Seats {
    /// The number of a factory, known or not.
    pub(super) fn number(&mut self, id: &FactoryId) -> SeatNo {
        if let Some(no) = self.numbers.get(id) {
            return *no;
        }
        let no = SeatNo::try_from(self.seats.len()).unwrap_or(SeatNo::MAX);
        self.seats.push(Seat { id: id.clone(), card: None, load_permille: 0, offered: 0, running: 0, closing: false });
        self.numbers.insert(id.clone(), no);
        no
    }

    /// Takes in a card as it was committed. A drain that is under way goes on until the card says it.
    pub(super) fn observe(&mut self, card: Arc<Factory>) {
        let no = self.number(&card.id) as usize;
        self.seats[no].closing &= !card.draining;
        self.seats[no].card = Some(card);
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

    /// Takes in a factory's load, which is soft.
    pub(super) fn soften(&mut self, id: &FactoryId, load_permille: u16) {
        let no = self.number(id) as usize;
        self.seats[no].load_permille = load_permille;
    }

    /// A factory's load in thousandths.
    pub(super) fn load(&self, id: &FactoryId) -> u16 {
        self.numbers.get(id).map_or(0, |no| self.seats[*no as usize].load_permille)
    }

    /// The card of a factory that may claim now. Refuses by the reason that stands in its way.
    pub(super) fn admit(&self, id: &FactoryId) -> Result<Arc<Factory>, Refusal> {
        let seat = self.numbers.get(id).map(|no| &self.seats[*no as usize]).ok_or(Refusal::Unknown)?;
        let card = seat.card.clone().ok_or(Refusal::Unknown)?;
        if seat.closing && !Mutant::DrainIgnored.is_planted() {
            return Err(Refusal::Draining);
        }
        admit(&card, seat.offered + seat.running)?;
        Ok(card)
    }

    /// The card of a factory.
    pub(super) fn card(&self, id: &FactoryId) -> Option<&Arc<Factory>> {
        self.numbers.get(id).and_then(|no| self.seats[*no as usize].card.as_ref())
    }

    /// Seats of a factory that offered and running jobs take.
    pub(super) fn used(&self, id: &FactoryId) -> u32 {
        self.numbers.get(id).map_or(0, |no| {
            let seat = &self.seats[*no as usize];
            seat.offered + seat.running
        })
    }

    /// Jobs on offer: of one factory, or of all.
    pub(super) fn offered(&self, of: Option<&FactoryId>) -> u32 {
        let seats = self.seats.iter().filter(|seat| of.is_none_or(|id| *id == seat.id));
        seats.map(|seat| seat.offered).sum()
    }

    /// Counts an offer that begins or ends.
    pub(super) fn count_offer(&mut self, no: SeatNo, begins: bool) {
        let offered = &mut self.seats[no as usize].offered;
        *offered = if begins { *offered + 1 } else { *offered - 1 };
    }

    /// Counts a run that begins or ends.
    pub(super) fn count_run(&mut self, no: SeatNo, begins: bool) {
        let running = &mut self.seats[no as usize].running;
        *running = if begins { *running + 1 } else { *running - 1 };
    }

    /// The name behind a number.
    pub(super) fn id(&self, no: SeatNo) -> FactoryId {
        self.seats[no as usize].id.clone()
    }
}
