//! What is asked of the simulation on every change: it repeats itself to the byte, thousands of seeds are without a
//! violation, and so is every schedule that once was not.

use std::path::Path;

use super::campaign::{Sums, failure};
use super::gather::lines;
use super::sometimes::SOMETIMES;
use super::{Schedule, run};

/// Seeds of one test, and what they have to come to.
const SEEDS: u64 = 200;
const OPERATIONS: u64 = 100_000;
const FAULTS: u64 = 6_000;

#[test]
fn the_same_seed_has_the_same_history() {
    for seed in 1..=12 {
        let (one, two) = (run(&Schedule::of(seed)), run(&Schedule::of(seed)));
        let (first, second) = (lines(&one.history), lines(&two.history));
        if let Some(at) = first.iter().zip(&second).position(|(a, b)| a != b) {
            panic!("seed {seed}, line {at}:\n  {}\n  {}", first[at], second[at]);
        }
        assert_eq!(first.len(), second.len(), "seed {seed}");
        assert_eq!(lines(&one.events), lines(&two.events), "seed {seed}");
        assert_eq!(lines(&one.records), lines(&two.records), "seed {seed}");
        assert_eq!(one.seen, two.seen, "seed {seed}");
    }
}

#[test]
fn what_once_failed_fails_no_more() {
    let mut kept = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds")).unwrap() {
        let path = entry.unwrap().path();
        let schedule: Schedule = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let outcome = run(&schedule);
        assert!(outcome.violations.is_empty(), "{}: {:#?}", path.display(), outcome.violations);
        kept += 1;
    }
    assert!(kept > 0, "no schedule is kept");
}

/// Runs a share of the seeds. All of them have to be without a violation, and together to see everything.
fn share(no: u64) {
    let mut sums = Sums::default();
    for seed in no * SEEDS..(no + 1) * SEEDS {
        let schedule = Schedule::of(seed);
        let outcome = run(&schedule);
        sums.add(&outcome);
        assert!(outcome.violations.is_empty(), "{}", failure(&schedule, &outcome));
    }
    let all = SOMETIMES.iter().chain(checker::SEEN);
    let never: Vec<_> = all.filter(|name| !sums.seen.contains_key(**name)).collect();
    assert!(never.is_empty(), "never came about: {never:#?}");
    assert!(sums.operations >= OPERATIONS, "only {} operations", sums.operations);
    assert!(sums.faults >= FAULTS, "only {} faults", sums.faults);
    assert!(sums.crashes >= SEEDS, "only {} crashes", sums.crashes);
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
    seeds_0_to_199: 0,
    seeds_200_to_399: 1,
    seeds_400_to_599: 2,
    seeds_600_to_799: 3,
    seeds_800_to_999: 4,
    seeds_1000_to_1199: 5,
    seeds_1200_to_1399: 6,
    seeds_1400_to_1599: 7,
    seeds_1600_to_1799: 8,
    seeds_1800_to_1999: 9,
}
