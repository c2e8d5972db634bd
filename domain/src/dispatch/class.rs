//! Jobs that are interchangeable but for their age and when they are due: only their heads are scored.
//!
//! A candidate is a ready job that no key keeps from running and that can be the best of its class. Ready jobs with a key
//! stand in a lane of that key; only the front of a lane that is open are candidates.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::lane::{Due, Lane};
use super::locks::LockNo;
use super::score::{self, Score};
use super::standing::Merit;
use super::weights::{Term, Weights};
use crate::{JobId, Timestamp};

/// Number of what jobs ask for; reused when no job asks for it any more.
pub(super) type DemandNo = u32;

/// A job's place in the order of its class: older first, then by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) queued_at: Timestamp,
    pub(super) job: JobId,
}

impl Rank {
    /// None comes before it.
    pub(super) const FIRST: Self = Self { queued_at: Timestamp(i64::MIN), job: JobId(uuid::Uuid::nil()) };
}

/// What the jobs of a class have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) demand: DemandNo,
    pub(super) merit: Merit,
    /// How many jobs wait for each of them, at most [`score::MOST_WAITING`].
    pub(super) waiting: u8,
}

/// Where a ready job stands in its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) rank: Rank,
    pub(super) due_at: Option<Timestamp>,
    pub(super) lock: Option<LockNo>,
}

/// A candidate with its score, as far as it depends on the job itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) score: Score,
    pub(super) rank: Rank,
    pub(super) due_at: Option<Timestamp>,
}

impl Head {
    /// Whether this one is to be preferred: higher score, then older, then by id.
    pub(super) fn beats(&self, other: &Self) -> bool {
        self.score.cmp(&other.score).then(other.rank.cmp(&self.rank)) == Ordering::Greater
    }
}

/// The ready jobs of a kind.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) kind: std::sync::Arc<Kind>,
    /// Jobs of this kind that are ready, delayed or on offer.
    pub(super) members: u32,
    pub(super) ready: usize,
    /// Ready jobs behind locks that are closed.
    pub(super) shut: usize,
    /// Candidates that are not due at any time.
    undated: BTreeSet<Rank>,
    /// Candidates that are, in both orders.
    by_age: BTreeSet<(Rank, Timestamp)>,
    by_due: BTreeSet<(Timestamp, Rank)>,
    lanes: BTreeMap<LockNo, Lane>,
}

impl Class {
    pub(super) fn new(kind: std::sync::Arc<Kind>) -> Self {
        Self {
            kind,
            members: 0,
            ready: 0,
            shut: 0,
            undated: BTreeSet::new(),
            by_age: BTreeSet::new(),
            by_due: BTreeSet::new(),
            lanes: BTreeMap::new(),
        }
    }

    /// Enters a ready job; `open` tells of its lock. Answers whether it is a candidate now.
    pub(super) fn insert(&mut self, spot: Spot, open: bool) -> bool {
        self.ready += 1;
        let Some(lock) = spot.lock else {
            self.admit(spot.rank, spot.due_at);
            return true;
        };
        let (is_in_front, behind) = self.lanes.entry(lock).or_default().insert(spot.rank, Due::of(spot.due_at));
        if !open {
            self.shut += 1;
            return false;
        }
        behind.into_iter().for_each(|(rank, due)| self.dismiss(rank, due.at()));
        if is_in_front {
            self.admit(spot.rank, spot.due_at);
        }
        is_in_front
    }

    /// Takes a ready job out. Answers the jobs that are candidates in its place, and whether its lane is empty now.
    pub(super) fn remove(&mut self, spot: Spot, open: bool) -> (Vec<JobId>, bool) {
        self.ready -= 1;
        let Some(lock) = spot.lock else {
            self.dismiss(spot.rank, spot.due_at);
            return (Vec::new(), false);
        };
        let Some(lane) = self.lanes.get_mut(&lock) else { return (Vec::new(), false) };
        let (was_in_front, fresh) = lane.remove(spot.rank, Due::of(spot.due_at));
        let is_empty = lane.len() == 0;
        if is_empty {
            self.lanes.remove(&lock);
        }
        if !open {
            self.shut -= 1;
            return (Vec::new(), is_empty);
        }
        if was_in_front {
            self.dismiss(spot.rank, spot.due_at);
        }
        fresh.iter().for_each(|(rank, due)| self.admit(*rank, due.at()));
        (fresh.into_iter().map(|(rank, _)| rank.job).collect(), is_empty)
    }

    /// A lock has opened or closed. Answers the jobs that are candidates now.
    pub(super) fn turn(&mut self, lock: LockNo, open: bool) -> Vec<JobId> {
        let Some(lane) = self.lanes.get(&lock) else { return Vec::new() };
        let (front, len): (Vec<_>, _) = (lane.front().collect(), lane.len());
        if open {
            self.shut -= len;
            front.iter().for_each(|(rank, due)| self.admit(*rank, due.at()));
            return front.into_iter().map(|(rank, _)| rank.job).collect();
        }
        self.shut += len;
        front.into_iter().for_each(|(rank, due)| self.dismiss(rank, due.at()));
        Vec::new()
    }

    /// The jobs of a lane that are no candidates, as far as its lock goes.
    pub(super) fn behind(&self, lock: LockNo) -> impl Iterator<Item = (Rank, Option<Timestamp>)> {
        let lane = self.lanes.get(&lock);
        let front: BTreeSet<Rank> = lane.map(|lane| lane.front().map(|(rank, _)| rank).collect()).unwrap_or_default();
        let jobs = lane.into_iter().flat_map(Lane::jobs).filter(move |(rank, _)| !front.contains(rank));
        jobs.map(|(rank, due)| (rank, due.at()))
    }

    /// Enters many jobs at once that no key holds and that are not due. The order is built from sorted ranks, which
    /// leaves no node half empty.
    pub(super) fn fill(&mut self, mut ranks: BTreeSet<Rank>) {
        self.ready += ranks.len();
        self.undated.append(&mut ranks);
    }

    fn admit(&mut self, rank: Rank, due_at: Option<Timestamp>) {
        match due_at {
            Some(due_at) => {
                self.by_age.insert((rank, due_at));
                self.by_due.insert((due_at, rank));
            }
            None => {
                self.undated.insert(rank);
            }
        }
    }

    fn dismiss(&mut self, rank: Rank, due_at: Option<Timestamp>) {
        match due_at {
            Some(due_at) => {
                self.by_age.remove(&(rank, due_at));
                self.by_due.remove(&(due_at, rank));
            }
            None => {
                self.undated.remove(&rank);
            }
        }
    }

    /// The best candidate by age and due.
    pub(super) fn head(&self, weights: &Weights, now: Timestamp) -> Option<Head> {
        let undated = self.undated.first().map(|rank| head(weights, *rank, None, now));
        let dated = self.best_dated(weights, now, 1).pop();
        match (undated, dated) {
            (Some(undated), Some(dated)) => Some(if dated.beats(&undated) { dated } else { undated }),
            (undated, dated) => undated.or(dated),
        }
    }

    /// The candidates among which the best `most` of them are.
    pub(super) fn front(&self, weights: &Weights, now: Timestamp, most: usize) -> Vec<Head> {
        let mut front = self.best_dated(weights, now, most);
        front.extend(self.undated.iter().take(most).map(|rank| head(weights, *rank, None, now)));
        front
    }

    /// The best candidates that are due at some time, best first, by looking at both orders from their beginnings until
    /// nothing that follows in both can be better (the threshold algorithm of Fagin, Lotem and Naor, "Optimal
    /// aggregation algorithms for middleware", 2001).
    fn best_dated(&self, weights: &Weights, now: Timestamp, most: usize) -> Vec<Head> {
        let mut best: Vec<Head> = Vec::new();
        for ((rank, its_due), (due_at, its_rank)) in self.by_age.iter().zip(&self.by_due) {
            for seen in [head(weights, *rank, Some(*its_due), now), head(weights, *its_rank, Some(*due_at), now)] {
                if !best.contains(&seen) {
                    let place = best.partition_point(|other| other.beats(&seen));
                    best.insert(place, seen);
                    best.truncate(most);
                }
            }
            let bound = head(weights, *rank, Some(*due_at), now);
            if best.len() == most && best.last().is_some_and(|last| !bound.beats(last)) {
                break;
            }
        }
        best
    }

    /// Candidates that are not due at any time, in the order of their age.
    pub(super) fn undated(&self) -> impl Iterator<Item = Rank> {
        self.undated.iter().copied()
    }

    /// Candidates that are, in the order of their age.
    pub(super) fn dated(&self) -> impl Iterator<Item = (Rank, Timestamp)> {
        self.by_age.iter().copied()
    }
}

/// A candidate with what its age and its due time add to its score.
pub(super) fn head(weights: &Weights, rank: Rank, due_at: Option<Timestamp>, now: Timestamp) -> Head {
    let age = Score::of(weights, Term::Age, score::age(rank.queued_at, now));
    let due = Score::of(weights, Term::Due, score::due(due_at, now));
    Head { score: age.plus(due), rank, due_at }
}
