//! Which operation on a watched directory goes wrong, and how. Counts; touches no file.

/// What is done to a file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file is opened.
    Open,
    /// Bytes are read.
    Read,
    /// Bytes are written.
    Write,
    /// A file is cut.
    Truncate,
    /// A file is synced.
    Sync,
    /// A file's size is asked for.
    Size,
    /// The database file is locked.
    Lock,
    /// A lock in the shared memory is taken.
    ShmLock,
    /// A part of the shared memory is mapped.
    ShmMap,
    /// A file is deleted.
    Delete,
    /// The second phase of a commit, when everything of it is written already.
    Committed,
}

/// An operation that goes wrong.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Which kind of operation.
    pub kind: Kind,
    /// Which one of that kind, counted from 1 when the fault is set.
    pub nth: u64,
    /// What SQLite is told: one of its extended result codes.
    pub code: i32,
    /// Every later one of the kind fails as well.
    pub lasts: bool,
    /// Of a write, this many bytes reach the file before it fails; never all of them.
    pub torn: usize,
}

/// A fault with its count.
#[derive(Debug)]
pub(crate) struct Armed {
    fault: Fault,
    seen: u64,
    pub(crate) hits: u64,
}

impl Armed {
    pub(crate) fn new(fault: Fault) -> Self {
        Self { fault, seen: 0, hits: 0 }
    }

    /// Counts an operation; gives back the fault if it is to fail.
    pub(crate) fn meets(&mut self, kind: Kind) -> Option<Fault> {
        if kind != self.fault.kind {
            return None;
        }
        self.seen += 1;
        let fails = self.seen == self.fault.nth || (self.fault.lasts && self.seen > self.fault.nth);
        self.hits += u64::from(fails);
        fails.then_some(self.fault)
    }
}
