//! What opens and closes the board as a whole, and the gates of single factories.

use std::sync::Arc;

use super::{Board, Rules};
use crate::dispatch::reason::Reason;
use crate::factory::Factory;
use crate::mutant::Mutant;
use crate::{FactoryId, JobId, Timestamp};

impl Board {
    /// Takes in what holds for claims as it was committed.
    pub fn set_rules(&mut self, rules: Rules, now: Timestamp) {
        let was_shut = self.shut().is_some();
        self.closing = false;
        self.pressed = true;
        self.rules = rules;
        self.reopened(was_shut, now);
    }

    /// Closes the product's gate ahead of its commit.
    pub fn close(&mut self) {
        self.closing = true;
        self.pressed = true;
    }

    /// The jobs that wait for review when the product is opened, beside those that a factory holds.
    pub fn set_reviewing(&mut self, jobs: impl IntoIterator<Item = JobId>) {
        self.reviewing.extend(jobs);
    }

    /// Why no job is handed out to anybody.
    pub(super) fn shut(&self) -> Option<Reason> {
        if (self.rules.paused || self.closing) && !Mutant::PauseIgnored.is_planted() {
            return Some(Reason::ProductPaused);
        }
        let limit = self.rules.review_limit.filter(|_| !Mutant::ReviewLimitIgnored.is_planted());
        limit.filter(|limit| self.reviewing.len() >= *limit as usize).map(|_| Reason::ReviewLimit)
    }

    /// If the gate has opened, every waiting claim is looked at again.
    pub(super) fn reopened(&mut self, was_shut: bool, now: Timestamp) {
        if was_shut && self.shut().is_none() {
            self.pressed = true;
            self.look_at_all(now);
        }
    }

    /// Everything may be different for every waiting claim.
    pub(super) fn look_at_all(&mut self, now: Timestamp) {
        self.waiters.refresh_all(&self.seats, now);
        self.roomy.extend(self.waiters.seats());
    }

    /// Takes in a factory's card as it was committed.
    pub fn observe_factory(&mut self, card: Arc<Factory>, now: Timestamp) {
        let seat = self.seats.number(&card.id);
        if self.seats.observe(card) {
            self.look_at_all(now);
        }
        self.seat_changed(seat, now);
        self.roomy.insert(seat);
    }

    /// Takes in a factory's load, which is soft.
    pub fn soften_factory(&mut self, id: &FactoryId, load_permille: u16, now: Timestamp) {
        if self.seats.soften(id, load_permille)
            && let Some(seat) = self.seats.known(id)
        {
            self.waiters.refresh(seat, &self.seats, now);
        }
    }

    /// Opens the gate of one factory again, whose drain came to nothing.
    pub fn reopen_factory(&mut self, card: Arc<Factory>, now: Timestamp) {
        self.seats.reopen(&card.id);
        self.observe_factory(card, now);
    }

    /// Closes one factory's gate ahead of its commit.
    pub fn close_factory(&mut self, id: &FactoryId, now: Timestamp) {
        self.seats.close(id);
        if let Some(seat) = self.seats.known(id) {
            self.seat_changed(seat, now);
        }
    }

    /// A factory has more or fewer free seats, or is another one.
    pub(super) fn seat_changed(&mut self, seat: super::SeatNo, now: Timestamp) {
        self.pressed = true;
        self.waiters.refresh(seat, &self.seats, now);
        // Whether a job is kept from one factory hangs on what all the others can take.
        if self.excluding > 0 {
            self.roomy.extend(self.waiters.seats());
        }
    }
}
