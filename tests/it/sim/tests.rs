//! What is asked of the simulation on every change.

use super::gather::lines;
use super::{Outcome, Schedule, run};

fn seed() -> Option<u64> {
    std::env::var("GIGAFACTORY_SEED").ok()?.parse().ok()
}

/// Refuses violations.
fn clean(seed: u64, outcome: &Outcome) {
    let told: Vec<String> = outcome.violations.iter().map(|found| format!("{}: {}", found.rule, found.what)).collect();
    assert!(told.is_empty(), "seed {seed}:\n  {}", told.join("\n  "));
}

#[test]
fn the_same_seed_has_the_same_history() {
    for seed in seed().map_or(vec![1, 2, 3, 4, 5, 6], |seed| vec![seed]) {
        let (one, two) = (run(&Schedule::of(seed)), run(&Schedule::of(seed)));
        let (first, second) = (lines(&one.history), lines(&two.history));
        if let Some(at) = first.iter().zip(&second).position(|(a, b)| a != b) {
            panic!("seed {seed}, line {at}:\n  {}\n  {}", first[at], second[at]);
        }
        assert_eq!(first.len(), second.len(), "seed {seed}");
        assert_eq!(lines(&one.events), lines(&two.events), "seed {seed}");
        assert_eq!(lines(&one.records), lines(&two.records), "seed {seed}");
    }
}

#[test]
fn some_seeds_have_no_violation() {
    let mut counts = [0; 4];
    for seed in seed().map_or(0..20, |seed| seed..seed + 1) {
        let outcome = run(&Schedule::of(seed));
        let of = outcome.counts;
        counts = [counts[0] + of.operations, counts[1] + of.faults, counts[2] + of.crashes, counts[3] + of.events];
        clean(seed, &outcome);
    }
    assert!(counts[0] > 0 && counts[3] > 0, "{counts:?}");
}
