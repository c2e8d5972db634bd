//! Says what an actor's "no" is on the wire: one code for each.
//! Tells nothing of what goes on inside.

use actors::NotDone;
use domain::job::Stage;
use domain::{factory, job};
use wire::{Code, Problem};

/// The problem that a refusal is.
pub(super) fn of(no: NotDone) -> Problem {
    let detail = no.to_string();
    match no {
        NotDone::NotFound => Problem::new(Code::NotFound, detail),
        NotDone::UnknownFactory => Problem::new(Code::UnknownFactory, detail),
        NotDone::Refused(refusal) => of_job(refusal),
        NotDone::Factory(refusal) => of_factory(&refusal),
        NotDone::Fenced { current, usage_accepted } => {
            let problem = Problem::new(Code::StaleLease, detail).with("leaseEpoch", current.0);
            if usage_accepted { problem.with("usageAccepted", true) } else { problem }
        }
        NotDone::Precondition { rev } => precondition(rev),
        NotDone::KeyMismatch { job } => {
            let detail = "the idempotency key was used for a job with other content";
            Problem::new(Code::IdempotencyMismatch, detail).with("jobId", job.to_string())
        }
        NotDone::UnknownDependency { ids } => unknown_dependencies(&ids),
        NotDone::TooMany { retry_after_sec } => Problem::new(Code::RateLimited, detail).retry_after(retry_after_sec),
        NotDone::Overloaded { retry_after_sec } => Problem::new(Code::Overloaded, detail).retry_after(retry_after_sec),
        NotDone::Stopping => Problem::new(Code::Overloaded, detail),
        NotDone::Full => Problem::new(Code::StorageFull, detail),
        NotDone::Unavailable(why) => {
            tracing::warn!(%why, "the database cannot be reached");
            Problem::new(Code::Overloaded, "the database cannot be reached; nothing was changed")
        }
        NotDone::OutcomeUnknown => Problem::new(Code::OutcomeUnknown, "it may or may not have been done; ask again"),
    }
}

/// The record is not the one that the caller saw.
pub(super) fn precondition(rev: u64) -> Problem {
    Problem::new(Code::PreconditionFailed, format!("the record has rev {rev} by now")).with("rev", rev)
}

/// Some dependencies do not exist.
pub(super) fn unknown_dependencies(ids: &[domain::JobId]) -> Problem {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let detail = format!("no such job: {}", ids.join(", "));
    Problem::new(Code::UnknownDependency, detail).with("ids", ids)
}

fn of_job(refusal: job::Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        job::Refusal::StaleLease { current } => Problem::new(Code::StaleLease, detail).with("leaseEpoch", current.0),
        job::Refusal::LeaseEnded { stage } => Problem::new(Code::LeaseEnded, detail).with("stage", stage.as_str()),
        job::Refusal::IllegalTransition { from, to } => illegal(from, to, &detail),
        job::Refusal::ApprovalsMissing { missing } => {
            Problem::new(Code::ApprovalsMissing, detail).with("missing", missing)
        }
        job::Refusal::ReportMismatch => Problem::new(Code::IdempotencyMismatch, detail),
        job::Refusal::NotReady { .. } => illegal(Stage::Queued, Stage::Assigned, "the job's pause is not over"),
        job::Refusal::LeasedField { member } => {
            let pointer = format!("/{member}");
            Problem::new(Code::IllegalTransition, detail).error(pointer, "cannot change while a factory holds the job")
        }
        job::Refusal::Unfit { member, why } => Problem::invalid(format!("/{member}"), why),
    }
}

fn illegal(from: Stage, to: Stage, detail: &str) -> Problem {
    Problem::new(Code::IllegalTransition, detail).with("from", from.as_str()).with("to", to.as_str())
}

fn of_factory(refusal: &factory::Refusal) -> Problem {
    let code = match refusal {
        factory::Refusal::Unknown => Code::UnknownFactory,
        factory::Refusal::Draining => Code::FactoryDraining,
        factory::Refusal::Failing => Code::FactoryFailing,
        factory::Refusal::NoFreeSeat { .. } => Code::NoFreeSeat,
    };
    Problem::new(code, refusal.to_string())
}
