//! Time and ids of a simulated node: tokio's paused time, a wall clock that can be set, ids from the seed.
//! Reads no clock of the host.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use actors::clock::{Clock, Ids};
use domain::Timestamp;
use tokio::time::Instant;
use uuid::Uuid;

use super::rng::Rng;

/// When every simulation begins: 2026-01-01, in milliseconds.
const BEGIN_MS: i64 = 1_767_225_600_000;
const RUNS: i64 = i64::MIN;

/// The wall clock of the host that the node runs on.
pub(super) struct Wall {
    began: Instant,
    offset_ms: AtomicI64,
    stopped_at: AtomicI64,
    /// What the coordinator adds to the monotonic clock: as much as the wall clock was ever ahead of it, or what is committed.
    ahead: AtomicI64,
}

impl Wall {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            offset_ms: AtomicI64::new(0),
            stopped_at: AtomicI64::new(RUNS),
            ahead: AtomicI64::new(RUNS),
        })
    }

    fn elapsed(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn runs(&self) -> i64 {
        BEGIN_MS + self.elapsed() + self.offset_ms.load(Ordering::Relaxed)
    }

    /// Milliseconds since 1970.
    pub(super) fn now(&self) -> i64 {
        match self.stopped_at.load(Ordering::Relaxed) {
            RUNS => self.runs(),
            stopped => stopped,
        }
    }

    /// The coordinator's clock, in milliseconds since 1970.
    pub(super) fn shown(&self) -> i64 {
        self.not_behind(self.now());
        self.elapsed() + self.ahead.load(Ordering::Relaxed)
    }

    fn not_behind(&self, at: i64) {
        self.ahead.fetch_max(at - self.elapsed(), Ordering::Relaxed);
    }

    pub(super) fn set(&self, by_ms: i64) {
        self.offset_ms.fetch_add(by_ms, Ordering::Relaxed);
    }

    pub(super) fn stop(&self) {
        self.stopped_at.store(self.runs(), Ordering::Relaxed);
    }

    pub(super) fn go_on(&self) {
        self.stopped_at.store(RUNS, Ordering::Relaxed);
    }
}

/// The clock of an incarnation of the node: never behind itself, and never still, as the coordinator's own. A new one knows
/// nothing of those before it.
pub(super) struct SimClock(Arc<Wall>);

impl SimClock {
    pub(super) fn new(wall: Arc<Wall>) -> Self {
        wall.ahead.store(RUNS, Ordering::Relaxed);
        Self(wall)
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.shown())
    }

    fn never_before(&self, at: Timestamp) {
        self.0.not_behind(at.0);
    }
}

/// Ids of one incarnation, shaped like UUIDv7.
pub(super) struct SimIds {
    wall: Arc<Wall>,
    rng: Mutex<Rng>,
}

impl SimIds {
    pub(super) fn new(wall: Arc<Wall>, rng: Rng) -> Self {
        Self { wall, rng: Mutex::new(rng) }
    }
}

impl Ids for SimIds {
    fn next(&self) -> Uuid {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tail = [0; 10];
        tail[..8].copy_from_slice(&rng.next().to_be_bytes());
        tail[8..].copy_from_slice(&rng.next().to_be_bytes()[..2]);
        let millis = u64::try_from(self.wall.now()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
    }
}
