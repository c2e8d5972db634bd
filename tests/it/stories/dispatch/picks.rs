//! Claims that are answered at once: order, filters, keys, seats, the gate.

use domain::dispatch::Claim;
use domain::factory::{Card, EngineState, Health};
use domain::job::state::Priority;
use domain::job::{Command, Spec, Stage};

use super::bench::{bench, claim};
use crate::support::factory::{card, engine};
use crate::support::job::spec;
use crate::support::order::{cancel, factory, report, told};

fn seats(name: &str, seat_limit: u32) -> Card {
    Card { seat_limit, ..card(name) }
}

fn urgent(priority: Priority) -> Spec {
    Spec { priority, ..spec() }
}

fn locked(key: &str, limit: u32) -> Spec {
    Spec { concurrency_key: Some(key.into()), concurrency_limit: limit, ..spec() }
}

#[test]
fn more_urgent_first_then_older_then_by_id() {
    bench("pick_order")
        .factory(seats("f1", 9))
        .submits(4, urgent(Priority::Normal))
        .submits(3, urgent(Priority::Normal))
        .submits(5, urgent(Priority::Low))
        .at(10)
        .submits(2, urgent(Priority::Normal))
        .submits(1, urgent(Priority::Critical))
        .submits(6, Spec { capabilities: vec!["os:linux".into()], ..urgent(Priority::High) })
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .snap();
}

#[test]
fn filters_pass_what_the_factory_can_run() {
    let engines = vec![engine("claude", EngineState::Unavailable), engine("codex", EngineState::Available)];
    let able = Card { engines, engine_classes: vec!["frontier".into()], ..seats("f1", 9) };
    let own = |capabilities: Option<&str>, class: Option<&str>| Claim {
        factory: factory("f1"),
        capabilities: capabilities.map(|word| vec![word.to_owned()]),
        engine_classes: class.map(|word| vec![word.to_owned()]),
        weights: Default::default(),
    };
    bench("pick_filters")
        .factory(able)
        .submits(1, Spec { engines: vec!["claude".into()], ..spec() })
        .submits(2, Spec { capabilities: vec!["os:linux".into(), "gpu".into()], ..spec() })
        .submits(3, Spec { engine_class: Some("local".into()), ..spec() })
        .claims(&claim("f1"))
        .submits(4, Spec { engines: vec!["claude".into(), "codex".into()], ..spec() })
        .submits(5, Spec { engine_class: Some("frontier".into()), ..spec() })
        .claims(&own(Some("gpu"), Some("local")))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .snap();
}

#[test]
fn a_key_lets_so_many_run_at_a_time() {
    bench("concurrency_key")
        .factory(seats("f1", 9))
        .submits(1, locked("door", 1))
        .submits(2, locked("door", 1))
        .submits(3, locked("wall", 2))
        .submits(4, locked("wall", 2))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .leases(1, "f1")
        .claims(&claim("f1"))
        .at(10)
        .commits(1, told(report(Stage::Shipped)))
        .claims(&claim("f1"))
        .snap();
}

#[test]
fn an_offer_that_comes_to_nothing_frees_seat_and_key() {
    bench("offer_ends")
        .factory(seats("f1", 1))
        .submits(1, locked("door", 1))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .ends_offer(1)
        .ends_offer(1)
        .claims(&claim("f1"))
        .snap();
}

#[test]
fn an_offer_outlives_what_else_happens_to_its_job() {
    let retitled = crate::support::order::edit(Spec { title: "Mend it".into(), ..spec() }, &["title"]);
    bench("offer_stays_until_it_ends")
        .factory(seats("f1", 2))
        .submits(1, spec())
        .claims(&claim("f1"))
        .commits(1, retitled)
        .claims(&claim("f1"))
        .commits(1, cancel())
        .ends_offer(1)
        .snap();
}

#[test]
fn counts_return_to_zero() {
    bench("counts_return_to_zero")
        .factory(seats("f1", 2))
        .submits(1, locked("door", 2))
        .submits(2, locked("door", 2))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .leases(1, "f1")
        .leases(2, "f1")
        .at(5)
        .commits(1, told(report(Stage::Review)))
        .commits(1, Command::Ship)
        .commits(2, told(report(Stage::Shipped)))
        .claims(&claim("f1"))
        .snap();
}

#[test]
fn a_paused_product_hands_out_nothing() {
    bench("paused")
        .factory(seats("f1", 2))
        .submits(1, spec())
        .pauses(true)
        .claims(&claim("f1"))
        .waits(claim("f1"))
        .serves()
        .pauses(false)
        .serves()
        .snap();
}

#[test]
fn a_delayed_job_wakes_at_its_time() {
    bench("delayed_wake")
        .factory(seats("f1", 2))
        .submits(1, Spec { not_before: Some(domain::Timestamp(30_000)), ..spec() })
        .submits(2, Spec { not_before: Some(domain::Timestamp(20_000)), ..spec() })
        .at(10)
        .claims(&claim("f1"))
        .wakes()
        .at(20)
        .wakes()
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .at(40)
        .wakes()
        .claims(&claim("f1"))
        .snap();
}

#[test]
fn a_failed_run_is_delayed_until_its_pause_is_over() {
    bench("backoff")
        .factory(seats("f1", 1))
        .submits(1, spec())
        .claims(&claim("f1"))
        .leases(1, "f1")
        .at(5)
        .commits(1, told(report(Stage::Failed)))
        .claims(&claim("f1"))
        .at(60)
        .wakes()
        .claims(&claim("f1"))
        .snap();
}

#[test]
fn a_factory_that_may_not_claim_is_told_why() {
    bench("refusals")
        .submits(1, spec())
        .claims(&claim("f1"))
        .factory(seats("f1", 1))
        .closes("f1")
        .claims(&claim("f1"))
        .changed(seats("f1", 1), |factory| factory.draining = true)
        .claims(&claim("f1"))
        .changed(seats("f1", 1), |factory| factory.health = Health::Failing)
        .claims(&claim("f1"))
        .factory(seats("f1", 1))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .snap();
}
