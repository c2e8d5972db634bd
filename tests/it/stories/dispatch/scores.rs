//! What decides between jobs of a claim: every term of the score, and what it weighs.

use domain::Timestamp;
use domain::dispatch::{Claim, Term, Weight, Weights};
use domain::factory::Card;
use domain::job::spec::{JobBudget, Retry};
use domain::job::state::Priority;
use domain::job::{Spec, Stage};

use super::bench::{bench, claim};
use crate::support::factory::card;
use crate::support::job::spec;
use crate::support::order::{fence, report, told};

const HOUR: i64 = 3_600;

fn seats(name: &str) -> Card {
    Card { seat_limit: 9, ..card(name) }
}

fn weight(whole: u64) -> Weight {
    Weight::of_thousandths(whole * 1_000).expect("a small weight")
}

#[test]
fn what_is_due_comes_before_what_is_not_and_after_what_is_urgent() {
    let due = |hours: i64| Spec { due_at: Some(Timestamp(hours * HOUR * 1_000)), ..spec() };
    bench("score_due")
        .factory(seats("f1"))
        .submits(1, spec())
        .submits(2, due(30))
        .submits(3, due(12))
        .submits(4, due(2))
        .submits(5, Spec { priority: Priority::High, ..spec() })
        .at(HOUR)
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .snap();
}

#[test]
fn a_day_of_waiting_outranks_every_urgency() {
    bench("score_age")
        .factory(seats("f1"))
        .submits(1, Spec { priority: Priority::Low, ..spec() })
        .at(11 * HOUR)
        .submits(2, Spec { priority: Priority::Critical, ..spec() })
        .claims(&claim("f1"))
        .ends_offer(2)
        .at(25 * HOUR)
        .submits(3, Spec { priority: Priority::Critical, ..spec() })
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .snap();
}

#[test]
fn a_job_goes_to_who_has_its_checkpoint_or_its_repository() {
    let of_shop = || Spec { repo: Some("/srv/shop".into()), ..spec() };
    let saved = crate::support::order::silent();
    let saved = domain::job::command::Report { checkpoint: Some(crate::support::order::checkpoint("c1")), ..saved };
    bench("score_affinity")
        .factory(seats("f1"))
        .factory(Card { repos: vec!["/srv/shop".into()], ..seats("f2") })
        .submits(1, spec())
        .submits(2, of_shop())
        .claims(&claim("f2"))
        .claims(&claim("f1"))
        .leases(1, "f1")
        .at(5)
        .commits(1, told(saved))
        .commits(1, crate::support::order::release(1, domain::job::RunResult::Released))
        .submits(3, of_shop())
        .claims(&claim("f1"))
        .ends_offer(1)
        .claims(&claim("f2"))
        .waits(claim("f2"))
        .waits(claim("f1"))
        .serves()
        .snap();
}

#[test]
fn a_special_factory_takes_the_special_job() {
    let able = Card { capabilities: vec!["os:linux".into(), "gpu".into()], ..seats("f1") };
    bench("score_capability_fit")
        .factory(able)
        .submits(1, spec())
        .submits(2, Spec { capabilities: vec!["gpu".into()], ..spec() })
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .snap();
}

#[test]
fn jobs_that_others_wait_for_come_first() {
    bench("score_critical_path")
        .factory(seats("f1"))
        .submits(1, spec())
        .submits(2, spec())
        .submits(3, spec())
        .weighs(2, 3)
        .weighs(3, 10)
        .claims(&claim("f1"))
        .weighs(2, 0)
        .claims(&claim("f1"))
        .snap();
}

#[test]
fn cheap_and_untried_jobs_come_before_dear_and_tried_ones() {
    let dear = |usd: &str| Spec { budget: JobBudget { usd: usd.parse().ok(), wall_sec: None }, ..spec() };
    let retry = Retry { max_attempts: 2, backoff_sec: 1 };
    bench("score_cost_and_retry")
        .factory(seats("f1"))
        .rules("an unknown estimate counts as 4 USD", |rules| rules.estimate = domain::Usd(4_000_000))
        .submits(1, spec())
        .submits(2, dear("8.125"))
        .submits(3, dear("0.10"))
        .submits(4, Spec { retry, ..dear("0.10") })
        .leases(4, "f1")
        .commits(4, told(report(Stage::Failed)))
        .at(10)
        .wakes()
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .claims(&claim("f1"))
        .snap();
}

#[test]
fn weights_go_from_defaults_to_the_product_to_the_claim() {
    let due = Spec { due_at: Some(Timestamp(HOUR * 1_000)), ..spec() };
    let own = Claim { weights: [(Term::Due, weight(0))].into_iter().collect(), ..claim("f1") };
    bench("score_weights")
        .factory(seats("f1"))
        .submits(1, Spec { priority: Priority::High, ..spec() })
        .submits(2, due)
        .claims(&claim("f1"))
        .ends_offer(1)
        .rules("due weighs 90, and runners-up are kept", |rules| {
            rules.weights = Weights::default().with(&[(Term::Due, weight(90))].into_iter().collect());
            rules.keeps_top = true;
        })
        .claims(&claim("f1"))
        .ends_offer(2)
        .claims(&own)
        .snap();
}

#[test]
fn a_job_that_failed_twice_somewhere_goes_elsewhere_while_that_is_possible() {
    let retry = Retry { max_attempts: 5, backoff_sec: 1 };
    let fails = |epoch: u64| {
        let fence = domain::job::command::Fence { epoch: domain::Epoch(epoch), ..fence(epoch) };
        told(domain::job::command::Report { fence, ..report(Stage::Failed) })
    };
    bench("excluded")
        .factory(seats("f1"))
        .factory(Card { seat_limit: 1, ..card("f2") })
        .submits(1, Spec { retry, ..spec() })
        .leases(1, "f1")
        .commits(1, fails(1))
        .at(10)
        .wakes()
        .claims(&claim("f1"))
        .leases(1, "f1")
        .commits(1, fails(2))
        .at(20)
        .wakes()
        .claims(&claim("f1"))
        .explains(1)
        .waits(claim("f1"))
        .submits(2, Spec { priority: Priority::Critical, ..spec() })
        .serves()
        .ends_offer(2)
        .waits(claim("f1"))
        .leases(2, "f2")
        .serves()
        .snap();
}
