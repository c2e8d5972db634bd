//! Which jobs wait for which, and what has become of those they wait for.

use std::collections::{BTreeMap, BTreeSet};

use super::score::MOST_WAITING;
use super::standing::Awaits;
use crate::JobId;
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
struct Stages {
    all: BTreeMap<JobId, Option<Stage>>,
    shipped: usize,
    /// Those that ended otherwise.
    failed: usize,
}

#[derive(Debug)]
struct Waiting {
    mode: DepsMode,
    policy: OnDepFailure,
    dependencies: Stages,
    /// Its children, as far as they are known; some may not be committed yet.
    children: Stages,
    /// Children that it waits for no more.
    overruled: BTreeSet<JobId>,
    /// It waits for its children, too.
    composite: bool,
    /// Every child is known that the job had when its edges were entered.
    has_read: bool,
    /// The waiting job itself is committed.
    confirmed: bool,
}

/// The open edges between jobs of one product: from those that wait to their dependencies and children.
#[derive(Debug, Default)]
pub struct Graph {
    waiting: BTreeMap<JobId, Waiting>,
    dependents: BTreeMap<JobId, BTreeSet<JobId>>,
    /// Jobs for which another number of jobs may wait than when they were last asked for.
    changed: BTreeSet<JobId>,
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
    fn enter(&mut self, job: JobId, stage: Option<Stage>, is_news: bool) {
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

    /// Leaves out those that are not to stay, and answers them.
    fn leave(&mut self, stays: impl Fn(JobId) -> bool) -> Vec<JobId> {
        let gone: Vec<JobId> = self.all.keys().copied().filter(|job| !stays(*job)).collect();
        for job in &gone {
            match self.all.remove(job).flatten().filter(|stage| stage.is_terminal()) {
                Some(Stage::Shipped) => self.shipped -= 1,
                Some(_) => self.failed -= 1,
                None => {}
            }
        }
        gone
    }

    fn has_one_open(&self) -> bool {
        self.all.len() == self.shipped + self.failed + 1
    }

    fn verdict(&self, mode: DepsMode, policy: OnDepFailure) -> Verdict {
        verdict(mode, policy, self.all.len(), (self.shipped, self.failed))
    }
}

impl Waiting {
    fn verdict(&self) -> Verdict {
        let of_dependencies = self.dependencies.verdict(self.mode, self.policy);
        if !self.composite {
            return of_dependencies;
        }
        let children = &self.children;
        // A composite job without any waits for its first one.
        let is_open = !self.has_read || children.all.is_empty();
        let of_children = if is_open { Verdict::Open } else { children.verdict(DepsMode::All, self.policy) };
        let of_children = match of_children {
            Verdict::Met if Mutant::LastChildForgotten.is_planted() => Verdict::Open,
            Verdict::Open if Mutant::OpenChildIgnored.is_planted() && children.has_one_open() => Verdict::Met,
            other => other,
        };
        match (of_dependencies, of_children) {
            (Verdict::Failed, _) | (_, Verdict::Failed) => Verdict::Failed,
            (Verdict::Met, Verdict::Met) if children.failed == 0 && self.overruled.is_empty() => {
                Verdict::ChildrenMet(Outcome::Shipped)
            }
            (Verdict::Met, Verdict::Met) => Verdict::ChildrenMet(Outcome::Settled),
            (Verdict::Met, _) => Verdict::ChildrenOpen,
            (Verdict::Open | Verdict::ChildrenOpen | Verdict::ChildrenMet(_), _) => Verdict::Open,
        }
    }

    /// Takes in the stage of a job that it waits for.
    fn enter(&mut self, job: JobId, stage: Stage, is_news: bool) {
        if self.dependencies.all.contains_key(&job) {
            self.dependencies.enter(job, Some(stage), is_news);
        }
        if self.children.all.contains_key(&job) {
            self.children.enter(job, Some(stage), is_news);
        }
    }

    /// Everything that it waits for.
    fn all(&self) -> impl Iterator<Item = JobId> {
        self.dependencies.all.keys().chain(self.children.all.keys()).copied()
    }
}

impl Graph {
    /// Enters a job's edges: tentatively before its commit, for good (`confirmed`) after it. Its children are entered by
    /// [`Graph::adopt`].
    pub fn watch(&mut self, job: JobId, awaits: &Awaits, confirmed: bool) {
        if let Some(waiting) = self.waiting.get_mut(&job) {
            waiting.confirmed |= confirmed;
            waiting.composite |= confirmed && awaits.composite;
            if confirmed {
                self.settle(job, awaits);
            }
            return;
        }
        awaits.jobs.iter().for_each(|dep| self.touch(*dep));
        let mut waiting = Waiting {
            mode: awaits.mode,
            policy: awaits.on_failure,
            dependencies: Stages::default(),
            children: Stages::default(),
            overruled: awaits.overruled.iter().copied().collect(),
            composite: awaits.composite,
            has_read: false,
            confirmed,
        };
        for dep in &awaits.jobs {
            self.dependents.entry(*dep).or_default().insert(job);
            waiting.dependencies.enter(*dep, None, false);
        }
        self.waiting.insert(job, waiting);
    }

    /// Removes the edges to what has settled for good, though not all of it has shipped.
    fn settle(&mut self, job: JobId, awaits: &Awaits) {
        let Some(waiting) = self.waiting.get_mut(&job) else { return };
        waiting.overruled = awaits.overruled.iter().copied().collect();
        let mut settled = waiting.dependencies.leave(|dep| awaits.jobs.contains(&dep));
        settled.extend(waiting.children.leave(|child| !waiting.overruled.contains(&child)));
        for dep in settled {
            self.unlink(job, dep);
            self.touch(dep);
        }
    }

    /// The job does not wait for this one any more.
    fn unlink(&mut self, job: JobId, dep: JobId) {
        if let Some(dependents) = self.dependents.get_mut(&dep) {
            dependents.remove(&job);
            if dependents.is_empty() {
                self.dependents.remove(&dep);
            }
        }
    }

    /// Enters a child of a job that waits for its children.
    pub fn adopt(&mut self, parent: JobId, child: JobId, stage: Option<Stage>) {
        let Some(waiting) = self.waiting.get_mut(&parent) else { return };
        if waiting.overruled.contains(&child) {
            return;
        }
        waiting.children.enter(child, stage, false);
        if self.dependents.entry(child).or_default().insert(parent) {
            self.touch(child);
        }
    }

    /// Every child that the job has by now has been entered.
    pub fn has_read_children(&mut self, parent: JobId) {
        if let Some(waiting) = self.waiting.get_mut(&parent) {
            waiting.has_read = true;
        }
    }

    /// Every child that the job has is known.
    pub fn has_all_children(&self, parent: JobId) -> bool {
        self.waiting.get(&parent).is_some_and(|waiting| waiting.has_read)
    }

    /// A way from one of the jobs over those that each waits for back to itself, if there is one: the job, those between,
    /// and the job again.
    pub fn cycle(&self, from: &[JobId]) -> Option<Vec<JobId>> {
        let mut done: BTreeSet<JobId> = BTreeSet::new();
        for start in from {
            // The way so far: each job with those that it waits for and that have not been followed yet.
            let mut way: Vec<(JobId, Vec<JobId>)> = Vec::new();
            let mut on_way: BTreeSet<JobId> = BTreeSet::new();
            let mut next = Some(*start);
            while let Some(job) = next.take() {
                if on_way.contains(&job) {
                    let from = way.iter().position(|(other, _)| *other == job).unwrap_or_default();
                    return Some(way[from..].iter().map(|(job, _)| *job).chain([job]).collect());
                }
                if done.insert(job) {
                    on_way.insert(job);
                    let waits_for = self.waiting.get(&job).map(|waiting| waiting.all().collect()).unwrap_or_default();
                    way.push((job, waits_for));
                }
                while let Some((job, left)) = way.last_mut() {
                    next = left.pop();
                    if next.is_some() {
                        break;
                    }
                    on_way.remove(job);
                    way.pop();
                }
            }
        }
        None
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
        waiting.all().for_each(|dep| self.unlink(job, dep));
        waiting.all().for_each(|dep| self.touch(dep));
    }

    /// Removes a child that was entered tentatively.
    pub fn disown(&mut self, parent: JobId, child: JobId) {
        let Some(waiting) = self.waiting.get_mut(&parent) else { return };
        if waiting.children.all.get(&child).is_none_or(Option::is_some) {
            return;
        }
        waiting.children.all.remove(&child);
        self.unlink(parent, child);
        self.touch(child);
    }

    /// Takes note of a job that another number of jobs may wait for, and of those that it waits for itself. One for which
    /// the most are counted already needs no look, nor do those before it: no fewer wait for them.
    fn touch(&mut self, job: JobId) {
        let mut touched = vec![job];
        while let Some(job) = touched.pop() {
            if self.count_waiting(job) >= MOST_WAITING || !self.changed.insert(job) {
                continue;
            }
            touched.extend(self.waiting.get(&job).into_iter().flat_map(Waiting::all));
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
            waiting.enter(dep, stage, true);
            match waiting.verdict() {
                Verdict::Open | Verdict::ChildrenOpen => {}
                verdict if waiting.confirmed => told.push((job, verdict)),
                Verdict::Met | Verdict::ChildrenMet(_) | Verdict::Failed => {}
            }
        }
        told
    }

    /// Takes in the stage of a job as it was read: what has been told since is newer and stays.
    pub fn read(&mut self, dep: JobId, stage: Stage) {
        for job in self.dependents.get(&dep).into_iter().flatten() {
            if let Some(waiting) = self.waiting.get_mut(job) {
                waiting.enter(dep, stage, false);
            }
        }
    }

    /// The dependencies of a job, and whether it waits for children, too.
    pub fn dependencies(&self, job: JobId) -> (Vec<JobId>, bool) {
        let waiting = self.waiting.get(&job);
        let jobs = waiting.map(|waiting| waiting.dependencies.all.keys().copied().collect()).unwrap_or_default();
        (jobs, waiting.is_some_and(|waiting| waiting.composite))
    }

    /// What the job has come to, as far as is known.
    pub fn verdict(&self, job: JobId) -> Verdict {
        self.waiting.get(&job).map_or(Verdict::Open, Waiting::verdict)
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
