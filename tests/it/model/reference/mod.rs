//! The reference model: what the specification says of jobs, leases and factories, in the simplest words there are.
//!
//! Written from the specification and the decisions, apart from the product, and shares no code with it. Plain fields,
//! nothing indexed, everything looked at again after each command. Answers are texts, made in `render.rs`.

mod fleet;
mod job;
mod pick;
pub(crate) mod score;

use std::collections::BTreeMap;

use super::command::{
    Blocked, Choices, Command, FactoryNo, Fence, Gate, Heavy, JobNo, OnFailure, Outcome, Stage, Status, Wish,
};
use super::records::{Factory, Job, Log, Pick, Run};
use super::render;

/// The whole product.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) now: i64,
    pub(crate) jobs: BTreeMap<JobNo, Job>,
    pub(crate) factories: BTreeMap<FactoryNo, Factory>,
    pub(crate) paused: bool,
    pub(crate) chosen: Choices,
    /// What the operator said that terms weigh.
    pub(crate) heavy: Heavy,
    pub(crate) log: Log,
    /// The job and the content of each submit with a key.
    pub(crate) keys: BTreeMap<u8, (JobNo, Wish)>,
    /// The grant of each claim with an id.
    pub(crate) grants: BTreeMap<(FactoryNo, u8), (JobNo, u64)>,
}

impl Model {
    /// Answers a command.
    pub(crate) fn obey(&mut self, command: &Command) -> String {
        let now = self.now;
        let answer = match command {
            Command::Submit { job, key, wish } => self.submit(*job, *key, wish),
            Command::Beat(beat) => self.beat(beat),
            Command::Claim(claim) => self.claim(claim),
            Command::Report(report) => self.write(report.job, report.fence, command),
            Command::Release { job, fence, .. } | Command::Renew { job, fence, .. } => {
                self.write(*job, *fence, command)
            }
            Command::Operate { job, order, if_rev } => match self.jobs.get_mut(job) {
                None => "no such job".into(),
                Some(job) if if_rev.is_some_and(|rev| rev != job.log.rev) => format!("rev is {}", job.log.rev),
                Some(job) => job.operate(now, order).map_or_else(|why| why, |changed| render::view(job, !changed)),
            },
            Command::Drain { factory } => self.drain(*factory, true),
            Command::Undrain { factory } => self.drain(*factory, false),
            Command::Gate(gate) => self.gate(*gate),
            Command::Set(chosen) => self.set(*chosen, self.heavy.clone()),
            Command::Weigh(heavy) => self.set(self.chosen, heavy.clone()),
            Command::Pass(_) => String::new(),
        };
        self.pass_to(if let Command::Pass(ms) = command { now + ms } else { now });
        answer
    }

    /// A factory's write under a lease.
    fn write(&mut self, no: JobNo, fence: Fence, command: &Command) -> String {
        let (now, Some(job)) = (self.now, self.jobs.get_mut(&no)) else { return "no such job".into() };
        let held = job.right(fence) == Some(Status::Held);
        let (answer, heard) = job.write(now, fence, command);
        let run = job.runs.iter().find(|run| run.epoch == fence.epoch).cloned();
        self.hear(fence.factory.or(run.as_ref().map(|run| run.factory)).filter(|_| heard));
        if let (Command::Release { result: Outcome::Quota, resets_at: Some(until), .. }, Some(run)) = (command, run)
            && held
        {
            self.limit(&run, *until);
        }
        answer
    }

    fn submit(&mut self, no: JobNo, key: Option<u8>, wish: &Wish) -> String {
        let unknown: Vec<JobNo> = wish.deps.iter().filter(|dep| !self.jobs.contains_key(dep)).copied().collect();
        if !unknown.is_empty() {
            return format!("unknown deps {unknown:?}");
        }
        if let Some((had, content)) = key.and_then(|key| self.keys.get(&key)) {
            return if content == wish { render::view(&self.jobs[had], true) } else { format!("key of j{had}") };
        }
        self.keys.extend(key.map(|key| (key, (no, wish.clone()))));
        let (wish, not_before, deps_met) = (wish.clone(), wish.not_before, self.verdict(wish) == Some(true));
        let mut job = Job { no, wish, not_before, deps_met, ..Job::default() };
        job.go(self.now, Stage::Queued);
        job.log.save(["job.created", if deps_met { "job.ready" } else { "job.blocked" }]);
        let answer = render::view(&job, false);
        self.jobs.insert(no, job);
        answer
    }

    fn gate(&mut self, gate: Gate) -> String {
        let (pause, event) = match gate {
            Gate::Pause => (true, "product.paused"),
            Gate::Resume => (false, "product.resumed"),
            Gate::Estop => (true, "product.estop"),
        };
        if pause != self.paused || gate == Gate::Estop {
            self.paused = pause;
            self.log.save([event]);
        }
        for job in self.jobs.values_mut().filter(|job| gate == Gate::Estop && job.lease().is_some()) {
            job.lose(self.now, Status::Evicted, Outcome::Released);
        }
        render::product(self)
    }

    /// An operator chooses anew, or says anew what terms weigh.
    fn set(&mut self, chosen: Choices, heavy: Heavy) -> String {
        let weighed = |heavy: &Heavy| score::over(score::USUAL, heavy);
        if chosen != self.chosen || weighed(&heavy) != weighed(&self.heavy) {
            (self.chosen, self.heavy) = (chosen, heavy);
            self.log.save(["product.settings"]);
        }
        render::product(self)
    }

    /// The next instant at which something is due.
    pub(crate) fn next_due(&self) -> Option<i64> {
        let leases = self.jobs.values().filter_map(Job::due).map(|(at, ..)| at);
        leases.chain(self.factories.values().filter_map(Factory::missed)).min()
    }

    /// Lets time pass, and everything happen that is due on the way.
    pub(crate) fn pass_to(&mut self, until: i64) {
        self.settle();
        while let Some(due) = self.next_due().filter(|due| *due <= until) {
            self.now = due.max(self.now);
            for job in self.jobs.values_mut() {
                if let Some((_, status, cause)) = job.due().filter(|(at, ..)| *at <= self.now) {
                    job.lose(self.now, status, cause);
                }
            }
            self.settle();
            let silent = |of: &&mut Factory| of.missed().is_some_and(|missed| missed <= self.now);
            self.factories.values_mut().filter(silent).for_each(Factory::miss);
        }
        self.now = until;
    }

    /// What follows by itself: ended runs count for their factories, and jobs that wait for others are told. A job waits
    /// for older ones only, so once through is enough.
    fn settle(&mut self) {
        self.count_ends();
        for no in self.jobs.keys().copied().collect::<Vec<_>>() {
            let (now, verdict) = (self.now, self.verdict(&self.jobs[&no].wish));
            let job = self.jobs.get_mut(&no).unwrap();
            let (to, event) = match (job.blocked, verdict, job.wish.on_failure) {
                (Some(Blocked::Dependencies | Blocked::DependencyFailed), Some(true), _) => {
                    (Stage::Queued, "job.ready")
                }
                (Some(Blocked::Dependencies), Some(false), OnFailure::Fail) => (Stage::Failed, "job.failed"),
                (Some(Blocked::Dependencies), Some(false), _) => (Stage::Blocked, "job.blocked"),
                _ => continue,
            };
            job.deps_met = to == Stage::Queued;
            job.go(now, to);
            job.blocked = (to == Stage::Blocked).then_some(Blocked::DependencyFailed);
            job.log.save([event]);
        }
    }

    /// What dependencies come to: met, failed, or open.
    fn verdict(&self, wish: &Wish) -> Option<bool> {
        let settled =
            |job: &&Job| job.stage == Stage::Shipped || (job.stage.is_over() && wish.on_failure == OnFailure::Ignore);
        let jobs: Vec<&Job> = wish.deps.iter().map(|dep| &self.jobs[dep]).collect();
        let good = jobs.iter().copied().filter(settled).count();
        let open = jobs.iter().filter(|job| !job.stage.is_over()).count();
        let wanted = if wish.any_dep { jobs.len().min(1) } else { jobs.len() };
        if good >= wanted { Some(true) } else { (good + open < wanted).then_some(false) }
    }
}
