//! Preemption: who gives way to an urgent job, and when nobody does.

use domain::Epoch;
use domain::factory::Card;
use domain::job::command::{Fence, Report};
use domain::job::state::Priority;
use domain::job::{Command, RunResult, Spec, Stage};

use super::bench::{Bench, bench, claim};
use crate::support::factory::card;
use crate::support::job::spec;
use crate::support::order::{self, cancel, factory, silent, told};

fn of(priority: Priority) -> Spec {
    Spec { priority, ..spec() }
}

/// Two factories of one seat each, where preemption is switched on.
fn two(name: &str) -> Bench {
    bench(name).rules("preemption is on", |rules| rules.preemption = true).factory(card("f1")).factory(card("f2"))
}

fn by(name: &str, epoch: u64) -> Fence {
    Fence { epoch: Epoch(epoch), factory: Some(factory(name)) }
}

fn saves(name: &str) -> Command {
    told(Report { fence: by(name, 1), checkpoint: Some(order::checkpoint("c1")), ..silent() })
}

fn reports(name: &str, stage: Stage) -> Command {
    told(Report { fence: by(name, 1), stage: Some(stage), ..silent() })
}

#[test]
fn the_cheapest_gives_way_after_its_grace_and_its_seat_is_kept() {
    two("preempts")
        .submits(1, of(Priority::High))
        .submits(2, of(Priority::Low))
        .claims(&claim("f1"))
        .leases(1, "f1")
        .claims(&claim("f2"))
        .leases(2, "f2")
        .at(100)
        .submits(3, of(Priority::Critical))
        .submits(4, of(Priority::High))
        .preempts()
        .explains(3)
        .at(114)
        .preempts()
        .at(115)
        .preempts()
        .preempts()
        .explains(4)
        .claims(&claim("f1"))
        .claims(&claim("f2"))
        .leases(3, "f2")
        .preempts()
        .snap();
}

#[test]
fn least_unsaved_work_first_then_the_youngest_run() {
    two("preempts_the_cheapest")
        .submits(1, spec())
        .submits(2, spec())
        .leases(1, "f1")
        .at(50)
        .leases(2, "f2")
        .at(90)
        .commits(1, saves("f1"))
        .at(100)
        .submits(3, of(Priority::Critical))
        .preempts()
        .at(115)
        .preempts()
        .snap();
}

#[test]
fn nobody_gives_way_to_an_equal_or_while_a_seat_is_free() {
    two("preempts_nobody")
        .submits(1, of(Priority::Critical))
        .leases(1, "f1")
        .submits(2, of(Priority::Critical))
        .preempts()
        .leases(2, "f2")
        .submits(3, of(Priority::Critical))
        .preempts()
        .at(60)
        .preempts()
        .explains(3)
        .snap();
}

#[test]
fn without_the_switch_nobody_gives_way() {
    two("preempts_not_switched_on")
        .rules("preemption is off", |rules| rules.preemption = false)
        .submits(1, of(Priority::Low))
        .leases(1, "f1")
        .submits(2, of(Priority::Low))
        .leases(2, "f2")
        .submits(3, of(Priority::Critical))
        .preempts()
        .at(60)
        .preempts()
        .snap();
}

#[test]
fn a_key_is_no_ground_and_delivered_work_stays() {
    let locked = |priority| Spec { concurrency_key: Some("door".into()), ..of(priority) };
    two("preempts_no_ground")
        .submits(1, locked(Priority::Low))
        .leases(1, "f1")
        .submits(2, spec())
        .leases(2, "f2")
        .submits(3, locked(Priority::Critical))
        .preempts()
        .commits(3, cancel())
        .commits(1, reports("f1", Stage::Review))
        .commits(2, reports("f2", Stage::Testing))
        .submits(4, of(Priority::Critical))
        .preempts()
        .snap();
}

#[test]
fn a_victim_that_ends_in_its_grace_keeps_its_seat_for_the_urgent_job() {
    let gives_way = Command::Release(domain::job::command::Release {
        fence: by("f1", 1),
        result: RunResult::Preempted,
        resets_at: None,
    });
    two("preempts_released")
        .submits(1, spec())
        .leases(1, "f1")
        .submits(2, of(Priority::High))
        .leases(2, "f2")
        .at(10)
        .submits(3, of(Priority::Critical))
        .preempts()
        .at(14)
        .commits(1, gives_way)
        .preempts()
        .explains(1)
        .claims(&claim("f1"))
        .snap();
}

#[test]
fn an_eviction_is_off_when_another_seat_becomes_free() {
    two("preempts_called_off")
        .submits(1, spec())
        .leases(1, "f1")
        .submits(2, of(Priority::High))
        .leases(2, "f2")
        .at(10)
        .submits(3, of(Priority::Critical))
        .preempts()
        .at(14)
        .commits(2, reports("f2", Stage::Shipped))
        .preempts()
        .at(40)
        .preempts()
        .claims(&claim("f2"))
        .snap();
}

#[test]
fn a_seat_that_nobody_takes_is_given_up_and_its_factory_left_out() {
    two("preempts_in_vain")
        .submits(1, of(Priority::Low))
        .leases(1, "f1")
        .submits(2, spec())
        .leases(2, "f2")
        .at(10)
        .submits(3, of(Priority::Critical))
        .preempts()
        .at(25)
        .preempts()
        .preempts()
        .at(85)
        .preempts()
        .at(100)
        .preempts()
        .preempts()
        .claims(&claim("f2"))
        .snap();
}

#[test]
fn a_job_that_was_preempted_is_left_alone_for_a_while() {
    bench("preempts_protected")
        .rules("preemption is on", |rules| rules.preemption = true)
        .factory(card("f1"))
        .submits(1, of(Priority::Low))
        .leases(1, "f1")
        .at(10)
        .submits(2, of(Priority::Critical))
        .preempts()
        .at(25)
        .preempts()
        .preempts()
        .claims(&claim("f1"))
        .leases(2, "f1")
        .at(30)
        .commits(2, reports("f1", Stage::Shipped))
        .claims(&claim("f1"))
        .leases(1, "f1")
        .at(40)
        .submits(3, of(Priority::Critical))
        .preempts()
        .at(329)
        .preempts()
        .at(331)
        .preempts()
        .snap();
}

#[test]
fn only_seats_that_could_run_it_are_looked_at() {
    let able = Card { capabilities: vec!["gpu".into()], ..card("f2") };
    bench("preempts_only_where_it_fits")
        .rules("preemption is on", |rules| rules.preemption = true)
        .factory(card("f1"))
        .factory(able)
        .submits(1, of(Priority::Low))
        .leases(1, "f1")
        .submits(2, of(Priority::High))
        .leases(2, "f2")
        .submits(3, Spec { capabilities: vec!["gpu".into()], ..of(Priority::Critical) })
        .preempts()
        .snap();
}
