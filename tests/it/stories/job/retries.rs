//! Attempts: how they are used, how long the pauses are, and where they end.

use domain::Epoch;
use domain::job::command::Report;
use domain::job::spec::Retry;
use domain::job::{Command, RunResult, Spec, Stage};

use crate::support::job::{after, leased, queued, queued_job, spec};
use crate::support::order::{lease, lease_as, report, requeue, result, silent, told};
use crate::support::story::story;

fn failed(epoch: u64) -> Command {
    told(Report { fence: crate::support::order::fence(epoch), ..report(Stage::Failed) })
}

#[test]
fn attempts_are_used_up_with_growing_pauses() {
    story("job", "retries_then_dead_letter", queued_job())
        .at(0)
        .does(lease("f1"))
        .at(10)
        .does(failed(1))
        .refuses(lease_as("f1", 0x12))
        .at(100)
        .does(lease_as("f1", 0x12))
        .at(160)
        .does(Command::Expire(Epoch(2)))
        .at(300)
        .does(lease_as("f1", 0x13))
        .does(told(Report { fence: crate::support::order::fence(4), ..result(RunResult::TimedOut) }))
        .refuses(lease_as("f1", 0x14))
        .at(400)
        .does(requeue(false, Some("once more")))
        .does(lease_as("f1", 0x14))
        .snap();
}

#[test]
fn what_is_not_retryable_fails_at_once() {
    let end =
        Report { retryable: false, reason: Some("no such repository".into()), exit: Some(2), ..report(Stage::Failed) };
    story("job", "not_retryable", leased(spec(), Stage::Building))
        .at(10)
        .does(told(end.clone()))
        .repeats(told(end))
        .snap();
}

#[test]
fn over_budget_fails_at_once() {
    let end = told(result(RunResult::OverBudget));
    story("job", "over_budget_by_the_factory", leased(spec(), Stage::Building))
        .at(10)
        .does(end.clone())
        .repeats(end)
        .snap();
}

#[test]
fn a_failure_in_testing_uses_an_attempt() {
    story("job", "failure_in_testing", leased(spec(), Stage::Testing)).at(10).does(failed(1)).snap();
}

#[test]
fn released_and_lost_runs_are_told_apart() {
    let once = Spec { retry: Retry { max_attempts: 1, backoff_sec: 30 }, ..spec() };
    story("job", "lost_on_the_last_attempt", leased(once, Stage::Assigned))
        .at(10)
        .does(Command::Reclaim(Epoch(1)))
        .does(lease_as("f1", 0x12))
        .at(70)
        .does(Command::Expire(Epoch(3)))
        .snap();
}

#[test]
fn pauses_double_are_spread_by_a_fifth_and_end_at_an_hour() {
    let many = Spec { retry: Retry { max_attempts: 20, backoff_sec: 30 }, ..spec() };
    let mut job = queued(many);
    let mut now = 0;
    for used in 1..=12_u32 {
        job = after(job, [(now, lease("f1"))]);
        let end = told(Report { fence: crate::support::order::fence(job.epoch.0), ..silent() });
        let Command::Report(mut end) = end else { panic!("a report is a report") };
        end.stage = Some(Stage::Failed);
        job = after(job, [(now, Command::Report(end))]);
        let pause = job.not_before.expect("a pause follows").ms_since(domain::Timestamp(now * 1_000));
        let base = (30_000_u64 << (used - 1)).min(3_600_000);
        assert!((base * 8 / 10..=(base * 12 / 10).min(3_600_000)).contains(&pause), "{used}: {pause} ms of {base} ms");
        now += 4_000;
    }
}
