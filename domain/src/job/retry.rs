//! How long a job waits between attempts: exponential backoff with jitter, at most an hour.

use super::state::Job;
use crate::Timestamp;

const MAX_BACKOFF_MS: u64 = 3_600_000;

impl Job {
    /// When the attempt after `used` used ones may begin.
    ///
    /// `backoffSec · 2^(used − 1)`, spread by ±20 %. The spread is a hash of job and attempt, so that a replay
    /// gives the same instant and jobs that failed together do not come back together.
    pub(super) fn backoff(&self, used: u32, now: Timestamp) -> Timestamp {
        let doublings = used.saturating_sub(1).min(32);
        let base = self.spec.retry.backoff_sec.saturating_mul(1_000).saturating_mul(1 << doublings);
        let spread = spread(self.id.0.as_bytes(), used);
        let ms = base.min(MAX_BACKOFF_MS).saturating_mul(800 + spread) / 1_000;
        now.plus_ms(ms.min(MAX_BACKOFF_MS))
    }
}

/// 0..=400, from an FNV-1a hash (Fowler, Noll, Vo) of the job's id and the attempt.
fn spread(id: &[u8], attempt: u32) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in id.iter().chain(&attempt.to_le_bytes()) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    (hash >> 32) % 401
}
