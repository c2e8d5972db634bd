//! The power of the simulation: it finds every deliberate bug within a few seeds.

use domain::mutant::Mutant;

use super::{Schedule, run};

/// Within so many seeds a bug has to be found.
const SEEDS: u64 = 20;
/// Into so many tests the bugs are dealt, so that they run side by side.
const SHARES: usize = 8;

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

/// Looks for a planted bug: the seed that found it, and what was violated first.
fn hunt(mutant: Mutant) -> Option<(u64, String)> {
    let _planted = Planted::plant(mutant);
    (0..SEEDS).find_map(|seed| {
        let found = run(&Schedule::of(seed)).violations.into_iter().next()?;
        Some((seed, format!("{}: {}", found.rule, found.what)))
    })
}

fn share(no: usize) {
    let mut missed = Vec::new();
    for mutant in Mutant::SIMULATED.iter().skip(no).step_by(SHARES) {
        match hunt(*mutant) {
            Some((seed, what)) => eprintln!("{mutant:?}: found by seed {seed}: {what}"),
            None => missed.push(mutant),
        }
    }
    assert!(missed.is_empty(), "not found within {SEEDS} seeds: {missed:?}");
}

macro_rules! shares {
    ($($name:ident: $no:literal),* $(,)?) => {
        $(#[test]
        fn $name() {
            share($no);
        })*
    };
}

shares! {
    mutants_are_found_1: 0,
    mutants_are_found_2: 1,
    mutants_are_found_3: 2,
    mutants_are_found_4: 3,
    mutants_are_found_5: 4,
    mutants_are_found_6: 5,
    mutants_are_found_7: 6,
    mutants_are_found_8: 7,
}
