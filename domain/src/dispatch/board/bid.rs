//! Whom a job is scored for, and the score.
//! Puts together what the terms of `score` are computed from; decides nothing.

use super::Board;
use crate::dispatch::class::{Class, DemandNo, Head, Kind};
use crate::dispatch::needs::Needs;
use crate::dispatch::score::{self, Breakdown, Score};
use crate::dispatch::seats::SeatNo;
use crate::dispatch::supply::{Claim, Supply};
use crate::dispatch::weights::{Term, Weights};
use crate::factory::Factory;
use crate::mutant::Mutant;
use crate::{Timestamp, Usd};

/// A factory that asks, and what a job is scored by for it.
pub(super) struct Bid<'a> {
    pub(super) seat: SeatNo,
    pub(super) factory: &'a crate::FactoryId,
    pub(super) supply: Supply,
    pub(super) load: u16,
    pub(super) weights: Weights,
    /// What a job without a budget of its own is taken to cost.
    pub(super) estimate: Usd,
    pub(super) now: Timestamp,
}

impl Bid<'_> {
    /// The score of a job of that kind, but for its age and due time.
    pub(super) fn base(&self, kind: &Kind, needs: &Needs) -> Score {
        let breakdown = Breakdown { terms: self.terms(kind, needs), weights: self.weights };
        breakdown.score()
    }

    /// The whole score of a job.
    pub(super) fn breakdown(&self, kind: &Kind, needs: &Needs, head: &Head) -> Breakdown {
        let mut terms = self.terms(kind, needs);
        terms[Term::Age as usize] = score::age(head.rank.queued_at, self.now);
        terms[Term::Due as usize] = score::due(head.due_at, self.now);
        Breakdown { terms, weights: self.weights }
    }

    fn terms(&self, kind: &Kind, needs: &Needs) -> [u32; Term::COUNT] {
        let merit = &kind.merit;
        let mut terms = [0; Term::COUNT];
        terms[Term::Priority as usize] = score::priority(merit.priority);
        terms[Term::CapabilityFit as usize] =
            score::capability_fit(needs.capabilities.len(), self.supply.capabilities());
        terms[Term::Affinity as usize] =
            score::affinity(merit.saved_by.as_ref() == Some(self.factory), self.supply.is_warm(merit.repo.as_ref()));
        terms[Term::CriticalPath as usize] = score::critical_path(kind.waiting);
        terms[Term::Retry as usize] = score::retry(merit.attempt, merit.max_attempts);
        terms[Term::Load as usize] = score::load(self.load);
        terms[Term::Cost as usize] = score::cost(merit.estimate.unwrap_or(self.estimate));
        terms
    }
}

impl Board {
    /// A claim of a factory, ready to be compared by.
    pub(super) fn bid<'a>(&self, seat: SeatNo, card: &Factory, claim: &'a Claim, now: Timestamp) -> Bid<'a> {
        let weights = if Mutant::WeightsIgnored.is_planted() { Weights::default() } else { self.rules.weights };
        Bid {
            seat,
            factory: &claim.factory,
            supply: self.seats.supply(card, claim, now),
            load: self.seats.load(seat),
            weights: weights.with(&claim.weights),
            estimate: self.rules.estimate,
            now,
        }
    }

    /// The job has failed twice on that factory, and another known one that it has not failed on could take it now.
    pub(super) fn excludes(&self, class: &Class, seat: SeatNo, now: Timestamp) -> bool {
        let failed_on = &class.kind.merit.failed_on;
        if Mutant::ExclusionIgnored.is_planted() || !failed_on.contains(self.seats.id(seat)) {
            return false;
        }
        self.seats.cards().any(|(other, card)| {
            other != seat && !failed_on.contains(&card.id) && self.could_take(other, card, class.kind.demand, now)
        })
    }

    /// A factory passes every filter but exclusion for jobs that ask for this.
    fn could_take(&self, seat: SeatNo, card: &Factory, demand: DemandNo, now: Timestamp) -> bool {
        let Some(needs) = self.index.needs_of(demand) else { return false };
        self.seats.is_well(seat)
            && self.seats.has_room(seat)
            && self.seats.supply(card, &Claim::plain(card.id.clone()), now).rejects(needs).is_none()
    }
}
