//! Which jobs wait for which, and what has become of those they wait for.

use std::collections::{BTreeMap, BTreeSet};

use super::score::MOST_WAITING;
use super::standing::Awaits;
use crate::JobId;
use crate::job::Stage;
use crate::job::spec::{DepsMode, OnDepFailure};
use crate::mutant::Mutant;

/// What the dependencies of a job come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Some have not settled.
    Open,
    /// Those that matter have settled.
    Met,
    /// One that matters ended without shipping.
    Failed,
}

#[derive(Debug)]
struct Waiting {
    mode: DepsMode,
    policy: OnDepFailure,
    /// The stage of each dependency, as far as it is known.
    stages: BTreeMap<JobId, Option<Stage>>,
    /// The waiting job itself is committed.
    confirmed: bool,
}

/// The open edges between jobs of one product.
#[derive(Debug, Default)]
pub struct Graph {
    waiting: BTreeMap<JobId, Waiting>,
    dependents: BTreeMap<JobId, BTreeSet<JobId>>,
    /// Jobs for which another number of jobs may wait than when they were last asked for.
    changed: BTreeSet<JobId>,
}

/// What dependencies in these stages come to for a job that waits for them.
pub fn settled(awaits: &Awaits, stages: &[Stage]) -> Verdict {
    let known: Vec<Option<Stage>> = stages.iter().copied().map(Some).collect();
    verdict(awaits.mode, awaits.on_failure, &known)
}

fn verdict(mode: DepsMode, policy: OnDepFailure, stages: &[Option<Stage>]) -> Verdict {
    let ignores = policy == OnDepFailure::Ignore;
    let met = |stage: &Option<Stage>| stage.is_some_and(|s| s == Stage::Shipped || (ignores && s.is_terminal()));
    let failed = |stage: &Option<Stage>| stage.is_some_and(|s| s.is_terminal() && s != Stage::Shipped && !ignores);
    match mode {
        DepsMode::All if Mutant::AllIsAny.is_planted() && stages.iter().any(met) => Verdict::Met,
        DepsMode::All if stages.iter().all(met) => Verdict::Met,
        DepsMode::All if stages.iter().any(failed) => Verdict::Failed,
        DepsMode::Any if stages.is_empty() || stages.iter().any(met) => Verdict::Met,
        DepsMode::Any if stages.iter().all(failed) => Verdict::Failed,
        DepsMode::All | DepsMode::Any => Verdict::Open,
    }
}

impl Graph {
    /// Enters a job's edges: tentatively before its commit, for good (`confirmed`) after it.
    pub fn watch(&mut self, job: JobId, awaits: &Awaits, confirmed: bool) {
        if let Some(waiting) = self.waiting.get_mut(&job) {
            waiting.confirmed |= confirmed;
            return;
        }
        awaits.jobs.iter().for_each(|dep| self.touch(*dep));
        for dep in &awaits.jobs {
            self.dependents.entry(*dep).or_default().insert(job);
        }
        let stages = awaits.jobs.iter().map(|dep| (*dep, None)).collect();
        let waiting = Waiting { mode: awaits.mode, policy: awaits.on_failure, stages, confirmed };
        self.waiting.insert(job, waiting);
    }

    /// The job's edges are known.
    pub fn knows(&self, job: JobId) -> bool {
        self.waiting.contains_key(&job)
    }

    /// The job is committed and its edges are known.
    pub fn is_confirmed(&self, job: JobId) -> bool {
        self.waiting.get(&job).is_some_and(|waiting| waiting.confirmed)
    }

    /// Removes a job's edges; tentative ones only, if `tentative`.
    pub fn forget(&mut self, job: JobId, tentative: bool) {
        if self.waiting.get(&job).is_none_or(|waiting| tentative && waiting.confirmed) {
            return;
        }
        let Some(waiting) = self.waiting.remove(&job) else { return };
        for dep in waiting.stages.keys() {
            if let Some(dependents) = self.dependents.get_mut(dep) {
                dependents.remove(&job);
                if dependents.is_empty() {
                    self.dependents.remove(dep);
                }
            }
        }
        waiting.stages.keys().for_each(|dep| self.touch(*dep));
    }

    /// Takes note of a job that another number of jobs may wait for, and of those that it waits for itself. One for which
    /// the most are counted already needs no look, nor do those before it: no fewer wait for them.
    fn touch(&mut self, job: JobId) {
        let mut touched = vec![job];
        while let Some(job) = touched.pop() {
            if self.count_waiting(job) >= MOST_WAITING || !self.changed.insert(job) {
                continue;
            }
            touched.extend(self.waiting.get(&job).iter().flat_map(|waiting| waiting.stages.keys()));
        }
    }

    /// How many jobs wait for this one, directly or not; no more are counted than count for its score.
    fn count_waiting(&self, job: JobId) -> u8 {
        let (mut seen, mut next) = (BTreeSet::from([job]), vec![job]);
        while let Some(job) = next.pop() {
            for dependent in self.dependents.get(&job).into_iter().flatten() {
                if seen.insert(*dependent) {
                    next.push(*dependent);
                }
                if seen.len() > usize::from(MOST_WAITING) {
                    return MOST_WAITING;
                }
            }
        }
        u8::try_from(seen.len() - 1).unwrap_or(MOST_WAITING)
    }

    /// The jobs for which another number of jobs may wait than when this was last asked, and that number.
    pub fn take_changed(&mut self) -> Vec<(JobId, u8)> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().map(|job| (job, self.count_waiting(job))).collect()
    }

    /// Takes in the stage of a job that others may wait for. Answers the committed ones whose verdict is not open.
    pub fn reached(&mut self, dep: JobId, stage: Stage) -> Vec<(JobId, Verdict)> {
        let mut told = Vec::new();
        for job in self.dependents.get(&dep).cloned().unwrap_or_default() {
            let Some(waiting) = self.waiting.get_mut(&job) else { continue };
            waiting.stages.insert(dep, Some(stage));
            let confirmed = waiting.confirmed;
            match self.verdict(job) {
                Verdict::Open => {}
                verdict if confirmed => told.push((job, verdict)),
                Verdict::Met | Verdict::Failed => {}
            }
        }
        told
    }

    /// Takes in the stage of a job as it was read: what has been told since is newer and stays.
    pub fn read(&mut self, dep: JobId, stage: Stage) {
        for job in self.dependents.get(&dep).into_iter().flatten() {
            if let Some(known) = self.waiting.get_mut(job).and_then(|waiting| waiting.stages.get_mut(&dep)) {
                known.get_or_insert(stage);
            }
        }
    }

    /// The jobs that this one waits for.
    pub fn dependencies(&self, job: JobId) -> Vec<JobId> {
        self.waiting.get(&job).map(|waiting| waiting.stages.keys().copied().collect()).unwrap_or_default()
    }

    /// What the job's dependencies come to, as far as is known.
    pub fn verdict(&self, job: JobId) -> Verdict {
        let Some(waiting) = self.waiting.get(&job) else { return Verdict::Open };
        let stages: Vec<Option<Stage>> = waiting.stages.values().copied().collect();
        verdict(waiting.mode, waiting.policy, &stages)
    }

    /// The jobs that wait for others.
    pub fn waiting(&self) -> impl Iterator<Item = JobId> {
        self.waiting.keys().copied()
    }

    /// Jobs that wait for this one.
    pub fn dependents(&self, dep: JobId) -> usize {
        self.dependents.get(&dep).map_or(0, BTreeSet::len)
    }
}
