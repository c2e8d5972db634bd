//! Time and ids as values that are handed in.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::Timestamp;
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now. Never earlier than an earlier answer.
    fn now(&self) -> Timestamp;
}

/// Makes ids.
pub trait Ids: Send + Sync + 'static {
    /// The next UUIDv7.
    fn next(&self) -> Uuid;
}

/// The host's wall clock, which never runs back here.
#[derive(Debug, Default)]
pub struct SystemClock {
    last: AtomicI64,
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let wall = i64::try_from(since).unwrap_or(i64::MAX);
        Timestamp(self.last.fetch_max(wall, Ordering::Relaxed).max(wall))
    }
}

/// Time-ordered random ids.
#[derive(Debug, Default)]
pub struct TimeIds;

impl Ids for TimeIds {
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}
