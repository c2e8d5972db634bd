//! What a factory says of its run: repeat, fence, transition, approvals, in this order.

use crate::Timestamp;
use crate::job::command::{Prior, Report};
use crate::job::event::{End, Fact, Said};
use crate::job::refusal::Refusal;
use crate::job::state::{Job, LeaseStatus, RunResult, Stage};

use super::end::attempt_used;

/// Where a report wants to go.
enum Goal {
    /// To a stage that the factory works in, or no further.
    Stage(Stage),
    /// To the end, done.
    Ship,
    /// To the end of this run, without success.
    Fail(RunResult),
    /// To the operator, with a question.
    Ask(String),
}

/// Decides a report of the holder.
///
/// Refuses stale epochs and foreign holders, backward moves, and `shipped` while approvals are missing.
pub(super) fn decide(job: &Job, report: &Report, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    match report.prior {
        Prior::Same => return Ok(Vec::new()),
        Prior::Other => return Err(Refusal::ReportMismatch),
        Prior::None | Prior::Unknown | Prior::Reached(_) => {}
    }
    if repeats(job, report) {
        return Ok(Vec::new());
    }
    super::fenced(job, &report.fence)?;
    let goal = goal(job, report)?;
    let mut facts = saved(job, report);
    let said = Box::new(Said::of(report));
    match goal {
        Goal::Stage(stage) => facts.extend(advanced(job, stage, said)?),
        Goal::Ship => facts.push(shipped(job, said)?),
        Goal::Fail(result) => facts.push(failed(job, report, result, said, now)),
        Goal::Ask(question) => {
            facts.push(Fact::NeedsInput { question, end: own_end(job, RunResult::NeedsInput, said) });
        }
    }
    Ok(facts)
}

/// The stage was reached under that epoch already, and its lease has ended since.
fn repeats(job: &Job, report: &Report) -> bool {
    if report.prior == Prior::Unknown {
        return false;
    }
    let Some(stage) = report.stage.or_else(|| report.result.and_then(implied)) else { return false };
    // Work in progress is news as long as the work is; a later run's checkpoint says nothing of this report.
    let news = stage < Stage::Review
        && stage.is_leased()
        && report.checkpoint.is_some()
        && report.checkpoint != job.checkpoint;
    let known = job
        .lease
        .as_ref()
        .filter(|lease| lease.status != LeaseStatus::Held && super::names_lease(job, &report.fence))
        .map(|lease| lease.reached);
    let before = match report.prior {
        Prior::Reached(stage) => Some(stage),
        Prior::None | Prior::Unknown | Prior::Same | Prior::Other => None,
    };
    !news && (known == Some(stage) || before == Some(stage))
}

/// The stage that a bare result stands for.
fn implied(result: RunResult) -> Option<Stage> {
    match result {
        RunResult::Failed | RunResult::TimedOut | RunResult::OverBudget | RunResult::Quota => Some(Stage::Failed),
        RunResult::NeedsInput => Some(Stage::Blocked),
        RunResult::NoChanges => Some(Stage::Review),
        RunResult::Succeeded | RunResult::Lost | RunResult::Cancelled | RunResult::Preempted | RunResult::Released => {
            None
        }
    }
}

/// Reads where the report wants to go. Refuses a stage that no factory sets, and a result that contradicts it.
fn goal(job: &Job, report: &Report) -> Result<Goal, Refusal> {
    let unfit = |member, why| Err(Refusal::Unfit { member, why });
    let stage = report.stage.or_else(|| report.result.and_then(implied)).unwrap_or(job.stage);
    let ends = report.result.and_then(implied).filter(|stage| *stage != Stage::Review);
    match (stage, report.result) {
        (Stage::Blocked, None | Some(RunResult::NeedsInput)) => match &report.question {
            Some(question) if !question.trim().is_empty() => Ok(Goal::Ask(question.clone())),
            _ => unfit("question", "a run that needs input asks one"),
        },
        (Stage::Failed, None) => Ok(Goal::Fail(RunResult::Failed)),
        (Stage::Failed, Some(result)) if ends == Some(Stage::Failed) => Ok(Goal::Fail(result)),
        (_, Some(RunResult::Lost | RunResult::Cancelled | RunResult::Preempted | RunResult::Released)) => {
            unfit("result", "is the coordinator's to say")
        }
        (Stage::Shipped, None | Some(RunResult::Succeeded | RunResult::NoChanges)) => Ok(Goal::Ship),
        (Stage::Queued | Stage::DeadLetter | Stage::Cancelled, _) => Err(super::illegal(job, stage)),
        (stage, result) if stage.is_leased() && ends.is_none() => {
            if result == Some(RunResult::NoChanges) && !stage.is_delivered() {
                return unfit("result", "no_changes goes to review");
            }
            Ok(Goal::Stage(stage))
        }
        _ => unfit("result", "contradicts the stage"),
    }
}

/// The checkpoint, if it is a new one.
fn saved(job: &Job, report: &Report) -> Vec<Fact> {
    let new = report.checkpoint.clone().filter(|new| job.checkpoint.as_ref() != Some(new));
    new.map(|checkpoint| Fact::Checkpointed { checkpoint }).into_iter().collect()
}

/// Forward, or the same stage with new content; past its budget the run ends.
fn advanced(job: &Job, stage: Stage, said: Box<Said>) -> Result<Vec<Fact>, Refusal> {
    if stage < job.stage {
        return Err(super::illegal(job, stage));
    }
    let told = job.run.clone().map(|run| said.told(run));
    if stage == job.stage && told == job.run {
        return Ok(Vec::new());
    }
    let mut facts = vec![Fact::Staged { stage, said }];
    if !stage.is_delivered() && job.overspends(told.and_then(|run| run.insights.cost_usd)) {
        let end = End::bumped(job, RunResult::OverBudget, LeaseStatus::Evicted);
        facts.push(Fact::Failed { end: Some(end) });
    }
    Ok(facts)
}

/// The holder's own end: the epoch stays.
fn own_end(job: &Job, result: RunResult, said: Box<Said>) -> End {
    End { result, lease: LeaseStatus::Released, epoch: job.epoch, said: Some(said) }
}

fn shipped(job: &Job, said: Box<Said>) -> Result<Fact, Refusal> {
    let missing = job.approvals_missing();
    if missing > 0 {
        return Err(Refusal::ApprovalsMissing { missing });
    }
    let before = job.run.as_ref().and_then(|run| run.result);
    let result = match said.result.or(before) {
        Some(RunResult::NoChanges) => RunResult::NoChanges,
        _ => RunResult::Succeeded,
    };
    Ok(Fact::Shipped { end: Some(own_end(job, result, said)) })
}

fn failed(job: &Job, report: &Report, result: RunResult, said: Box<Said>, now: Timestamp) -> Fact {
    let end = own_end(job, result, said);
    if result == RunResult::Quota {
        return Fact::Released { stage: Stage::Queued, end, resets_at: None };
    }
    if result == RunResult::OverBudget || !report.retryable {
        return Fact::Failed { end: Some(end) };
    }
    attempt_used(job, Some(end), now)
}
