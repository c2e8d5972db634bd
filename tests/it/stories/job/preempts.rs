//! A more urgent job takes the seat; and what a job remembers of who ran it: failures by factory, preemptions, saves.

use domain::job::command::{Fence, Report};
use domain::job::spec::Retry;
use domain::job::{Command, Job, RunResult, Spec, Stage};
use domain::{Epoch, FactoryId};

use crate::support::job::{leased, queued, queued_job, spec};
use crate::support::order::{
    checkpoint, cost, fence, lease, lease_as, preempt, release, report, requeue, result, silent, told,
};
use crate::support::story::story;

/// The report as whoever holds that epoch says it.
fn under(epoch: u64, report: Report) -> Command {
    told(Report { fence: Fence { epoch: Epoch(epoch), factory: None }, ..report })
}

fn saves(commit: &str) -> Report {
    Report { checkpoint: Some(checkpoint(commit)), ..report(Stage::Building) }
}

#[test]
fn a_preempted_job_is_queued_at_once_and_resumes_from_its_checkpoint() {
    story("job", "preempted_while_building", leased(spec(), Stage::Building))
        .at(5)
        .does(told(Report { insights: cost("0.25"), ..saves("c1") }))
        .at(10)
        .does(preempt(1))
        .refuses(preempt(1))
        .at(11)
        .refuses(told(saves("c2")))
        .refuses(told(report(Stage::Review)))
        .refuses(release(1, RunResult::Preempted))
        .refuses(Command::Renew(fence(1)))
        .at(20)
        .does(lease_as("f2", 0x12))
        .refuses(told(report(Stage::Shipped)))
        .does(under(3, report(Stage::Shipped)))
        .snap();
}

#[test]
fn a_job_that_has_not_begun_is_preempted_too() {
    story("job", "preempted_while_assigned", leased(spec(), Stage::Assigned))
        .at(10)
        .refuses(preempt(2))
        .does(preempt(1))
        .refuses(told(silent()))
        .snap();
}

#[test]
fn delivered_work_is_not_preempted() {
    story("job", "preempted_after_delivery", leased(spec(), Stage::Review))
        .at(10)
        .repeats(preempt(1))
        .does(told(report(Stage::Testing)))
        .repeats(preempt(1))
        .does(told(report(Stage::Shipped)))
        .refuses(preempt(1))
        .snap();
}

#[test]
fn preemptions_count_until_the_requeue_whoever_ended_the_lease() {
    story("job", "preemptions_are_counted", leased(spec(), Stage::Building))
        .at(10)
        .does(preempt(1))
        .does(lease_as("f1", 0x12))
        .does(release(3, RunResult::Preempted))
        .does(lease_as("f1", 0x13))
        .does(release(5, RunResult::Released))
        .does(lease_as("f1", 0x14))
        .does(requeue(false, None))
        .snap();
}

#[test]
fn failures_are_counted_by_factory_until_the_requeue() {
    let often = Spec { retry: Retry { max_attempts: 9, backoff_sec: 0 }, ..spec() };
    story("job", "failures_by_factory", queued(often))
        .at(0)
        .does(lease("f1"))
        .does(under(1, result(RunResult::Failed)))
        .does(lease_as("f1", 0x12))
        .does(under(2, result(RunResult::TimedOut)))
        .does(lease_as("f2", 0x13))
        .does(under(3, result(RunResult::Failed)))
        .does(lease_as("f2", 0x14))
        .does(under(4, result(RunResult::Quota)))
        .does(lease_as("f2", 0x15))
        .at(60)
        .does(Command::Expire(Epoch(5)))
        .at(180)
        .does(lease_as("f1", 0x16))
        .does(requeue(false, None))
        .snap();
}

#[test]
fn whoever_saved_last_is_remembered_until_a_fresh_requeue() {
    story("job", "saved_by", queued_job())
        .at(0)
        .does(lease("f1"))
        .at(5)
        .does(told(saves("c1")))
        .at(6)
        .repeats(told(saves("c1")))
        .does(release(1, RunResult::Released))
        .does(lease_as("f2", 0x12))
        .at(7)
        .does(under(3, saves("c2")))
        .does(requeue(false, None))
        .does(lease_as("f1", 0x13))
        .does(requeue(true, None))
        .snap();
}

#[test]
fn the_coordinators_limits_count_as_failures_and_what_is_nobodys_fault_does_not() {
    let counts = |job: Job, order: Command| -> Vec<(FactoryId, u32)> {
        crate::support::job::after(job, [(700, order)]).failed_on.into_iter().collect()
    };
    let building = || leased(Spec { timeout_sec: Some(600), ..spec() }, Stage::Building);
    let f1 = |times| vec![(crate::support::order::factory("f1"), times)];
    assert_eq!(counts(building(), Command::Limit(Epoch(1))), f1(1));
    assert_eq!(counts(building(), told(report(Stage::Failed))), f1(1));
    for order in [
        Command::Expire(Epoch(1)),
        Command::Reclaim(Epoch(1)),
        Command::Evict,
        preempt(1),
        release(1, RunResult::Quota),
        told(result(RunResult::OverBudget)),
    ] {
        assert_eq!(counts(building(), order.clone()), [], "{order:?}");
    }
}
