//! A disk as it may be after the power went at some moment of a log.
//!
//! What was synced is there. Of what came later, a file has any part: all of it, none, some sectors, in any order;
//! its length follows. A name is there once its directory was synced; of what came later, any beginning.

use std::collections::BTreeMap;

use vfs::Entry;

use super::survivors::Survivors;
use crate::disk::scratch::Dice;

/// What reaches the disk or does not, at once.
const SECTOR: u64 = 512;

/// The names of a directory with the contents of their files.
pub(crate) type State = BTreeMap<String, Vec<u8>>;

#[derive(Default)]
struct File {
    durable: Vec<u8>,
    /// Entries since the last sync.
    pending: Vec<usize>,
}

/// The disk at one moment of a log.
pub(crate) struct Disk<'a> {
    log: &'a [Entry],
    at: usize,
    files: Vec<File>,
    durable: BTreeMap<&'a str, usize>,
    /// Entries of the directory since it was synced.
    pending: Vec<usize>,
}

impl<'a> Disk<'a> {
    pub(crate) fn before(log: &'a [Entry]) -> Self {
        Self { log, at: 0, files: Vec::new(), durable: BTreeMap::new(), pending: Vec::new() }
    }

    /// Lets the entries before `to` happen. Never goes back.
    pub(crate) fn advance(&mut self, to: usize) {
        while self.at < to {
            let entry = &self.log[self.at];
            match entry {
                Entry::Create { file, .. } => {
                    self.files.resize_with(self.files.len().max(file + 1), File::default);
                    self.pending.push(self.at);
                }
                Entry::Delete { .. } => self.pending.push(self.at),
                Entry::SyncDir => {
                    for at in std::mem::take(&mut self.pending) {
                        name(&self.log[at], &mut self.durable);
                    }
                }
                Entry::Write { file, .. } | Entry::Truncate { file, .. } => self.files[*file].pending.push(self.at),
                Entry::Sync { file } => {
                    let file = &mut self.files[*file];
                    for at in std::mem::take(&mut file.pending) {
                        apply(&mut file.durable, &self.log[at], |_| true);
                    }
                }
            }
            self.at += 1;
        }
    }

    /// One of the states that the disk may be in when the power goes now.
    pub(crate) fn crashed(&self, dice: &mut Dice) -> State {
        let mut names = self.durable.clone();
        let kept = match dice.below(3) {
            0 => 0,
            1 => self.pending.len(),
            _ => dice.below(self.pending.len() + 1),
        };
        for at in &self.pending[..kept] {
            name(&self.log[*at], &mut names);
        }
        // The extremes often: everything or nothing of all files at once.
        let all = match dice.below(6) {
            0 => Some(Survivors::All),
            1 => Some(Survivors::None),
            _ => None,
        };
        let content = |(name, file): (&str, usize)| (name.to_owned(), self.content(file, all, dice));
        names.into_iter().map(content).collect()
    }

    fn content(&self, file: usize, all: Option<Survivors>, dice: &mut Dice) -> Vec<u8> {
        let File { durable, pending } = &self.files[file];
        let mut data = durable.clone();
        let survivors = all.unwrap_or_else(|| Survivors::chosen(pending.len(), dice));
        let mut order = pending.clone();
        if survivors == Survivors::Shuffled {
            for at in (1..order.len()).rev() {
                order.swap(at, dice.below(at + 1));
            }
        }
        for (nth, at) in order.iter().enumerate() {
            apply(&mut data, &self.log[*at], |sector| survivors.keep(nth, pending.len(), sector, dice));
        }
        if survivors.keeps_length() {
            let end = pending.iter().map(|at| end(&self.log[*at])).max().unwrap_or_default();
            data.resize(data.len().max(end), 0);
        }
        data
    }
}

/// Lets an entry of a directory happen.
fn name<'a>(entry: &'a Entry, names: &mut BTreeMap<&'a str, usize>) {
    match entry {
        Entry::Create { name, file } => drop(names.insert(name, *file)),
        Entry::Delete { name } => drop(names.remove(name.as_str())),
        Entry::SyncDir | Entry::Write { .. } | Entry::Truncate { .. } | Entry::Sync { .. } => {}
    }
}

/// How far a write reaches.
fn end(entry: &Entry) -> usize {
    match entry {
        Entry::Write { offset, bytes, .. } => usize::try_from(*offset).unwrap() + bytes.len(),
        Entry::Create { .. } | Entry::Delete { .. } | Entry::SyncDir | Entry::Truncate { .. } | Entry::Sync { .. } => 0,
    }
}

/// Lets the sectors of a write happen that are kept; a cut happens as a whole.
fn apply(data: &mut Vec<u8>, entry: &Entry, mut keep: impl FnMut(u64) -> bool) {
    match entry {
        Entry::Write { offset, bytes, .. } => {
            let (mut from, until) = (*offset, offset + bytes.len() as u64);
            while from < until {
                let sector = from / SECTOR;
                let to = until.min((sector + 1) * SECTOR);
                if keep(sector) {
                    let at = |position: u64| usize::try_from(position).unwrap();
                    data.resize(data.len().max(at(to)), 0);
                    data[at(from)..at(to)].copy_from_slice(&bytes[at(from - offset)..at(to - offset)]);
                }
                from = to;
            }
        }
        Entry::Truncate { size, .. } => {
            if keep(0) {
                data.resize(usize::try_from(*size).unwrap(), 0);
            }
        }
        Entry::Create { .. } | Entry::Delete { .. } | Entry::SyncDir | Entry::Sync { .. } => {}
    }
}

#[test]
fn what_was_synced_is_there_and_nothing_else_is_sure() {
    let write = |offset: u64, byte: u8| Entry::Write { file: 0, offset, bytes: vec![byte; 1024] };
    let log = [
        Entry::Create { name: "a".into(), file: 0 },
        write(0, 1),
        Entry::Sync { file: 0 },
        Entry::SyncDir,
        write(1024, 2),
    ];
    let mut disk = Disk::before(&log);
    disk.advance(log.len());
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let state = disk.crashed(&mut Dice(seed));
        let data = &state["a"];
        assert_eq!(data[..1024], [1; 1024], "what was synced");
        seen.insert(data[1024..].to_vec());
    }
    // Nothing, one sector, the other one behind a hole, both, only the length.
    assert!(seen.len() >= 5, "{} states", seen.len());
    let mut before = Disk::before(&log);
    before.advance(3);
    let absent = |seed: u64| before.crashed(&mut Dice(seed)).is_empty();
    assert!((0..50).any(absent) && !(0..50).all(absent), "a name that was not synced may be missing");
}
