//! What a run's end means: exit code, limits, question and `verify` become one verdict. An engine's word that it
//! succeeded counts for nothing.

use std::io;

use wire::{RunResult, VerifyResult};

use super::Attempt;
use super::space::Space;
use crate::fleet::Fleet;
use crate::process::Ended;

/// How the run is to be reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) result: RunResult,
    pub(crate) exit: Option<i32>,
    pub(crate) verified: Option<VerifyResult>,
    pub(crate) retryable: Option<bool>,
    pub(crate) reason: Option<String>,
    pub(crate) question: Option<String>,
}

impl Verdict {
    fn new(result: RunResult) -> Self {
        Self { result, exit: None, verified: None, retryable: None, reason: None, question: None }
    }

    /// The work did not succeed.
    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..Self::new(RunResult::Failed) }
    }

    /// Not to be tried again, unless that may help.
    pub(crate) fn final_unless(mut self, worth_it: bool) -> Self {
        self.retryable = (!worth_it).then_some(false);
        self
    }
}

impl<F: Fleet> Attempt<'_, F> {
    /// Judges the engine's end, and the work by `verify` where the end was a good one.
    pub(super) async fn judge(&self, space: &Space, ended: io::Result<Ended>) -> Verdict {
        let name = self.engine.unwrap_or("engine");
        let exit = match ended {
            Err(why) => {
                // Prose will be prose on the next host too.
                let worth_it = why.kind() != io::ErrorKind::InvalidInput;
                return Verdict::failed(format!("{name} could not be run: {why}")).final_unless(worth_it);
            }
            Ok(Ended::TimedOut) => return self.too_late(),
            // Whoever stops a run for another reason does not ask for a verdict.
            Ok(Ended::Stopped) => return too_much("the cost is above budget.usd"),
            Ok(Ended::Exit(exit)) => exit,
        };
        if exit != 0 {
            let reason = Some(format!("{name} exited with {exit}"));
            return Verdict { exit: Some(exit), reason, ..Verdict::new(RunResult::Failed) };
        }
        if let Some(question) = self.seen.question() {
            return Verdict { exit: Some(exit), question: Some(question), ..Verdict::new(RunResult::NeedsInput) };
        }
        let judged = match &self.grant.job.verify {
            None => Verdict { verified: Some(VerifyResult::Skipped), ..Verdict::new(RunResult::Succeeded) },
            Some(script) => self.verified(space, script).await,
        };
        Verdict { exit: Some(exit), ..judged }
    }

    async fn verified(&self, space: &Space, script: &str) -> Verdict {
        let refused = |reason| Verdict { verified: Some(VerifyResult::Failed), ..Verdict::failed(reason) };
        match self.verify(space, script).await {
            Err(why) => refused(format!("verify could not be run: {why}")),
            Ok(Ended::TimedOut) => self.too_late(),
            Ok(Ended::Stopped) => refused("verify was stopped".to_owned()),
            Ok(Ended::Exit(0)) => {
                Verdict { verified: Some(VerifyResult::Passed), ..Verdict::new(RunResult::Succeeded) }
            }
            Ok(Ended::Exit(code)) => refused(format!("verify exited with {code}")),
        }
    }

    /// The time is over: the run's own, or what the job's budget left for it.
    fn too_late(&self) -> Verdict {
        let (own, wall) = (self.grant.job.timeout_sec, self.grant.job.budget.and_then(|budget| budget.wall_sec));
        match (own, wall) {
            (Some(own), Some(wall)) if wall < own => too_much("the run took longer than budget.wallSec"),
            (None, Some(_)) => too_much("the run took longer than budget.wallSec"),
            (Some(_) | None, _) => {
                let reason = Some("the run took longer than timeoutSec".to_owned());
                Verdict { reason, ..Verdict::new(RunResult::TimedOut) }
            }
        }
    }
}

fn too_much(reason: &str) -> Verdict {
    Verdict { reason: Some(reason.to_owned()), ..Verdict::new(RunResult::OverBudget) }
}
