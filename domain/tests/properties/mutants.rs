//! The power of the properties: each bug that only changes which job is picked breaks one of them.

use domain::mutant::Mutant;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestError, TestRng, TestRunner};

use crate::{boards, preemption};

/// What a property says where the bug is planted; none: it holds.
fn broken<S: Strategy>(
    mutant: Mutant,
    strategy: &S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) -> Option<String> {
    let config = ProptestConfig { cases: 2_000, failure_persistence: None, max_shrink_iters: 0, ..Default::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    Mutant::plant(Some(mutant));
    let result = runner.run(strategy, property);
    Mutant::plant(None);
    match result {
        Err(TestError::Fail(why, _)) => Some(why.to_string()),
        Err(TestError::Abort(_)) | Ok(()) => None,
    }
}

/// What finds the bug says.
fn found(mutant: Mutant) -> Option<String> {
    let pair = || broken(mutant, &boards::steps(), boards::agrees);
    pair().or_else(|| broken(mutant, &preemption::others(), preemption::keeps_its_seat))
}

#[test]
fn mutants_of_the_choice_are_found() {
    let missed: Vec<_> = Mutant::PROVEN.iter().filter(|mutant| found(**mutant).is_none()).collect();
    assert!(missed.is_empty(), "no property sees {missed:?}");
}

/// What the simulation finds and a property as well is found twice.
#[test]
fn mutants_of_the_filters_are_found_here_too() {
    let too = [Mutant::WeightsIgnored, Mutant::ReviewLimitIgnored, Mutant::PauseIgnored, Mutant::KeyLimitIgnored];
    let missed: Vec<_> = too.into_iter().filter(|mutant| found(*mutant).is_none()).collect();
    assert!(missed.is_empty(), "no property sees {missed:?}");
}
