//! Why a job waits: one true reason, for every reason that there can be so far.

use domain::Timestamp;
use domain::dispatch::{Claim, Reason};
use domain::factory::{Card, EngineState, Health, Presence};
use domain::job::spec::Retry;
use domain::job::state::Priority;
use domain::job::{Spec, Stage};

use super::bench::{Bench, bench, claim};
use crate::support::factory::{card, engine};
use crate::support::job::spec;
use crate::support::order::{self, asks, report, told};

/// What is done to a board before job 1 is asked why it waits.
type Acts = fn(Bench) -> Bench;

/// Each reason with the acts that lead to it. Everything that has a later reason is there as well, where that can be.
const CASES: [(Reason, Acts); 13] = [
    (Reason::ProductPaused, |bench| {
        let later = Spec { not_before: Some(Timestamp(60_000)), ..spec() };
        bench.submits(1, later).pauses(true)
    }),
    (Reason::NotBefore, |bench| {
        let later = Spec { not_before: Some(Timestamp(60_000)), concurrency_key: Some("door".into()), ..spec() };
        bench.rules("no job may be in review", |rules| rules.review_limit = Some(0)).submits(1, later)
    }),
    (Reason::Dependencies, |bench| bench.blocks(1)),
    (Reason::NeedsInput, |bench| {
        bench.factory(card("f1")).submits(1, spec()).leases(1, "f1").commits(1, told(asks("Which door?")))
    }),
    (Reason::ReviewLimit, |bench| {
        bench
            .factory(card("f1"))
            .rules("one job may be in review", |rules| rules.review_limit = Some(1))
            .submits(2, spec())
            .leases(2, "f1")
            .commits(2, told(report(Stage::Review)))
            .submits(1, spec())
    }),
    (Reason::ConcurrencyKey, |bench| {
        let locked = || Spec { concurrency_key: Some("door".into()), ..spec() };
        bench.factory(card("f1")).submits(2, locked()).leases(2, "f1").submits(1, locked())
    }),
    (Reason::NoFactoryEver, |bench| {
        let wants = Spec { capabilities: vec!["gpu".into()], engines: vec!["claude".into()], ..spec() };
        let lacks_engine = Card { capabilities: vec!["gpu".into()], engines: Vec::new(), ..card("f2") };
        bench.factory(card("f1")).factory(lacks_engine).submits(1, wants)
    }),
    (Reason::EngineUnavailable, |bench| {
        let mut limited = engine("claude", EngineState::Unavailable);
        limited.resets_at = Some(Timestamp(90_000));
        let wants = Spec { engines: vec!["claude".into()], ..spec() };
        bench.factory(Card { engines: vec![limited], seat_limit: 0, ..card("f1") }).submits(1, wants)
    }),
    (Reason::Capabilities, |bench| {
        let narrow = Claim { capabilities: Some(Vec::new()), ..claim("f1") };
        bench.factory(card("f1")).submits(1, Spec { capabilities: vec!["os:linux".into()], ..spec() }).waits(narrow)
    }),
    (Reason::FactoryHealth, |bench| {
        bench
            .changed(card("f1"), |card| card.draining = true)
            .changed(card("f2"), |card| card.health = Health::Failing)
            .changed(card("f3"), |card| card.presence = Presence::Stale)
            .submits(1, spec())
    }),
    (Reason::Excluded, |bench| {
        let retry = Retry { max_attempts: 5, backoff_sec: 1 };
        let bench = bench.factory(seats("f1", 1)).factory(seats("f2", 1)).submits(1, Spec { retry, ..spec() });
        let bench = bench.leases(1, "f1").commits(1, told(report(Stage::Failed))).at(10).wakes().leases(1, "f1");
        let fence = order::fence(2);
        let again = told(domain::job::command::Report { fence, ..report(Stage::Failed) });
        let narrow = Claim { engine_classes: Some(vec!["local".into()]), ..claim("f2") };
        // The one that could take it instead has a seat, and waits for something else.
        bench.commits(1, again).at(20).wakes().waits(narrow)
    }),
    (Reason::Seats, |bench| bench.factory(card("f1")).submits(2, spec()).leases(2, "f1").submits(1, spec())),
    (Reason::Position, |bench| {
        bench
            .factory(card("f1"))
            .submits(3, Spec { priority: Priority::High, ..spec() })
            .submits(2, spec())
            .at(10)
            .submits(1, spec())
    }),
];

fn seats(name: &str, seat_limit: u32) -> Card {
    Card { seat_limit, ..card(name) }
}

#[test]
fn a_waiting_job_is_told_the_one_true_reason() {
    for (reason, acts) in CASES {
        if reason == Reason::Excluded {
            continue;
        }
        let bench = acts(bench(&format!("explain_{}", reason.as_str())));
        assert_eq!(bench.reason(1), Some(reason));
        bench.explains(1).snap();
    }
}

/// That a job is kept from one factory is never all: another one could take it, or it would not be kept.
#[test]
fn exclusion_is_told_of_a_factory() {
    let (_, acts) = CASES.into_iter().find(|(reason, _)| *reason == Reason::Excluded).expect("it is there");
    acts(bench("explain_excluded")).explains(1).snap();
}

/// What only a factory can lack is told of that factory.
#[test]
fn what_a_factory_lacks_is_told_of_it() {
    let wants = Spec {
        capabilities: vec!["gpu".into(), "os:linux".into()],
        engines: vec!["claude".into()],
        engine_class: Some("frontier".into()),
        ..spec()
    };
    let able = |name: &str| Card {
        capabilities: vec!["gpu".into(), "os:linux".into()],
        engine_classes: vec!["frontier".into()],
        ..card(name)
    };
    bench("explain_by_factory")
        .factory(Card { capabilities: vec!["os:linux".into()], ..able("f1") })
        .factory(Card { engines: vec![engine("codex", EngineState::Available)], ..able("f2") })
        .factory(Card { engine_classes: Vec::new(), ..able("f3") })
        .factory(Card { engines: vec![engine("claude", EngineState::Unavailable)], ..able("f4") })
        .factory(Card { seat_limit: 0, ..able("f5") })
        .factory(able("f6"))
        .submits(1, wants)
        .explains(1)
        .snap();
}

/// Budgets and children come later; `engine`, `engine_class` and `excluded` are told of factories.
#[test]
fn every_reason_that_can_be_is_asked_for() {
    let elsewhere = [Reason::BudgetExhausted, Reason::Children, Reason::Engine, Reason::EngineClass];
    for reason in Reason::ALL {
        let told = CASES.iter().any(|(case, _)| *case == reason);
        assert!(told != elsewhere.contains(&reason), "{}", reason.as_str());
    }
}
