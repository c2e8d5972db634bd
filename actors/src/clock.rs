//! Time and ids as values that are handed in.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use domain::Timestamp;
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now. Never earlier than an earlier answer.
    fn now(&self) -> Timestamp;

    /// From now on no answer is earlier than this: what is committed already became true by then.
    fn never_before(&self, at: Timestamp);
}

/// Makes ids.
pub trait Ids: Send + Sync + 'static {
    /// The next UUIDv7.
    fn next(&self) -> Uuid;
}

/// The host's wall clock, but that it never runs back and never stands still: where the wall clock is set back, or begins
/// behind what is committed, time goes on from where it was by the monotonic clock.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
    /// What is added to the monotonic clock, in milliseconds; only grows.
    ahead: AtomicI64,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now(), ahead: AtomicI64::new(0) }
    }
}

impl SystemClock {
    fn elapsed(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Now, with the wall clock at `wall`.
    fn at(&self, elapsed: i64, wall: i64) -> Timestamp {
        let ahead = wall.saturating_sub(elapsed);
        Timestamp(elapsed.saturating_add(self.ahead.fetch_max(ahead, Ordering::Relaxed).max(ahead)))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // The wall first: a thread that is held up between the two would take the delay for a lead, and keep it.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        self.at(self.elapsed(), i64::try_from(since).unwrap_or(i64::MAX))
    }

    fn never_before(&self, at: Timestamp) {
        self.at(self.elapsed(), at.0);
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
    fn time_goes_on_where_the_wall_clock_is_set_back() {
        let clock = SystemClock::default();
        let walls = [(0, 1_000_000), (10, 1_000_010), (20, 400_000), (70, 400_050), (80, 2_000_000), (90, 1_000_090)];
        let told: Vec<i64> = walls.iter().map(|(elapsed, wall)| clock.at(*elapsed, *wall).0).collect();
        assert_eq!(told, [1_000_000, 1_000_010, 1_000_020, 1_000_070, 2_000_000, 2_000_010]);
    }

    #[test]
    fn time_begins_where_what_is_committed_ends() {
        let clock = SystemClock::default();
        let ahead = Timestamp(clock.now().0 + 3_600_000);
        clock.never_before(ahead);
        assert!(clock.now() >= ahead);
        clock.never_before(Timestamp(0));
        assert!(clock.now() >= ahead);
    }
}
