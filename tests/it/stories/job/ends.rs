//! How a lease ends: by its holder, by the clock, by the coordinator.

use domain::Epoch;
use domain::job::command::Report;
use domain::job::{Command, Job, RunResult, Stage};

use crate::support::job::{leased, queued_job, spec};
use crate::support::order::{answer, asks, checkpoint, cost, lease, lease_as, release, report, result, silent, told};
use crate::support::story::{Story, story};

fn tell(name: &str, job: Job) -> Story<Job> {
    story("job", name, job)
}

#[test]
fn expired_lease_goes_back_to_the_queue_under_a_new_epoch() {
    tell("expired_lease_requeues", queued_job())
        .at(0)
        .does(lease("f1"))
        .at(30)
        .does(told(report(Stage::Building)))
        .at(60)
        .does(Command::Expire(Epoch(1)))
        .at(61)
        .refuses(told(report(Stage::Review)))
        .refuses(Command::Ship)
        .refuses(lease_as("f2", 0x12))
        .at(120)
        .does(lease_as("f2", 0x12))
        .refuses(Command::Expire(Epoch(1)))
        .snap();
}

#[test]
fn expiry_after_a_review_report_keeps_the_stage() {
    let saved = Report { checkpoint: Some(checkpoint("c1")), insights: cost("0.25"), ..report(Stage::Review) };
    tell("expiry_after_review_keeps_the_stage", leased(spec(), Stage::Building))
        .at(10)
        .does(told(saved.clone()))
        .at(60)
        .does(Command::Expire(Epoch(1)))
        .at(61)
        .repeats(told(saved))
        .refuses(told(report(Stage::Testing)))
        .does(Command::Ship)
        .snap();
}

#[test]
fn release_from_building_queues_at_once_without_an_attempt() {
    tell("release_from_building", leased(spec(), Stage::Building))
        .at(10)
        .does(release(1, RunResult::Released))
        .repeats(release(1, RunResult::Released))
        .refuses(Command::Renew(crate::support::order::fence(1)))
        .does(lease_as("f2", 0x12))
        .refuses(release(1, RunResult::Released))
        .snap();
}

#[test]
fn release_from_review_keeps_the_stage_and_the_success() {
    tell("release_from_review", leased(spec(), Stage::Review))
        .at(10)
        .does(release(1, RunResult::Released))
        .repeats(release(1, RunResult::Released))
        .does(Command::Ship)
        .snap();
}

#[test]
fn release_after_the_own_final_report_has_no_effect() {
    tell("release_after_final_report", leased(spec(), Stage::Building))
        .at(10)
        .does(told(report(Stage::Shipped)))
        .repeats(release(1, RunResult::Released))
        .refuses(Command::Renew(crate::support::order::fence(1)))
        .snap();
}

#[test]
fn no_changes_goes_to_review_and_stays_no_changes() {
    tell("no_changes_goes_to_review", leased(spec(), Stage::Building))
        .at(10)
        .does(told(result(RunResult::NoChanges)))
        .repeats(told(result(RunResult::NoChanges)))
        .at(60)
        .does(Command::Expire(Epoch(1)))
        .does(Command::Ship)
        .snap();
}

#[test]
fn quota_queues_without_an_attempt() {
    tell("quota", leased(spec(), Stage::Building))
        .at(10)
        .does(told(result(RunResult::Quota)))
        .repeats(told(result(RunResult::Quota)))
        .does(lease_as("f2", 0x12))
        .snap();
}

#[test]
fn quota_by_release_queues_without_an_attempt() {
    tell("quota_by_release", leased(spec(), Stage::Building)).at(10).does(release(1, RunResult::Quota)).snap();
}

#[test]
fn a_question_blocks_until_it_is_answered() {
    tell("needs_input_and_answer", leased(spec(), Stage::Building))
        .at(10)
        .refuses(told(asks("  ")))
        .does(told(asks("Which door?")))
        .repeats(told(asks("Which door?")))
        .refuses(lease_as("f2", 0x12))
        .at(20)
        .does(answer("The left one"))
        .repeats(answer("The left one"))
        .refuses(answer("The right one"))
        .does(lease_as("f2", 0x12))
        .snap();
}

#[test]
fn estop_ends_every_lease_without_an_attempt() {
    tell("estop", leased(spec(), Stage::Building))
        .at(10)
        .does(Command::Evict)
        .repeats(Command::Evict)
        .refuses(told(report(Stage::Review)))
        .snap();
}

#[test]
fn estop_keeps_delivered_work() {
    tell("estop_keeps_delivered_work", leased(spec(), Stage::Testing)).at(10).does(Command::Evict).snap();
}

#[test]
fn a_grant_that_nobody_took_goes_back() {
    tell("reclaim", leased(spec(), Stage::Assigned))
        .at(10)
        .does(Command::Reclaim(Epoch(1)))
        .refuses(Command::Reclaim(Epoch(1)))
        .refuses(told(silent()))
        .does(lease_as("f2", 0x12))
        .snap();
}
