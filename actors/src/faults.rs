//! Named places on the roads of the store where a test build can be told to end, or to lose the store.
//!
//! Only the cargo feature `faults` puts anything behind them; without it they are empty, and no name of them is left in
//! the program. One registry for each store, none for the process.

#[cfg(feature = "faults")]
mod armed;

#[cfg(feature = "faults")]
pub use armed::BadFaults;

/// A place where something can go wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "faults", derive(Debug))]
pub enum Point {
    /// The directory is locked; the schema was not looked at yet.
    StartLocked,
    /// The schema is the newest.
    StartMigrated,
    /// Every connection is open; nobody works with the store yet.
    StartOpen,
    /// It is known which keys of a batch of submits are taken; nothing is written yet.
    KeysRead,
    /// A batch is complete; nothing of it is written.
    CommitBefore,
    /// COMMIT has returned; nobody was told.
    CommitAfter,
    /// The actors were told of a batch; no writer was answered.
    CommitTold,
    /// The writers of a batch were answered.
    CommitAnswered,
    /// A product's state was pinned; nothing of it is loaded.
    OpenPinned,
    /// A product's state is loaded; no actor works with it yet.
    OpenLoaded,
    /// The WAL is about to be moved into the file.
    CheckpointBefore,
    /// The WAL was moved into the file.
    CheckpointAfter,
    /// Old receipts were dropped.
    ReceiptsSwept,
    /// The last commit is done; the WAL was not emptied yet.
    StopBefore,
    /// The WAL is empty; the directory is still locked.
    StopAfter,
}

/// What goes wrong, and where. Cheap to clone; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    #[cfg(feature = "faults")]
    armed: std::sync::Arc<[armed::Armed]>,
}

#[cfg(not(feature = "faults"))]
impl Faults {
    /// Passes a place. Empty: this build has no faults.
    #[inline(always)]
    pub fn pass(&self, _: Point) {}

    /// Never: this build has no faults.
    #[inline(always)]
    pub(crate) fn loses(&self, _: Point) -> bool {
        false
    }
}
