//! How many jobs wait, and for what.

use std::collections::BTreeMap;

use super::Board;
use crate::Timestamp;
use crate::dispatch::class::Class;
use crate::dispatch::needs::Needs;
use crate::dispatch::reason::Reason;
use crate::dispatch::supply::Claim;
use crate::job::state::BlockedReason;

/// How many jobs wait for each reason.
pub type Waits = BTreeMap<Reason, usize>;

impl Board {
    /// How many jobs wait for each reason, each of them counted once under the first.
    pub fn waits(&self, now: Timestamp) -> Waits {
        let mut waits = Waits::new();
        let mut add = |reason, jobs| {
            if jobs > 0 {
                *waits.entry(reason).or_default() += jobs;
            }
        };
        for reason in [BlockedReason::Dependencies, BlockedReason::NeedsInput, BlockedReason::DependencyFailed] {
            add(blocked(reason), self.blocked_counts[reason as usize]);
        }
        if self.rules.paused || self.closing {
            add(Reason::ProductPaused, self.ready() + self.delayed.len());
            return waits;
        }
        add(Reason::NotBefore, self.delayed.len());
        if let Some(reason) = self.shut() {
            add(reason, self.ready());
            return waits;
        }
        for demand in self.index.demands() {
            for (_, class) in self.index.classes(demand).filter(|(_, class)| class.ready > 0) {
                add(Reason::ConcurrencyKey, class.shut);
                add(self.fleet_reason(class, &demand.needs, now), class.ready - class.shut);
            }
        }
        waits
    }

    /// What the fleet as a whole has against jobs of a class: of the factories that could run them, the one that gets
    /// furthest in the order of precedence tells what is in the way.
    pub(super) fn fleet_reason(&self, class: &Class, needs: &Needs, now: Timestamp) -> Reason {
        let able = |card: &crate::factory::Factory| {
            self.seats.supply(card, &Claim::plain(card.id.clone()), now).lacks(needs).is_none()
        };
        let able = self.seats.cards().filter(|(_, card)| able(card));
        able.map(|(seat, card)| self.stance(class, needs, seat, card, now)).max().unwrap_or(Reason::NoFactoryEver)
    }

    /// The first filter that a factory fails at for jobs of a class, or `position` where it fails at none.
    pub(super) fn stance(
        &self,
        class: &Class,
        needs: &Needs,
        seat: super::SeatNo,
        card: &crate::factory::Factory,
        now: Timestamp,
    ) -> Reason {
        let claims = self.waiters.of(seat).into_iter().filter_map(|no| self.waiters.get(no));
        let claims: Vec<Claim> = claims.map(|(claim, _)| claim.clone()).collect();
        let plain = [Claim::plain(card.id.clone())];
        // Whoever waits takes what it said; whoever does not, what is on its card.
        let asked = if claims.is_empty() { &plain[..] } else { &claims[..] };
        let rejects = |claim: &Claim| self.seats.supply(card, claim, now).rejects(needs);
        if let Some(reason) =
            asked.iter().map(rejects).max_by_key(|rejected| rejected.unwrap_or(Reason::Position)).flatten()
        {
            return reason;
        }
        if !self.seats.is_well(seat) {
            Reason::FactoryHealth
        } else if self.excludes(class, seat, now) {
            Reason::Excluded
        } else if self.seats.has_room(seat) {
            Reason::Position
        } else {
            Reason::Seats
        }
    }
}

/// The reason that a blocked job waits for.
pub(super) fn blocked(reason: BlockedReason) -> Reason {
    match reason {
        BlockedReason::Dependencies | BlockedReason::DependencyFailed => Reason::Dependencies,
        BlockedReason::NeedsInput => Reason::NeedsInput,
    }
}
