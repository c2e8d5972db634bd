//! The stages of the jobs that another one waits for, and what they come to for it.

use std::collections::BTreeMap;

use crate::JobId;
use crate::dispatch::standing::Awaits;
use crate::job::Stage;
use crate::job::command::Outcome;
use crate::job::spec::{DepsMode, OnDepFailure};
use crate::mutant::Mutant;

/// What a job that waits for others has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Some dependencies have not settled.
    Open,
    /// Those that matter have settled; it has no children.
    Met,
    /// Those that matter have settled, and some children have not.
    ChildrenOpen,
    /// Those that matter have settled, and the children.
    ChildrenMet(Outcome),
    /// A dependency that matters, or a child, ended without shipping.
    Failed,
}

/// The stages of the jobs that another one waits for, as far as they are known, and how many have ended.
#[derive(Debug, Default)]
pub(super) struct Stages {
    pub(super) all: BTreeMap<JobId, Option<Stage>>,
    pub(super) shipped: usize,
    /// Those that ended otherwise.
    pub(super) failed: usize,
}

/// What dependencies in these stages come to for a job that waits for them, leaving aside children.
pub fn settled(awaits: &Awaits, stages: &[Stage]) -> Verdict {
    let ended = |shipped: bool| stages.iter().filter(|s| s.is_terminal() && (**s == Stage::Shipped) == shipped).count();
    verdict(awaits.mode, awaits.on_failure, stages.len(), (ended(true), ended(false)))
}

fn verdict(mode: DepsMode, policy: OnDepFailure, all: usize, (shipped, failed): (usize, usize)) -> Verdict {
    let (met, failed) = if policy == OnDepFailure::Ignore { (shipped + failed, 0) } else { (shipped, failed) };
    match mode {
        DepsMode::All if Mutant::AllIsAny.is_planted() && met > 0 => Verdict::Met,
        DepsMode::All if met == all => Verdict::Met,
        DepsMode::All if failed > 0 => Verdict::Failed,
        DepsMode::Any if all == 0 || met > 0 => Verdict::Met,
        DepsMode::Any if failed == all => Verdict::Failed,
        DepsMode::All | DepsMode::Any => Verdict::Open,
    }
}

impl Stages {
    /// Takes in a stage; one that is known already is replaced only if this one `is_news`.
    pub(super) fn enter(&mut self, job: JobId, stage: Option<Stage>, is_news: bool) {
        let known = self.all.entry(job).or_default();
        if known.is_some() && !is_news {
            return;
        }
        let before = std::mem::replace(known, stage.or(*known));
        let after = *known;
        for (stage, ended) in [(before, false), (after, true)] {
            let count = match stage.filter(|stage| stage.is_terminal()) {
                Some(Stage::Shipped) => &mut self.shipped,
                Some(_) => &mut self.failed,
                None => continue,
            };
            *count = if ended { *count + 1 } else { *count - 1 };
        }
    }

    /// Leaves a job out from now on.
    pub(super) fn remove(&mut self, job: JobId) {
        self.enter(job, Some(Stage::Queued), true);
        self.all.remove(&job);
    }

    /// Leaves out those that are not to stay, and answers them.
    pub(super) fn leave(&mut self, stays: impl Fn(JobId) -> bool) -> Vec<JobId> {
        let gone: Vec<JobId> = self.all.keys().copied().filter(|job| !stays(*job)).collect();
        gone.iter().for_each(|job| self.remove(*job));
        gone
    }

    pub(super) fn has_one_open(&self) -> bool {
        self.all.len() == self.shipped + self.failed + 1
    }

    pub(super) fn verdict(&self, mode: DepsMode, policy: OnDepFailure) -> Verdict {
        verdict(mode, policy, self.all.len(), (self.shipped, self.failed))
    }
}
