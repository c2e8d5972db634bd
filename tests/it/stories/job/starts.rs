//! Every place in its lifecycle from which a job can be given an order.

use domain::job::command::Adopt;
use domain::job::spec::JobBudget;
use domain::job::{Command, Job, RunResult, Spec, Stage};

use crate::support::job::{after, leased, queued, spec, submitted, waiting};
use crate::support::order::{asks, cancel, checkpoint, lease, release, report, silent, told};

/// A job with limits, so that every limit can pass.
pub(super) fn limited() -> Spec {
    Spec {
        timeout_sec: Some(600),
        budget: JobBudget { usd: Some(domain::Usd(1_000_000)), wall_sec: Some(900) },
        ..spec()
    }
}

fn ended(stage: Stage, retryable: bool) -> Job {
    let end = told(domain::job::command::Report { retryable, ..report(stage) });
    after(leased(limited(), Stage::Building), [(5, end)])
}

fn unleased(stage: Stage) -> Job {
    let saved = told(domain::job::command::Report { checkpoint: Some(checkpoint("c1")), ..silent() });
    after(leased(limited(), stage), [(2, saved), (5, release(1, RunResult::Released))])
}

/// Where a job can stand, by name. Every order is given at 10 s.
pub(super) fn places() -> Vec<(&'static str, Job)> {
    let dead = Spec { retry: domain::job::spec::Retry { max_attempts: 1, backoff_sec: 30 }, ..limited() };
    vec![
        ("blocked_dependencies", waiting(limited())),
        ("blocked_dependency_failed", after(waiting(limited()), [(1, Command::DependencyFailed)])),
        (
            "blocked_children",
            after(queued(limited()), [(1, Command::Adopt(Adopt { children: 2, ended: Vec::new(), fence: None }))]),
        ),
        ("blocked_needs_input", after(leased(limited(), Stage::Building), [(5, told(asks("Which door?")))])),
        ("queued", submitted(limited(), true).job),
        ("queued_in_backoff", ended(Stage::Failed, true)),
        ("assigned", leased(limited(), Stage::Assigned)),
        ("building", leased(limited(), Stage::Building)),
        ("review_leased", leased(limited(), Stage::Review)),
        ("review_unleased", unleased(Stage::Review)),
        ("testing_leased", leased(limited(), Stage::Testing)),
        ("testing_unleased", unleased(Stage::Testing)),
        ("shipped", ended(Stage::Shipped, true)),
        ("failed", ended(Stage::Failed, false)),
        ("dead_letter", after(queued(dead), [(0, lease("f1")), (5, told(report(Stage::Failed)))])),
        ("cancelled", after(queued(limited()), [(5, cancel())])),
    ]
}
