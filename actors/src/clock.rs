//! Time and ids as values that are handed in.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::Timestamp;
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now. Never earlier than an earlier answer.
    fn now(&self) -> Timestamp;

    /// Answers nothing earlier than this from now on: a host's clock that was set back between two starts must not lead
    /// to events that are older than those before them.
    fn not_before(&self, earliest: Timestamp);
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

    fn not_before(&self, earliest: Timestamp) {
        self.last.fetch_max(earliest.0, Ordering::Relaxed);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_runs_back_behind_what_was_saved() {
        let clock = SystemClock::default();
        let saved = clock.now().plus_secs(60);
        clock.not_before(saved);
        assert_eq!(clock.now(), saved);
        clock.not_before(Timestamp(0));
        assert_eq!(clock.now(), saved);
    }
}
