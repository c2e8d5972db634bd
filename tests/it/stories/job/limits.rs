//! Limits of a run and of a job, where its factory keeps silent.

use domain::Epoch;
use domain::job::command::Report;
use domain::job::spec::{JobBudget, Retry};
use domain::job::{Command, Spec, Stage};

use crate::support::job::{leased, spec};
use crate::support::order::{cost, fence, lease_as, report, silent, told};
use crate::support::story::story;

fn budget(usd: Option<&str>, wall_sec: Option<u64>) -> Spec {
    let usd = usd.map(|text| text.parse().expect("an amount"));
    Spec { budget: JobBudget { usd, wall_sec }, ..spec() }
}

#[test]
fn a_silent_run_times_out_after_its_grace() {
    let short = Spec { timeout_sec: Some(20), retry: Retry { max_attempts: 2, backoff_sec: 30 }, ..spec() };
    story("job", "run_timeout", leased(short, Stage::Building))
        .at_ms(49_999)
        .repeats(Command::Limit(Epoch(1)))
        .at(50)
        .does(Command::Limit(Epoch(1)))
        .refuses(told(report(Stage::Review)))
        .at(100)
        .does(lease_as("f2", 0x12))
        .at(150)
        .does(Command::Limit(Epoch(3)))
        .snap();
}

#[test]
fn a_long_limit_has_a_grace_of_a_tenth() {
    let long = Spec { timeout_sec: Some(3_600), ..spec() };
    story("job", "run_timeout_long", leased(long, Stage::Building))
        .at_ms(3_959_999)
        .repeats(Command::Limit(Epoch(1)))
        .at(3_960)
        .does(Command::Limit(Epoch(1)))
        .snap();
}

#[test]
fn wall_clock_counts_over_all_runs() {
    story("job", "wall_budget", leased(budget(None, Some(100)), Stage::Building))
        .at(40)
        .does(told(report(Stage::Failed)))
        .at(100)
        .does(lease_as("f1", 0x12))
        .at_ms(189_999)
        .repeats(Command::Limit(Epoch(2)))
        .at(190)
        .does(Command::Limit(Epoch(2)))
        .snap();
}

#[test]
fn delivered_work_has_no_limit() {
    let both = Spec { timeout_sec: Some(10), ..budget(None, Some(10)) };
    story("job", "no_limit_in_review", leased(both, Stage::Building))
        .at(10)
        .does(told(report(Stage::Review)))
        .at(1_000)
        .repeats(Command::Limit(Epoch(1)))
        .snap();
}

#[test]
fn money_counts_over_all_runs_and_ends_the_run_past_a_tenth_more() {
    let said = |epoch, usd| told(Report { fence: fence(epoch), insights: cost(usd), ..silent() });
    story("job", "usd_budget", leased(budget(Some("1"), None), Stage::Building))
        .at(10)
        .does(said(1, "0.60"))
        .does(told(report(Stage::Failed)))
        .at(100)
        .does(lease_as("f1", 0x12))
        .does(said(2, "0.50"))
        .does(said(2, "0.500001"))
        .refuses(said(2, "0.60"))
        .snap();
}

#[test]
fn a_final_report_is_accepted_over_budget() {
    let end = Report { insights: cost("7.50"), ..report(Stage::Shipped) };
    story("job", "final_report_over_budget", leased(budget(Some("1"), None), Stage::Building))
        .at(10)
        .does(told(end.clone()))
        .repeats(told(end))
        .snap();
}

#[test]
fn a_review_report_is_accepted_over_budget() {
    let end = Report { insights: cost("7.50"), ..report(Stage::Review) };
    story("job", "review_report_over_budget", leased(budget(Some("1"), None), Stage::Building))
        .at(10)
        .does(told(end))
        .snap();
}
