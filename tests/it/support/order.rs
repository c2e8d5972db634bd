//! Orders to a job: short ways to make them, and what they are in words.

use domain::job::command::{
    Adopt, Answer, Approve, Cancel, Edit, Fence, Lease, Preempt, Prior, Reject, Release, Report, Requeue,
};
use domain::job::state::Checkpoint;
use domain::job::{Command, Insights, RunResult, Spec, Stage};
use domain::{By, Epoch, FactoryId, JobId, RunId, Timestamp, Usd};
use uuid::Uuid;

use super::members::{at, list, maybe, short, word};

/// A factory by its name.
pub(crate) fn factory(name: &str) -> FactoryId {
    name.parse().expect("a good name")
}

/// A lease for 60 s as run `#11`.
pub(crate) fn lease(name: &str) -> Command {
    lease_as(name, 0x11)
}

/// A lease for 60 s as the run with these last digits.
pub(crate) fn lease_as(name: &str, run: u128) -> Command {
    let run = RunId(Uuid::from_u128(run));
    Command::Lease(Lease { factory: factory(name), run, engine: None, ttl_sec: 60, claim_id: None, decision: None })
}

/// A fence of f1.
pub(crate) fn fence(epoch: u64) -> Fence {
    Fence { epoch: Epoch(epoch), factory: Some(factory("f1")) }
}

/// A report of f1 under epoch 1 that says nothing.
pub(crate) fn silent() -> Report {
    Report {
        fence: fence(1),
        prior: Prior::None,
        stage: None,
        checkpoint: None,
        insights: Insights::default(),
        result: None,
        exit: None,
        verify_result: None,
        retryable: true,
        reason: None,
        question: None,
    }
}

/// A report of f1 under epoch 1 that names a stage.
pub(crate) fn report(stage: Stage) -> Report {
    Report { stage: Some(stage), ..silent() }
}

/// A report of f1 under epoch 1 that says how the run ended.
pub(crate) fn result(result: RunResult) -> Report {
    Report { result: Some(result), ..silent() }
}

/// A report of f1 under epoch 1 that asks.
pub(crate) fn asks(question: &str) -> Report {
    Report { question: Some(question.into()), ..report(Stage::Blocked) }
}

/// Totals with this cost.
pub(crate) fn cost(usd: &str) -> Insights {
    Insights { cost_usd: Some(usd.parse::<Usd>().expect("an amount")), ..Insights::default() }
}

/// A checkpoint of this commit.
pub(crate) fn checkpoint(commit: &str) -> Checkpoint {
    Checkpoint { wip_branch: "wip".into(), wip_base: None, wip_commit: Some(commit.into()), note: None }
}

/// f1 gives its lease back.
pub(crate) fn release(epoch: u64, result: RunResult) -> Command {
    Command::Release(Release { fence: fence(epoch), result, resets_at: None })
}

/// f1 gives its lease back because its engine is at its usage limit until that second.
pub(crate) fn limited(epoch: u64, until: i64) -> Command {
    let resets_at = Some(Timestamp(until * 1_000));
    Command::Release(Release { fence: fence(epoch), result: RunResult::Quota, resets_at })
}

/// The coordinator takes the lease for the job `#b0`.
pub(crate) fn preempt(epoch: u64) -> Command {
    Command::Preempt(Preempt { epoch: Epoch(epoch), for_job: JobId(Uuid::from_u128(0xb0)) })
}

/// An approval without words.
pub(crate) fn approve(reviewer: &str) -> Command {
    Command::Approve(Approve { reviewer: reviewer.into(), note: None })
}

/// A rejection.
pub(crate) fn reject(note: &str, is_final: bool) -> Command {
    Command::Reject(Reject { note: note.into(), is_final })
}

/// An answer.
pub(crate) fn answer(text: &str) -> Command {
    Command::Answer(Answer { text: text.into() })
}

/// Back to the queue.
pub(crate) fn requeue(fresh: bool, note: Option<&str>) -> Command {
    Command::Requeue(Requeue { fresh, note: note.map(Into::into) })
}

/// An end by the operator.
pub(crate) fn cancel() -> Command {
    Command::Cancel(Cancel { reason: Some("not needed".into()) })
}

/// Another spec, and the members that differ.
pub(crate) fn edit(spec: Spec, changed: &[&str]) -> Command {
    Command::Edit(Box::new(Edit { spec, changed: changed.iter().map(ToString::to_string).collect() }))
}

/// A report as an order.
pub(crate) fn told(report: Report) -> Command {
    Command::Report(Box::new(report))
}

/// Who gives the order.
pub(crate) fn by(order: &Command) -> By {
    let factory = |fence: &Fence| fence.factory.clone().map_or(By::Coordinator, By::Factory);
    match order {
        Command::Lease(lease) => By::Factory(lease.factory.clone()),
        Command::Report(report) => factory(&report.fence),
        Command::Release(release) => factory(&release.fence),
        Command::Renew(fence) => factory(fence),
        Command::Adopt(Adopt { fence: Some(fence), .. }) => factory(fence),
        Command::Expire(_)
        | Command::Reclaim(_)
        | Command::Limit(_)
        | Command::Preempt(_)
        | Command::Evict
        | Command::DependenciesMet
        | Command::DependencyFailed
        | Command::ChildrenOpen
        | Command::ChildrenMet(_) => By::Coordinator,
        Command::Adopt(_)
        | Command::Ship
        | Command::Reject(_)
        | Command::Approve(_)
        | Command::Answer(_)
        | Command::Requeue(_)
        | Command::Cancel(_)
        | Command::Edit(_) => By::Operator("ann".into()),
    }
}

/// The order in words.
pub(crate) fn said(order: &Command) -> String {
    let name = order.name();
    match order {
        Command::Lease(Lease { factory, run, engine, ttl_sec, claim_id, decision }) => {
            let engine = maybe(engine.as_ref().map(|engine| format!(" with {engine}")));
            let claim = maybe(claim_id.as_ref().map(|claim| format!(" for claim {claim}")));
            let among = maybe(decision.as_ref().map(|decision| format!(" among {}", decision.considered)));
            format!("{name} to {factory} for {ttl_sec}s as {}{engine}{claim}{among}", short(run.0))
        }
        Command::Report(report) => reported(report),
        Command::Release(Release { fence, result, resets_at }) => {
            let until = maybe(resets_at.map(|time| format!(" until {}", at(time))));
            format!("{name} {} {}{until}", word(result), under(fence))
        }
        Command::Preempt(Preempt { epoch, for_job }) => format!("{name} epoch {epoch} for {}", short(for_job.0)),
        Command::Renew(fence) => format!("{name} {}", under(fence)),
        Command::Expire(epoch) | Command::Reclaim(epoch) | Command::Limit(epoch) => format!("{name} epoch {epoch}"),
        Command::Evict
        | Command::DependenciesMet
        | Command::DependencyFailed
        | Command::ChildrenOpen
        | Command::Ship => name.to_owned(),
        Command::ChildrenMet(outcome) => format!("{name} {}", word(outcome)),
        Command::Adopt(Adopt { children, ended, fence }) => {
            let ended = if ended.is_empty() {
                String::new()
            } else {
                format!(" beside {}", list(ended.iter().map(|job| short(job.0))))
            };
            format!("{name} {children}{ended}{}", maybe(fence.as_ref().map(|fence| format!(" {}", under(fence)))))
        }
        Command::Reject(Reject { note, is_final }) => {
            format!("{name} {note:?}{}", if *is_final { " finally" } else { "" })
        }
        Command::Approve(Approve { reviewer, note }) => {
            format!("{name} by {reviewer}{}", maybe(note.as_ref().map(|note| format!(" {note:?}"))))
        }
        Command::Answer(Answer { text }) => format!("{name} {text:?}"),
        Command::Requeue(Requeue { fresh, note }) => {
            let note = maybe(note.as_ref().map(|note| format!(" {note:?}")));
            format!("{name}{}{note}", if *fresh { " fresh" } else { "" })
        }
        Command::Cancel(Cancel { reason }) => format!("{name} {:?}", maybe(reason.as_ref())),
        Command::Edit(edit) => format!("{name} {}", list(&edit.changed)),
    }
}

fn under(fence: &Fence) -> String {
    let Fence { epoch, factory } = fence;
    format!("by {} under {epoch}", factory.as_ref().map_or("whoever", |factory| factory.as_str()))
}

fn reported(report: &Report) -> String {
    let Report { fence, prior, stage, checkpoint, insights, result, exit, verify_result, retryable, reason, question } =
        report;
    let mut words = vec!["report".to_owned()];
    words.extend(stage.map(|stage| stage.to_string()));
    words.extend(result.map(|result| format!("result {}", word(&result))));
    words.extend(exit.map(|exit| format!("exit {exit}")));
    words.extend(verify_result.map(|verify| format!("verify {}", word(&verify))));
    words.extend(checkpoint.as_ref().map(|new| format!("checkpoint {}", maybe(new.wip_commit.as_ref()))));
    if *insights != Insights::default() {
        words.push(serde_json::to_string(insights).expect("insights can be written"));
    }
    if !retryable {
        words.push("not retryable".into());
    }
    words.extend(reason.as_ref().map(|reason| format!("because {reason:?}")));
    words.extend(question.as_ref().map(|question| format!("asking {question:?}")));
    words.push(under(fence));
    match prior {
        Prior::None => {}
        Prior::Unknown => words.push("with a new id".into()),
        Prior::Same => words.push("again".into()),
        Prior::Other => words.push("with the id of another".into()),
        Prior::Reached(stage) => words.push(format!("after its run had reached {stage}")),
    }
    words.join(" ")
}
