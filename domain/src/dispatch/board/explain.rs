//! Why a job waits.

use super::waits::blocked;
use super::{Board, Entry, Place, SeatNo, Spot};
use crate::dispatch::class::{self, Class};
use crate::dispatch::needs::{Key, Needs};
use crate::dispatch::reason::Reason;
use crate::dispatch::score::Breakdown;
use crate::dispatch::supply::Claim;
use crate::{FactoryId, JobId, Timestamp};

/// How many jobs ahead are counted at most.
const MOST_AHEAD: usize = 1_000;
/// How many jobs of a class are looked at for that at most.
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
            return Some(waits(blocked(*reason)));
        }
        let Entry { class, spot, place } = self.entries.get(&job)?;
        let class = self.index.class(*class)?;
        let needs = self.index.needs(class)?;
        let key = spot.lock.and_then(|lock| self.index.locks().key(lock)).cloned();
        // The seat that is kept for the job is not free for anybody else, but for the job it is.
        let kept = self.evictions.seat_kept(job);
        let factories = self.stances(class, needs, *spot, kept, now);
        let (reason, until) = match (self.shut(), place) {
            (Some(Reason::ProductPaused), _) => (Reason::ProductPaused, None),
            (_, Place::Delayed(until)) => (Reason::NotBefore, Some(*until)),
            (Some(reason), _) => (reason, None),
            (None, _) if !self.is_open(spot.lock) => (Reason::ConcurrencyKey, None),
            (None, _) => {
                let reason = kept.map_or_else(|| self.fleet_reason(class, needs, now), |_| Reason::Position);
                let untils =
                    factories.iter().filter(|stance| stance.reason == reason).filter_map(|stance| stance.until);
                (reason, untils.min())
            }
        };
        let best = factories.iter().filter(|stance| stance.reason >= Reason::Seats);
        let best = best.max_by_key(|stance| (stance.reason, stance.breakdown.score()));
        let ready = *place == Place::Ready;
        Some(Explained {
            until,
            key: key.map(|key| (key.clone(), self.index.locks().taken(&key.name))),
            review: self.rules.review_limit.map(|limit| (self.reviewing.len(), limit)),
            position: best.filter(|_| ready).map(|best| self.place_for(job, best, now)),
            offered_to: match place {
                Place::Offered(seat) => Some(self.seats.id(*seat).clone()),
                Place::Ready | Place::Delayed(_) => None,
            },
            evicting: self.evictions.victims().find(|(by, _, _)| *by == job).map(|(_, victim, _)| victim.job),
            factories,
            ..waits(reason)
        })
    }

    fn stances(&self, class: &Class, needs: &Needs, spot: Spot, kept: Option<SeatNo>, now: Timestamp) -> Vec<Stance> {
        let of = |(seat, card): (SeatNo, &std::sync::Arc<crate::factory::Factory>)| {
            let claim = Claim::plain(card.id.clone());
            let bid = self.bid(seat, card, &claim, now);
            let head = class::head(&bid.weights, spot.rank, spot.due_at, now);
            let reason = match self.stance(class, needs, seat, card, now) {
                Reason::Seats if kept == Some(seat) => Reason::Position,
                reason => reason,
            };
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

    /// Counts the candidates that the factory would take before this job.
    fn place_for(&self, job: JobId, stance: &Stance, now: Timestamp) -> Position {
        let ahead = self.seats.known(&stance.factory).zip(self.seats.card(&stance.factory)).map(|(seat, card)| {
            let claim = Claim::plain(stance.factory.clone());
            let bid = self.bid(seat, card, &claim, now);
            let mine = stance.breakdown.score();
            let my_rank = self.entries.get(&job).map(|entry| entry.spot.rank);
            let met = self.index.demands().filter(|demand| bid.supply.rejects(&demand.needs).is_none());
            let classes = met.flat_map(|demand| self.index.classes(demand).map(|(_, class)| (&demand.needs, class)));
            let ahead = classes.flat_map(|(needs, class)| {
                let base = bid.base(&class.kind, needs);
                let dated = class.candidates().map(move |(rank, due_at)| (base, rank, due_at));
                let (bid, my_rank) = (&bid, &my_rank);
                dated
                    .map(move |(base, rank, due_at)| {
                        (class::head(&bid.weights, rank, due_at, now).score.plus(base), rank, due_at)
                    })
                    // Those that are due are not in the order of their score: all of them are looked at.
                    .take_while(move |(score, rank, due_at)| {
                        due_at.is_some() || *score > mine || *score == mine && Some(*rank) < *my_rank
                    })
                    .take(MOST_SEEN)
                    .filter(move |(score, rank, _)| *score > mine || *score == mine && Some(*rank) < *my_rank)
                    .take(MOST_AHEAD)
            });
            ahead.take(MOST_AHEAD).count()
        });
        Position { factory: stance.factory.clone(), ahead: ahead.unwrap_or_default() }
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
