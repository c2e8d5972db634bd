//! Claims that wait: who gets what becomes ready.

use domain::dispatch::Claim;
use domain::factory::Card;
use domain::job::state::Priority;
use domain::job::{Spec, Stage};

use super::bench::{bench, claim};
use crate::support::factory::card;
use crate::support::job::spec;
use crate::support::order::{factory, report, told};

fn able(name: &str, word: &str) -> Card {
    Card { capabilities: vec![word.into()], ..card(name) }
}

fn needs(word: &str) -> Spec {
    Spec { capabilities: vec![word.into()], ..spec() }
}

#[test]
fn a_new_job_goes_to_the_least_loaded_factory() {
    bench("waiters_least_loaded")
        .factory(card("f1"))
        .factory(card("f2"))
        .loads("f1", 500)
        .loads("f2", 100)
        .waits(claim("f1"))
        .waits(claim("f2"))
        .submits(1, spec())
        .serves()
        .submits(2, spec())
        .serves()
        .submits(3, spec())
        .serves()
        .snap();
}

#[test]
fn among_equals_the_longest_waiting_gets_it() {
    bench("waiters_longest_waiting")
        .factory(card("f1"))
        .factory(card("f2"))
        .waits(claim("f2"))
        .waits(claim("f1"))
        .submits(1, spec())
        .serves()
        .snap();
}

#[test]
fn a_waiter_gets_only_what_it_can_run() {
    bench("waiters_filters")
        .factory(able("f1", "gpu"))
        .factory(able("f2", "mac"))
        .waits(claim("f1"))
        .waits(claim("f2"))
        .submits(1, needs("mac"))
        .serves()
        .snap();
}

#[test]
fn nobody_gets_a_job_twice() {
    bench("waiters_no_double_pick")
        .factory(Card { seat_limit: 1, ..card("f1") })
        .factory(card("f2"))
        .waits(claim("f1"))
        .waits(claim("f1"))
        .waits(claim("f2"))
        .submits(1, spec())
        .submits(2, spec())
        .submits(3, spec())
        .serves()
        .leases(1, "f1")
        .serves()
        .at(5)
        .commits(1, told(report(Stage::Shipped)))
        .serves()
        .snap();
}

#[test]
fn who_has_gone_gets_nothing() {
    bench("waiters_gone")
        .factory(card("f1"))
        .factory(card("f2"))
        .waits(claim("f1"))
        .waits(claim("f2"))
        .waits(claim("f2"))
        .hangs_up(1)
        .leaves(2)
        .submits(1, spec())
        .serves()
        .snap();
}

#[test]
fn a_freed_key_serves_who_waits() {
    let locked = || Spec { concurrency_key: Some("door".into()), ..spec() };
    bench("waiters_freed_key")
        .factory(card("f1"))
        .factory(card("f2"))
        .submits(1, locked())
        .submits(2, locked())
        .claims(&claim("f1"))
        .claims(&claim("f2"))
        .waits(claim("f2"))
        .leases(1, "f1")
        .serves()
        .at(5)
        .commits(1, told(report(Stage::Shipped)))
        .serves()
        .snap();
}

#[test]
fn a_freed_seat_serves_whichever_of_its_factorys_claims_fits() {
    let special = Claim { capabilities: Some(vec!["gpu".into()]), ..Claim::plain(factory("f1")) };
    bench("waiters_of_one_factory")
        .factory(able("f1", "mac"))
        .submits(1, spec())
        .claims(&claim("f1"))
        .leases(1, "f1")
        .waits(special)
        .waits(claim("f1"))
        .submits(2, needs("mac"))
        .serves()
        .at(5)
        .commits(1, told(report(Stage::Shipped)))
        .serves()
        .snap();
}

#[test]
fn the_most_urgent_of_several_new_jobs_goes_first() {
    bench("waiters_most_urgent_first")
        .factory(card("f1"))
        .waits(claim("f1"))
        .submits(1, Spec { priority: Priority::Low, ..spec() })
        .submits(2, Spec { priority: Priority::Critical, ..spec() })
        .serves()
        .snap();
}

#[test]
fn what_wakes_goes_to_who_waits() {
    bench("waiters_wake")
        .factory(card("f1"))
        .submits(1, Spec { not_before: Some(domain::Timestamp(20_000)), ..spec() })
        .waits(claim("f1"))
        .serves()
        .at(20)
        .wakes()
        .serves()
        .snap();
}
