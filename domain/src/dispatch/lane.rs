//! The jobs of a class behind one concurrency key. Those that can be the best of them stand in front.
//!
//! Of two jobs the one that is neither younger nor due later is never worth less, whatever the weights and the time. So
//! only jobs before which no other one is both queued and due are worth a look: the front. The rest never moves.

use std::collections::{BTreeMap, BTreeSet};

use super::class::Rank;
use crate::Timestamp;

/// When a job is due; those that never are come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// At that time.
    At(Timestamp),
    /// Never.
    Never,
}

impl Due {
    pub(super) fn of(due_at: Option<Timestamp>) -> Self {
        due_at.map_or(Self::Never, Self::At)
    }

    pub(super) fn at(self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::Never => None,
        }
    }
}

/// Ready jobs behind a key.
#[derive(Debug, Default)]
pub(super) struct Lane {
    by_age: BTreeMap<Rank, Due>,
    /// Those that are due at some time.
    by_due: BTreeSet<(Timestamp, Rank)>,
    /// Older ones first, so each one is due before the one in front of it.
    front: BTreeMap<Rank, Due>,
}

impl Lane {
    /// Enters a job. Answers whether it stands in front now, and those that no longer do.
    pub(super) fn insert(&mut self, rank: Rank, due: Due) -> (bool, Vec<(Rank, Due)>) {
        self.by_age.insert(rank, due);
        self.by_due.extend(due.at().map(|at| (at, rank)));
        if self.front.range(..rank).next_back().is_some_and(|(_, before)| *before <= due) {
            return (false, Vec::new());
        }
        let behind = self.front.range(rank..).take_while(|(_, other)| **other >= due);
        let behind: Vec<(Rank, Due)> = behind.map(|(rank, due)| (*rank, *due)).collect();
        for (rank, _) in &behind {
            self.front.remove(rank);
        }
        self.front.insert(rank, due);
        (true, behind)
    }

    /// Takes a job out. Answers whether it stood in front, and those that do now in its place.
    pub(super) fn remove(&mut self, rank: Rank, due: Due) -> (bool, Vec<(Rank, Due)>) {
        self.by_age.remove(&rank);
        if let Due::At(at) = due {
            self.by_due.remove(&(at, rank));
        }
        if self.front.remove(&rank).is_none() {
            return (false, Vec::new());
        }
        let fresh = self.uncovered(rank, due);
        self.front.extend(fresh.iter().copied());
        (true, fresh)
    }

    /// The jobs that only a job which has gone kept from the front.
    ///
    /// They are younger and due later than it, older than the next one in front and due before the one before it. They
    /// are looked for from both sides at once, by age and by due time, until both have seen all of them.
    fn uncovered(&self, rank: Rank, due: Due) -> Vec<(Rank, Due)> {
        let before = self.front.range(..rank).next_back().map(|(_, due)| *due);
        let next = self.front.range(rank..).next().map(|(rank, _)| *rank);
        // Whoever comes later in either order must be due before that, and older than that.
        let (mut earliest, mut oldest) = (before, next);
        let mut found = BTreeMap::new();
        let ages = self.by_age.range(rank..).take_while(|(other, _)| next.is_none_or(|next| **other < next));
        let from = due.at().unwrap_or(Timestamp(i64::MAX));
        let dues = self.by_due.range((from, Rank::FIRST)..).map(|(at, other)| (Due::At(*at), *other));
        let dues = dues.take_while(|(its_due, _)| before.is_none_or(|before| *its_due < before));
        let mut dues = dues.filter(|(_, other)| *other > rank);
        for (other, its_due) in ages {
            if oldest.is_some_and(|oldest| *other >= oldest) {
                break;
            }
            if earliest.is_none_or(|earliest| *its_due < earliest) {
                found.insert(*other, *its_due);
                earliest = Some(*its_due);
            }
            // Those that are never due come after all that are, so the first by age is the only one of them.
            let Some((its_due, other)) = dues.next() else { break };
            if earliest.is_some_and(|earliest| its_due >= earliest) {
                break;
            }
            if oldest.is_none_or(|oldest| other < oldest) {
                found.insert(other, its_due);
                oldest = Some(other);
            }
        }
        found.into_iter().collect()
    }

    /// Those that stand in front, older ones first.
    pub(super) fn front(&self) -> impl Iterator<Item = (Rank, Due)> {
        self.front.iter().map(|(rank, due)| (*rank, *due))
    }

    /// All of them, older ones first.
    pub(super) fn jobs(&self) -> impl Iterator<Item = (Rank, Due)> {
        self.by_age.iter().map(|(rank, due)| (*rank, *due))
    }

    /// How many jobs stand in it.
    pub(super) fn len(&self) -> usize {
        self.by_age.len()
    }
}
