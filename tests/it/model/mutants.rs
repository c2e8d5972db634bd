//! The power of the model: it finds what the scheduler must not leave out.

use domain::mutant::Mutant;

use super::backend::Kind;
use super::play;

/// Within so many seeds a bug has to be found.
const SEEDS: u64 = 20;

/// A planted bug; taken out at the drop.
struct Planted;

impl Planted {
    fn plant(mutant: Mutant) -> Self {
        Mutant::plant(Some(mutant));
        Self
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        Mutant::plant(None);
    }
}

/// The backends that live on the thread of the test: SQLite's actors do too, but over a store that is slow.
fn is_found(mutant: Mutant) {
    for kind in [Kind::Domain, Kind::Memory] {
        let planted = Planted::plant(mutant);
        let found = play::first_quarrel(kind, 0..SEEDS);
        drop(planted);
        let (seed, what) = found.unwrap_or_else(|| panic!("{mutant:?} was not found by {kind:?} in {SEEDS} seeds"));
        eprintln!("{mutant:?}: found by seed {seed} of {kind:?}: {what}");
    }
}

#[test]
fn weights_that_are_ignored_are_found() {
    is_found(Mutant::WeightsIgnored);
}

#[test]
fn exclusion_that_is_ignored_is_found() {
    is_found(Mutant::ExclusionIgnored);
}

#[test]
fn a_review_limit_that_is_ignored_is_found() {
    is_found(Mutant::ReviewLimitIgnored);
}

#[test]
fn a_usage_limit_that_is_ignored_is_found() {
    is_found(Mutant::LimitIgnored);
}
