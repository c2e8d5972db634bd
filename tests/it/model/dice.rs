//! Chance: the same numbers on every host.

use super::command::{Command, JobNo, Word};

/// A generator of pseudo-random numbers (SplitMix64): small, and the same on every host.
pub(crate) struct Dice {
    state: u64,
    /// How many submits it has made: each gets a number of its own.
    pub(super) submits: JobNo,
    /// What was sent, for those whose answer was lost.
    pub(super) sent: Vec<Command>,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed, submits: 0, sent: Vec::new() }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Comes true so many times out of a hundred.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    pub(super) fn maybe<T>(&mut self, percent: u64, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.percent(percent).then(|| make(self))
    }

    /// Some of them, each once, in their order.
    pub(super) fn some(&mut self, of: &[Word], percent: u64) -> Vec<Word> {
        of.iter().copied().filter(|_| self.percent(percent)).collect()
    }
}
