//! Waits for a job: until it has ended or its work waits for a person's eye, and tells how that counts.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use wire::{BlockedReason, Client, Job, LeaseStatus, RunResult, Stage};

use super::exit::Exit;
use super::failure::Failure;
use super::out::{clean, note};

/// How long one question waits in the coordinator.
const AT_ONCE: u64 = 30;
/// The pause after a question that failed but may not fail again.
const AGAIN: Duration = Duration::from_secs(1);
/// How long the coordinator may be out of reach.
const PATIENCE: Duration = Duration::from_secs(60);

/// Follows a job until it is at rest, and says every stage on the way. Refuses to wait beyond `until`.
pub(super) async fn rest(client: &Client, mut job: Job, until: Option<Instant>) -> Result<Job, Failure> {
    let mut said = None;
    let mut heard = Instant::now();
    loop {
        if said != Some((job.stage, job.blocked_reason)) {
            said = Some((job.stage, job.blocked_reason));
            note(&told(&job));
        }
        if is_at_rest(&job) {
            return Ok(job);
        }
        let left =
            until.map_or(AT_ONCE, |until| until.saturating_duration_since(Instant::now()).as_secs().min(AT_ONCE));
        if until.is_some_and(|until| Instant::now() >= until) {
            return Err(Failure::said(Exit::TimedOut, format!("{} is still {}", job.id, job.stage.as_str())));
        }
        let wait = u32::try_from(left).unwrap_or(u32::MAX).max(1);
        match client.wait_job(&job.id, job.rev, wait).await {
            Ok(next) => {
                job = next;
                heard = Instant::now();
            }
            Err(error) if error.is_transient() && heard.elapsed() < PATIENCE => {
                sleep(error.retry_after().unwrap_or(AGAIN)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Nothing more will happen by itself. A factory that has the job may still ship it.
pub(super) fn is_at_rest(job: &Job) -> bool {
    let held = job.lease.as_ref().is_some_and(|lease| lease.status == LeaseStatus::Held);
    job.stage.is_terminal() || (matches!(job.stage, Stage::Review | Stage::Testing) && !held)
}

/// How a job at rest counts.
pub(super) fn outcome(job: &Job) -> Exit {
    match job.stage {
        Stage::Shipped | Stage::Review | Stage::Testing => Exit::Done,
        Stage::Failed | Stage::DeadLetter if job.result == Some(RunResult::OverBudget) => Exit::BudgetStop,
        Stage::Failed | Stage::DeadLetter | Stage::Cancelled => Exit::JobFailed,
        Stage::Blocked | Stage::Queued | Stage::Assigned | Stage::Building => Exit::Failed,
    }
}

fn told(job: &Job) -> String {
    let holder = job.lease.as_ref().filter(|lease| lease.status == LeaseStatus::Held);
    let holder = holder.and_then(|lease| lease.holder_factory_id.as_deref()).map(|factory| format!(" by {factory}"));
    let reason = match (job.blocked_reason, &job.question) {
        (Some(BlockedReason::NeedsInput), Some(question)) => {
            format!(": {} (gigafactory answer {} --text …)", clean(question), job.id)
        }
        (Some(BlockedReason::Dependencies), _) => ": waits for its dependencies".to_owned(),
        (Some(BlockedReason::DependencyFailed), _) => ": a dependency did not ship".to_owned(),
        (Some(BlockedReason::NeedsInput), None) | (None, _) => String::new(),
    };
    format!("{}  {}{}{reason}", job.id, job.stage.as_str(), clean(&holder.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::find::tests::job;

    #[test]
    fn a_job_is_at_rest_when_nobody_will_move_it() {
        let held = r#","lease":{"holderFactoryId":"f","leaseEpoch":1,"leaseTtlSec":90,"renewals":0,"status":"held"}"#;
        for (stage, more, rests) in [
            ("queued", "", false),
            ("building", held, false),
            ("review", held, false),
            ("review", "", true),
            ("testing", "", true),
            ("shipped", "", true),
            ("dead_letter", "", true),
            ("blocked", r#","blockedReason":"needs_input""#, false),
        ] {
            assert_eq!(is_at_rest(&job("01890000", stage, more)), rests, "{stage} {more}");
        }
    }

    #[test]
    fn the_outcome_is_the_exit_code() {
        let over = r#","result":"over_budget""#;
        for (stage, more, exit) in [
            ("shipped", "", Exit::Done),
            ("review", "", Exit::Done),
            ("failed", "", Exit::JobFailed),
            ("failed", over, Exit::BudgetStop),
            ("dead_letter", r#","result":"failed""#, Exit::JobFailed),
            ("cancelled", "", Exit::JobFailed),
        ] {
            assert_eq!(outcome(&job("01890000", stage, more)), exit, "{stage} {more}");
        }
    }
}
