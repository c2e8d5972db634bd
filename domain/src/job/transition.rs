//! One command from its beginning to its end.

use super::command::Command;
use super::event::Fact;
use super::refusal::Refusal;
use super::state::{Job, Run};
use super::{apply, decide};
use crate::{By, Timestamp};

/// What a command leads to: the next state and what became true. No facts: its effect stood already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The job as it is now.
    pub next: Job,
    /// What became true, in order.
    pub facts: Vec<Fact>,
    /// The run that ended with it.
    pub ended: Option<Run>,
}

/// Runs one command to its end: the next state and what became true.
///
/// Refuses what `decide` refuses.
pub fn transition(job: &Job, command: Command, by: &By, now: Timestamp) -> Result<Step, Refusal> {
    #[cfg(feature = "mutants")]
    let facts = super::mutants::bent(job, &command, now).unwrap_or_else(|| decide(job, command, now))?;
    #[cfg(not(feature = "mutants"))]
    let facts = decide(job, command, now)?;
    let mut next = job.clone();
    let mut ended = None;
    for fact in &facts {
        ended = ended.or_else(|| ended_run(&next, fact, now));
        next = apply(next, fact, by, now);
    }
    if !facts.is_empty() {
        next.rev += 1;
        next.updated_at = now;
    }
    assert!(next.epoch >= job.epoch, "an epoch only grows");
    assert!(next.run.is_some() == next.held().is_some(), "a run goes on exactly while its lease is held");
    Ok(Step { next, facts, ended })
}

/// The run that a fact ends, as it is to be kept.
fn ended_run(job: &Job, fact: &Fact, now: Timestamp) -> Option<Run> {
    let (run, end) = (job.run.clone()?, fact.end()?);
    let reached = apply::reached(fact).unwrap_or(run.reached);
    let mut run = end.said.as_ref().map_or(run.clone(), |said| said.told(run));
    run.result = Some(end.result);
    run.reached = reached;
    run.ended_at = Some(now);
    Some(run)
}
