//! Interesting things that ought to happen in many sequences, by name: a generator that never gets there proves little.

use super::command::{Claim, JobNo, Outcome, Status};
use super::reference::Model;
use super::reference::score::{self, TERMS, Weights};

/// What is seen of a term that decided; `load` is the same for all jobs of one claim.
const DECIDED: [&str; 9] = [
    "priority-decided",
    "age-decided",
    "capability-fit-decided",
    "affinity-decided",
    "due-decided",
    "critical-path-decided",
    "retry-decided",
    "load-decided",
    "cost-decided",
];

/// What has happened in a sequence.
pub(crate) fn sights(model: &Model) -> Vec<&'static str> {
    let mut seen: Vec<&'static str> = model.jobs.values().flat_map(|job| job.log.events.iter().copied()).collect();
    seen.extend(model.factories.values().flat_map(|factory| factory.log.events.iter().copied()));
    seen.extend(model.log.events.iter().copied());
    let runs = || model.jobs.values().flat_map(|job| &job.runs);
    seen.extend(runs().any(|run| run.status == Status::Evicted).then_some("evicted"));
    seen.extend(runs().any(|run| run.result == Some(Outcome::TimedOut)).then_some("timed-out"));
    seen.extend(runs().any(|run| run.result == Some(Outcome::OverBudget)).then_some("over-budget"));
    seen
}

/// What decides a claim that is about to be made: the filters that count, and whatever would have led to another job if
/// it were not there.
pub(crate) fn of_claim(model: &Model, claim: &Claim) -> Vec<&'static str> {
    let repeats = claim.id.is_some_and(|id| model.grants.contains_key(&(claim.factory, id)));
    let weights = model.weights(claim);
    let Some(look) = model.look(claim, &weights).ok().filter(|_| !repeats) else { return Vec::new() };
    let mut seen: Vec<&'static str> = look.filtered.keys().copied().collect();
    let chosen = look.pick.map(|pick| pick.job);
    for (at, sight) in DECIDED.into_iter().enumerate() {
        let without: Weights = std::array::from_fn(|no| if no == at { 0 } else { weights[no] });
        seen.extend((picked(model, claim, &without) != chosen).then_some(sight));
    }
    let product = model.weights(&Claim { weights: Vec::new(), ..claim.clone() });
    let own = score::over(score::USUAL, &claim.weights);
    seen.extend((picked(model, claim, &own) != chosen).then_some("weights-of-product-decided"));
    seen.extend((picked(model, claim, &product) != chosen).then_some("weights-of-claim-decided"));
    let mut apart = model.clone();
    let engines = apart.factories.values_mut().flat_map(|factory| &mut factory.card.engines);
    engines.for_each(|engine| engine.account = None);
    seen.extend((picked(&apart, claim, &weights) != chosen).then_some("shared-limit-decided"));
    seen
}

fn picked(model: &Model, claim: &Claim, weights: &Weights) -> Option<JobNo> {
    model.look(claim, weights).ok().and_then(|look| look.pick).map(|pick| pick.job)
}

/// The terms, so that each of them has its sight.
const _: () = assert!(TERMS.len() == DECIDED.len());
