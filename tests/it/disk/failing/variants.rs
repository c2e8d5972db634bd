//! The ways in which an operation fails, by SQLite's extended result codes.

use vfs::{Fault, Kind};

pub(crate) const FULL: i32 = 13;
pub(crate) const SHM_SIZE: i32 = 4874;
pub(crate) const FSYNC: i32 = 1034;
const IOERR: i32 = 10;
const CANT_OPEN: i32 = 14;
const READ: i32 = 266;
const WRITE: i32 = 778;
const TRUNCATE: i32 = 1546;
const SIZE: i32 = 1802;
const DELETE: i32 = 2570;
const LOCK: i32 = 3850;
const SHM_LOCK: i32 = 5130;
const SHM_MAP: i32 = 5386;

const fn once(kind: Kind, code: i32) -> Fault {
    Fault { kind, nth: 1, code, lasts: false, torn: 0 }
}

/// All but syncs, after which the process ends.
pub(crate) const VARIANTS: [Fault; 14] = [
    once(Kind::Write, WRITE),
    Fault { torn: 20, ..once(Kind::Write, WRITE) },
    Fault { torn: 2_500, ..once(Kind::Write, WRITE) },
    once(Kind::Write, FULL),
    Fault { lasts: true, ..once(Kind::Write, FULL) },
    once(Kind::Read, READ),
    once(Kind::Truncate, TRUNCATE),
    once(Kind::Open, CANT_OPEN),
    once(Kind::Size, SIZE),
    once(Kind::Delete, DELETE),
    once(Kind::Lock, LOCK),
    once(Kind::ShmLock, SHM_LOCK),
    once(Kind::ShmMap, SHM_MAP),
    once(Kind::Committed, IOERR),
];

/// The disk is out of reach until it heals: not even an unsure commit can be looked up.
pub(crate) const OUT_OF_REACH: [Fault; 3] = [
    Fault { lasts: true, ..once(Kind::ShmLock, SHM_LOCK) },
    Fault { lasts: true, ..once(Kind::Write, WRITE) },
    Fault { lasts: true, ..once(Kind::Read, READ) },
];
