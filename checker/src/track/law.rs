//! The lifecycle: which event is in order where, by whom, and under which epoch. Changes nothing.

use super::state::State;
use crate::fact::{By, End, Fact, Grant, What};
use crate::words::{Outcome, Reason, Stage, Status};

/// A rule that an event breaks, and how.
pub(crate) type Broken = (&'static str, String);

/// What is wrong with an event of a job in this state.
pub(crate) fn law(state: &State, fact: &Fact) -> Vec<Broken> {
    let mut broken = Vec::new();
    if fact.what.is_aside() {
        return broken;
    }
    if state.stage.is_terminal() {
        let requeued = matches!(fact.what, What::Requeued(_)) && state.stage != Stage::Shipped;
        if !requeued {
            broken.push(("I7", format!("{} in {:?}, which is final", word(fact), state.stage)));
            return broken;
        }
    }
    if !legal(state, fact) {
        let held = if state.held().is_some() { "held" } else { "not held" };
        let reason = state.reason.map(|reason| format!(" ({reason:?})")).unwrap_or_default();
        let rule = if double_grant(state, fact) { "I1" } else { "lifecycle" };
        broken.push((rule, format!("{} in {:?}{reason}, lease {held}", word(fact), state.stage)));
    }
    if let What::Leased(grant) = &fact.what {
        granted(state, fact, grant, &mut broken);
    }
    if let Some(end) = fact.what.end() {
        ended(state, fact, end, &mut broken);
    }
    by_holder(state, fact, &mut broken);
    counted(state, fact, &mut broken);
    broken
}

/// An event's name for a reader.
pub(crate) fn word(fact: &Fact) -> String {
    let text = format!("{:?}", fact.what);
    let end = text.find([' ', '(', '{']).unwrap_or(text.len());
    text.get(..end).unwrap_or_default().to_owned()
}

fn double_grant(state: &State, fact: &Fact) -> bool {
    matches!(fact.what, What::Leased(_)) && state.held().is_some()
}

/// The table of the contract: what may happen where.
fn legal(state: &State, fact: &Fact) -> bool {
    let (stage, held) = (state.stage, state.held().is_some());
    let blocked_on = |reason| stage == Stage::Blocked && state.reason == Some(reason);
    let undelivered = !stage.is_delivered();
    let waits = blocked_on(Reason::Dependencies) || blocked_on(Reason::Children);
    match &fact.what {
        What::Created(..) => state.rev == 0,
        What::Ready => {
            let first = state.rev == 0 && state.reason.is_none() && stage == Stage::Blocked;
            first || waits || blocked_on(Reason::DependencyFailed)
        }
        What::Blocked(Reason::Dependencies) => state.rev == 0,
        What::Blocked(Reason::Children) => state.rev == 0 || blocked_on(Reason::Dependencies),
        What::Blocked(Reason::DependencyFailed) => waits,
        What::Blocked(Reason::NeedsInput) => false,
        What::Adopted { end: Some(_), .. } => held && undelivered,
        What::Adopted { end: None, .. } => {
            !held && (stage == Stage::Queued || waits || blocked_on(Reason::DependencyFailed))
        }
        What::Leased(_) => stage == Stage::Queued && !held,
        What::Staged { stage: to, .. } => held && to.is_worked_in() && *to >= stage,
        What::Checkpoint(_) | What::NeedsInput { .. } => held,
        What::Released { stage: to, end } => {
            let quota = end.outcome == Outcome::Quota && end.epoch == state.epoch;
            let goes = if undelivered || quota { *to == Stage::Queued } else { *to == stage };
            held && goes
        }
        What::Expired(end) => held && end.outcome.is_delivery() == stage.is_delivered(),
        What::Preempted(..) => held && undelivered,
        What::Retried { end: Some(_), .. } | What::DeadLettered { end: Some(_), .. } | What::Failed(Some(_)) => held,
        What::Retried { end: None, .. } | What::DeadLettered { end: None, .. } => {
            let lost = state.lease.is_some_and(|lease| lease.status == Status::Expired);
            lost && stage.is_worked_in() && undelivered
        }
        What::Failed(None) => waits || blocked_on(Reason::DependencyFailed),
        What::Answered => blocked_on(Reason::NeedsInput),
        What::Requeued(requeue) => {
            let from = blocked_on(Reason::DependencyFailed) || blocked_on(Reason::NeedsInput);
            (stage.is_terminal() || stage.is_worked_in() || from) && requeue.end.is_some() == held
        }
        What::Rejected { end, .. } => stage.is_delivered() && end.is_some() == held,
        What::Approved { .. } => matches!(stage, Stage::Building | Stage::Review | Stage::Testing),
        What::Cancelled(end) => end.is_some() == held,
        What::Shipped(end) => {
            let own = end.is_some_and(|end| end.status == Status::Released);
            // A parent that completes by itself.
            let by_itself = waits || blocked_on(Reason::DependencyFailed);
            end.is_some() == held && (own || stage.is_delivered() || by_itself)
        }
        What::Edited { holders, .. } => !(held && *holders),
        What::Fenced { .. }
        | What::Parked
        | What::Registered(_)
        | What::Changed(_)
        | What::Stale
        | What::Offline
        | What::Online
        | What::Draining
        | What::Undrained
        | What::Paused
        | What::Resumed
        | What::Estop
        | What::Settings { .. }
        | What::Another => true,
    }
}

fn granted(state: &State, fact: &Fact, grant: &Grant, broken: &mut Vec<Broken>) {
    if grant.epoch != state.epoch + 1 {
        broken.push(("I2", format!("granted epoch {} after {}", grant.epoch, state.epoch)));
    }
    if grant.ordinal != state.runs + 1 {
        broken.push(("lifecycle", format!("run {} after {} runs", grant.ordinal, state.runs)));
    }
    if fact.by != By::Factory(grant.factory) {
        broken.push(("origin", "a grant to another factory than the one that caused it".to_owned()));
    }
    if let Some(Some(until)) = state.not_before.filter(|until| until.is_some_and(|until| until > fact.at)) {
        broken.push(("lifecycle", format!("granted {} ms before its pause was over", until - fact.at)));
    }
}

/// A final report of the holder leaves the epoch; every other end moves it on.
fn ended(state: &State, fact: &Fact, end: End, broken: &mut Vec<Broken>) {
    let (status, may_stay) = match &fact.what {
        What::Released { stage: Stage::Queued, .. } if end.outcome == Outcome::Quota => (None, true),
        What::Released { .. } => (None, false),
        What::Adopted { .. } => (Some(Status::Released), false),
        What::Expired(_) => (Some(Status::Expired), false),
        What::NeedsInput { .. } => (Some(Status::Released), true),
        What::Preempted(..) | What::Cancelled(_) | What::Requeued(_) | What::Rejected { .. } => {
            (Some(Status::Evicted), false)
        }
        _ => (None, true),
    };
    if status.is_some_and(|status| status != end.status) || matches!(end.status, Status::None | Status::Held) {
        broken.push(("lifecycle", format!("{} left the lease {:?}", word(fact), end.status)));
    }
    let release = matches!(fact.what, What::Released { .. });
    let stays = may_stay && end.status == Status::Released && (!release || end.epoch == state.epoch);
    let due = state.epoch + u64::from(!stays);
    if end.epoch != due {
        broken.push(("I2", format!("{} left epoch {} where {due} was due", word(fact), end.epoch)));
    }
    let outcome = match &fact.what {
        What::Released { stage: Stage::Queued, .. } => {
            matches!(end.outcome, Outcome::Released | Outcome::Quota | Outcome::Preempted)
        }
        What::Released { .. } => end.outcome.is_delivery(),
        What::Expired(_) => end.outcome.is_delivery() || end.outcome == Outcome::Lost,
        What::Preempted(..) => end.outcome == Outcome::Preempted,
        What::Adopted { .. } => end.outcome == Outcome::Released,
        What::Retried { .. } | What::DeadLettered { .. } => {
            matches!(end.outcome, Outcome::Failed | Outcome::TimedOut)
        }
        What::Failed(_) => matches!(end.outcome, Outcome::Failed | Outcome::TimedOut | Outcome::OverBudget),
        What::NeedsInput { .. } => end.outcome == Outcome::NeedsInput,
        What::Cancelled(_) | What::Requeued(_) | What::Rejected { .. } => end.outcome == Outcome::Cancelled,
        What::Shipped(_) => end.outcome.is_delivery(),
        _ => true,
    };
    let said = state.held().and_then(|lease| lease.said) == Some(Outcome::NoChanges);
    let shipped = matches!(fact.what, What::Shipped(_)) && end.status == Status::Released;
    if end.outcome.is_delivery() && !shipped && said != (end.outcome == Outcome::NoChanges) {
        broken.push(("lifecycle", format!("{} ended the run {:?} against its word", word(fact), end.outcome)));
    }
    if !outcome {
        broken.push(("lifecycle", format!("{} ended the run {:?}", word(fact), end.outcome)));
    }
}

/// What a factory changes it changes as the holder.
fn by_holder(state: &State, fact: &Fact, broken: &mut Vec<Broken>) {
    if matches!(fact.what, What::Leased(_)) {
        return;
    }
    match (fact.by, state.held()) {
        (By::Factory(factory), Some(lease)) if lease.holder != factory => {
            broken.push(("I3", format!("{} by a factory that does not hold the lease", word(fact))));
        }
        (By::Factory(_), None) if state.rev > 0 => {
            broken.push(("I3", format!("{} by a factory while no lease is held", word(fact))));
        }
        (By::Operator(_) | By::Coordinator, _)
            if matches!(fact.what, What::Staged { .. } | What::Checkpoint(_) | What::NeedsInput { .. }) =>
        {
            broken.push(("origin", format!("{} by somebody who is no factory", word(fact))));
        }
        _ => {}
    }
}

/// Attempts are counted by the runs that use one.
fn counted(state: &State, fact: &Fact, broken: &mut Vec<Broken>) {
    let (What::Retried { attempt, .. } | What::DeadLettered { attempt, .. }) = &fact.what else { return };
    let uses = fact.what.end().is_some_and(|end| end.outcome.uses_attempt());
    let due = state.attempt + u32::from(uses);
    if *attempt != due {
        broken.push(("lifecycle", format!("{} says attempt {attempt} where {due} was due", word(fact))));
    }
    if let What::Retried { not_before, .. } = &fact.what
        && !(fact.at..=fact.at + 3_600_000).contains(not_before)
    {
        broken.push(("lifecycle", format!("a pause of {} ms", not_before - fact.at)));
    }
}
