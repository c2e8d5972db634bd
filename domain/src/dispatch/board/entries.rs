//! Where each job stands that is ready, delayed or on offer. A million of them have to fit, so what few jobs have, a due
//! time or a key, is kept apart.

use std::collections::HashMap;

use super::Place;
use crate::dispatch::class::{Rank, Spot};
use crate::dispatch::index::ClassNo;
use crate::dispatch::locks::LockNo;
use crate::{JobId, Timestamp};

/// A job that is ready, delayed or on offer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) class: ClassNo,
    pub(super) spot: Spot,
    pub(super) place: Place,
}

/// What every entry has.
#[derive(Clone, Copy, Debug)]
struct Plain {
    class: ClassNo,
    queued_at: Timestamp,
    place: Place,
}

/// The jobs of a board.
#[derive(Debug, Default)]
pub(super) struct Entries {
    all: HashMap<JobId, Plain>,
    marked: HashMap<JobId, (Option<Timestamp>, Option<LockNo>)>,
}

impl Entries {
    pub(super) fn get(&self, job: JobId) -> Option<Entry> {
        let Plain { class, queued_at, place } = *self.all.get(&job)?;
        let (due_at, lock) = self.marked.get(&job).copied().unwrap_or_default();
        Some(Entry { class, spot: Spot { rank: Rank { queued_at, job }, due_at, lock }, place })
    }

    /// Enters a job, or enters it anew.
    pub(super) fn insert(&mut self, entry: Entry) {
        let Spot { rank: Rank { queued_at, job }, due_at, lock } = entry.spot;
        self.all.insert(job, Plain { class: entry.class, queued_at, place: entry.place });
        if due_at.is_some() || lock.is_some() {
            self.marked.insert(job, (due_at, lock));
        } else {
            self.marked.remove(&job);
        }
    }

    pub(super) fn remove(&mut self, job: JobId) {
        self.all.remove(&job);
        self.marked.remove(&job);
    }

    /// Makes room for as many more.
    pub(super) fn reserve(&mut self, jobs: usize) {
        self.all.reserve(jobs);
    }
}
