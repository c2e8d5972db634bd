//! Why a job waits: the first reason in the order of precedence, its place, and what each known factory has against it.
//! Changes nothing.

use super::waits::{Judged, waits_for};
use super::{Board, Entry, Place, SeatNo};
use crate::dispatch::class::{self, Class, Rank, Spot};
use crate::dispatch::needs::{Key, Needs};
use crate::dispatch::reason::Reason;
use crate::dispatch::score::Breakdown;
use crate::dispatch::supply::Claim;
use crate::{FactoryId, JobId, Timestamp};

/// How many jobs ahead are counted at most.
const MOST_AHEAD: usize = 1_000;
/// How many jobs are looked at for that at most.
const MOST_SEEN: usize = 10_000;

/// Why a job waits: the first reason in the order of precedence, and what each known factory has against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The first reason.
    pub reason: Reason,
    /// Until when, where time alone ends it.
    pub until: Option<Timestamp>,
    /// Its concurrency key, and how many jobs of it are on offer or run.
    pub key: Option<(Key, u32)>,
    /// How many wait for review, and how many may, where there is a limit.
    pub review: Option<(usize, u32)>,
    /// Its place among the ready jobs, for the factory that it scores best with of those that could take it.
    pub position: Option<Position>,
    /// It is on offer to this factory.
    pub offered_to: Option<FactoryId>,
    /// A running job is to give way to it.
    pub evicting: Option<JobId>,
    /// What each known factory has against it.
    pub factories: Vec<Stance>,
}

/// A job's place among those that a factory could take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The factory.
    pub factory: FactoryId,
    /// How many come before it; no more are counted than a thousand.
    pub ahead: usize,
}

/// What a factory has against a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stance {
    /// The factory.
    pub factory: FactoryId,
    /// The filter that rejects the job; `position` where none does.
    pub reason: Reason,
    /// Capabilities that it lacks.
    pub missing: Vec<String>,
    /// When its engine can be used again, where that is what is in the way.
    pub until: Option<Timestamp>,
    /// The job's score for it.
    pub breakdown: Breakdown,
}

impl Board {
    /// Why a job waits. None: it is not on the board, because it waits for nothing.
    pub fn explain(&self, job: JobId, now: Timestamp) -> Option<Explained> {
        if let Some(reason) = self.blocked.get(&job) {
            let later = self.blocked_until.get(&job).copied().filter(|at| *at > now);
            return Some(match (self.is_paused(), later) {
                (true, _) => waits(Reason::ProductPaused),
                (false, Some(_)) => Explained { until: later, ..waits(Reason::NotBefore) },
                (false, None) => waits(waits_for(*reason)),
            });
        }
        let Entry { class, spot, place } = self.entries.get(job)?;
        let class = self.index.class(class)?;
        let needs = self.index.needs(class)?;
        let offered_to = match place {
            Place::Offered(seat) => Some(seat),
            Place::Ready | Place::Delayed(_) => None,
        };
        // A seat that is kept for the job, or taken by its offer, is free for nobody else, but for the job it is.
        let own = offered_to.or_else(|| self.evictions.seat_kept(job));
        let judged = self.fleet(now).judged(self, needs);
        let factories = self.stances(class, needs, spot, (&judged, own), now);
        let (reason, until) = match (self.shut(), place) {
            (_, Place::Offered(_)) => (Reason::Position, None),
            (Some(Reason::ProductPaused), _) => (Reason::ProductPaused, None),
            (_, Place::Delayed(until)) => (Reason::NotBefore, Some(until)),
            (Some(reason), _) => (reason, None),
            (None, _) if !self.is_open(spot.lock) => (Reason::ConcurrencyKey, None),
            (None, _) if own.is_some() => (Reason::Position, None),
            (None, _) => {
                let reason = judged.reason(self, class, now);
                let untils =
                    factories.iter().filter(|stance| stance.reason == reason).filter_map(|stance| stance.until);
                (reason, untils.min())
            }
        };
        let best = factories.iter().filter(|stance| stance.reason >= Reason::Seats);
        let best = best.max_by_key(|stance| (stance.reason, stance.breakdown.score()));
        let stands_in_line = place == Place::Ready && self.shut().is_none();
        let key = spot.lock.and_then(|lock| self.index.locks().key(lock)).cloned();
        Some(Explained {
            until,
            key: key.map(|key| (key.clone(), self.index.locks().taken(&key.name))),
            review: self.rules.review_limit.map(|limit| (self.reviewing.len(), limit)),
            position: best.filter(|_| stands_in_line).map(|best| self.place_for(job, best, now)),
            offered_to: offered_to.map(|seat| self.seats.id(seat).clone()),
            evicting: self.evictions.victims().find(|(by, _, _)| *by == job).map(|(_, victim, _)| victim.job),
            factories,
            ..waits(reason)
        })
    }

    /// What each factory has against a job; its `own` seat is free for it.
    fn stances(
        &self,
        class: &Class,
        needs: &Needs,
        spot: Spot,
        (judged, own): (&Judged, Option<SeatNo>),
        now: Timestamp,
    ) -> Vec<Stance> {
        let of = |(seat, card): (SeatNo, &std::sync::Arc<crate::factory::Factory>)| {
            let claim = Claim::plain(card.id.clone());
            let bid = self.bid(seat, card, &claim, now);
            let head = class::head(&bid.weights, spot.rank, spot.due_at, now);
            let stance = judged.stance(self, class, seat, now);
            let reason = if stance == Reason::Seats && own == Some(seat) { Reason::Position } else { stance };
            Stance {
                factory: card.id.clone(),
                reason,
                missing: bid.supply.missing(needs).cloned().collect(),
                until: bid.supply.resets_at(needs).filter(|_| reason == Reason::EngineUnavailable),
                breakdown: bid.breakdown(&class.kind, needs, &head),
            }
        };
        self.seats.cards().map(of).collect()
    }

    /// Counts the jobs that the factory would take before this one.
    fn place_for(&self, job: JobId, stance: &Stance, now: Timestamp) -> Position {
        let nowhere = Position { factory: stance.factory.clone(), ahead: 0 };
        let (Some(entry), Some(seat)) = (self.entries.get(job), self.seats.known(&stance.factory)) else {
            return nowhere;
        };
        let Some(card) = self.seats.card(&stance.factory) else { return nowhere };
        let claim = Claim::plain(stance.factory.clone());
        let bid = self.bid(seat, card, &claim, now);
        let (mine, my_rank) = (stance.breakdown.score(), entry.spot.rank);
        let (mut ahead, mut left) = (0, MOST_SEEN);
        for demand in self.index.demands().filter(|demand| bid.supply.rejects(&demand.needs).is_none()) {
            for (no, class) in self.index.classes(demand).filter(|(_, class)| !self.excludes(class, seat, now)) {
                let base = bid.base(&class.kind, &demand.needs);
                let before = |(rank, due_at): &(Rank, Option<Timestamp>)| {
                    let score = class::head(&bid.weights, *rank, *due_at, now).score.plus(base);
                    score > mine || score == mine && *rank < my_rank
                };
                let undated = class.undated().map(|rank| (rank, None)).take_while(before).take(left).count();
                // Those that are due are not in the order of their score: all of them are looked at.
                let dated: Vec<_> = class.dated().map(|(rank, due_at)| (rank, Some(due_at))).take(left).collect();
                left = left.saturating_sub(undated + dated.len());
                ahead += undated + dated.iter().filter(|one| before(one)).count();
                // One after the other of those that share its key comes to the front.
                let lane = entry.spot.lock.filter(|_| no == entry.class).into_iter();
                ahead += lane.flat_map(|lock| class.behind(lock).take(left)).filter(before).count();
                if ahead >= MOST_AHEAD {
                    return Position { ahead: MOST_AHEAD, ..nowhere };
                }
            }
        }
        Position { ahead, ..nowhere }
    }
}

fn waits(reason: Reason) -> Explained {
    Explained {
        reason,
        until: None,
        key: None,
        review: None,
        position: None,
        offered_to: None,
        evicting: None,
        factories: Vec::new(),
    }
}
