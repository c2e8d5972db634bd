//! Pauses between attempts: each twice as long as the one before, with jitter, between a second and half a minute.

use std::time::Duration;

use uuid::Uuid;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// The pauses of one series of attempts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { next: FIRST }
    }

    /// The next pause; at least what the other side asked for, which is taken at its word up to half a minute.
    pub(crate) fn pause(&mut self, asked: Option<Duration>) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST);
        // The low bits of such an id are random.
        let jitter = u32::try_from(Uuid::now_v7().as_u128() & 0x3ff).unwrap_or(0);
        let jittered = pause / 2 + pause / 2 * jitter / 0x3ff;
        jittered.max(asked.unwrap_or_default().min(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_a_minute_and_follow_what_is_asked() {
        let mut backoff = Backoff::new();
        let pauses: Vec<_> = (0..8).map(|_| backoff.pause(None)).collect();
        assert!(pauses[0] >= FIRST / 2 && pauses[0] <= FIRST);
        assert!(pauses[7] >= LONGEST / 2 && pauses[7] <= LONGEST);
        assert_eq!(Backoff::new().pause(Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(Backoff::new().pause(Some(Duration::from_secs(700))), LONGEST);
    }
}
