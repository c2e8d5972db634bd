//! Concurrency keys: how many jobs of each run, and which ready jobs wait behind it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::index::ClassNo;
use super::needs::Key;
use crate::mutant::Mutant;

/// Number of a key with its limit; never reused while a job has it.
pub(super) type LockNo = u32;

#[derive(Debug)]
struct Lock {
    key: Key,
    members: u32,
    /// The lanes that jobs stand in behind it.
    lanes: BTreeSet<ClassNo>,
}

#[derive(Debug, Default)]
struct Name {
    /// Jobs of it that are on offer or run.
    taken: u32,
    locks: BTreeSet<LockNo>,
}

/// The concurrency keys of a product's jobs.
#[derive(Debug, Default)]
pub(super) struct Locks {
    locks: Vec<Option<Lock>>,
    vacant: Vec<LockNo>,
    numbers: HashMap<Key, LockNo>,
    names: BTreeMap<String, Name>,
}

/// A lane whose lock has opened or closed.
pub(super) struct Turned {
    pub(super) lock: LockNo,
    pub(super) class: ClassNo,
    pub(super) open: bool,
}

impl Locks {
    /// Counts a job in that has this key.
    pub(super) fn join(&mut self, key: &Key) -> LockNo {
        if let Some(no) = self.numbers.get(key).copied() {
            if let Some(lock) = &mut self.locks[no as usize] {
                lock.members += 1;
            }
            return no;
        }
        let lock = Some(Lock { key: key.clone(), members: 1, lanes: BTreeSet::new() });
        let no = match self.vacant.pop() {
            Some(no) => {
                self.locks[no as usize] = lock;
                no
            }
            None => {
                self.locks.push(lock);
                LockNo::try_from(self.locks.len() - 1).unwrap_or(LockNo::MAX)
            }
        };
        self.numbers.insert(key.clone(), no);
        self.names.entry(key.name.clone()).or_default().locks.insert(no);
        no
    }

    /// Counts a job out.
    pub(super) fn leave(&mut self, no: LockNo) {
        let Some(lock) = &mut self.locks[no as usize] else { return };
        lock.members -= 1;
        if lock.members > 0 {
            return;
        }
        if let Some(Lock { key, .. }) = self.locks[no as usize].take() {
            self.numbers.remove(&key);
            self.vacant.push(no);
            if let Some(name) = self.names.get_mut(&key.name) {
                name.locks.remove(&no);
            }
            self.forget_idle(&key.name);
        }
    }

    /// One more job of the lock may run.
    pub(super) fn is_open(&self, no: LockNo) -> bool {
        self.locks[no as usize].as_ref().is_none_or(|lock| self.lets(&lock.key))
    }

    /// One more job of the key may run.
    pub(super) fn lets(&self, key: &Key) -> bool {
        Mutant::KeyLimitIgnored.is_planted() || self.taken(&key.name) < key.limit
    }

    /// The key of a lock.
    pub(super) fn key(&self, no: LockNo) -> Option<&Key> {
        self.locks[no as usize].as_ref().map(|lock| &lock.key)
    }

    /// Jobs of that name that are on offer or run.
    pub(super) fn taken(&self, name: &str) -> u32 {
        self.names.get(name).map_or(0, |name| name.taken)
    }

    /// Takes note of a lane behind a lock, or that it has gone.
    pub(super) fn line(&mut self, no: LockNo, class: ClassNo, stands: bool) {
        let Some(lock) = &mut self.locks[no as usize] else { return };
        if stands {
            lock.lanes.insert(class);
        } else {
            lock.lanes.remove(&class);
        }
    }

    /// Counts a job of that name that begins or ends to be on offer or to run. Answers the lanes that this opens or closes.
    pub(super) fn count(&mut self, name: &str, begins: bool) -> Vec<Turned> {
        let state = self.names.entry(name.to_owned()).or_default();
        let before = state.taken;
        state.taken = if begins { before + 1 } else { before - 1 };
        let (after, locks) = (state.taken, state.locks.clone());
        let mut turned = Vec::new();
        for no in locks {
            let Some(lock) = &self.locks[no as usize] else { continue };
            let is_open = |taken| Mutant::KeyLimitIgnored.is_planted() || taken < lock.key.limit;
            if is_open(before) != is_open(after) {
                let lanes = lock.lanes.iter();
                turned.extend(lanes.map(|class| Turned { lock: no, class: *class, open: is_open(after) }));
            }
        }
        self.forget_idle(name);
        turned
    }

    fn forget_idle(&mut self, name: &str) {
        if self.names.get(name).is_some_and(|name| name.taken == 0 && name.locks.is_empty()) {
            self.names.remove(name);
        }
    }
}
