//! The reference model: what the specification says of jobs, leases and factories, in the simplest words there are.
//!
//! Written from the specification and the decisions, apart from the product, and shares no code with it. Plain fields,
//! nothing indexed, everything looked at again after each command. Answers are texts, made in `render.rs`.

mod fleet;
mod flow;
mod operate;
mod reports;

use std::collections::BTreeMap;

use super::command::{BEGIN, Command, FactoryNo, Fence, Gate, JobNo, Outcome, Stage, Wish, Word};
use super::render;

/// Why a job is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blocked {
    Dependencies,
    NeedsInput,
    DependencyFailed,
}

/// How a lease stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    #[default]
    Held,
    Released,
    Expired,
    Evicted,
}

/// One grant of a job: its lease and its run are one thing here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    pub(crate) factory: FactoryNo,
    pub(crate) epoch: u64,
    pub(crate) engine: Option<Word>,
    pub(crate) started: i64,
    pub(crate) status: Status,
    pub(crate) until: i64,
    pub(crate) ttl_sec: u32,
    pub(crate) renewals: u32,
    /// Heartbeats in a row that left it out.
    pub(crate) unlisted: u32,
    pub(crate) reached: Stage,
    pub(crate) result: Option<Outcome>,
    pub(crate) cost: Option<u64>,
    pub(crate) exit: Option<i32>,
    /// Its own final report ended it.
    pub(crate) own_end: bool,
    /// A cancel ended it.
    pub(crate) cancelled: bool,
}

/// A job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Job {
    pub(crate) wish: Wish,
    pub(crate) stage: Stage,
    pub(crate) blocked: Option<Blocked>,
    pub(crate) deps_met: bool,
    pub(crate) epoch: u64,
    pub(crate) rev: u64,
    pub(crate) edition: u32,
    pub(crate) attempt: u32,
    pub(crate) queued: i64,
    pub(crate) not_before: Option<i64>,
    /// Between which instants the end of a backoff lies, until it is known.
    pub(crate) jitter: Option<(i64, i64)>,
    pub(crate) runs: Vec<Run>,
    pub(crate) spent_ms: i64,
    pub(crate) spent_usd: u64,
    pub(crate) result: Option<Outcome>,
    pub(crate) checkpoint: Option<u8>,
    pub(crate) approved: Vec<Word>,
    pub(crate) notes: Vec<Word>,
    pub(crate) question: Option<Word>,
    pub(crate) receipts: BTreeMap<u8, String>,
    pub(crate) events: Vec<&'static str>,
}

/// A factory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Factory {
    pub(crate) seats: u32,
    pub(crate) every_sec: u32,
    pub(crate) failing: bool,
    pub(crate) engines: Vec<(Word, bool)>,
    pub(crate) capabilities: Vec<Word>,
    pub(crate) classes: Vec<Word>,
    pub(crate) heard: i64,
    pub(crate) presence: Presence,
    pub(crate) draining: bool,
    pub(crate) failures: u32,
    pub(crate) rev: u64,
    pub(crate) events: Vec<&'static str>,
}

/// Whether a factory was heard lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Presence {
    #[default]
    Online,
    Stale,
    Offline,
}

/// The whole product.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) now: i64,
    pub(crate) jobs: BTreeMap<JobNo, Job>,
    pub(crate) factories: BTreeMap<FactoryNo, Factory>,
    pub(crate) paused: bool,
    pub(crate) rev: u64,
    pub(crate) events: Vec<&'static str>,
    /// The job and the content of each submit with a key.
    pub(crate) keys: BTreeMap<u8, (JobNo, Wish)>,
    /// The grant of each claim with an id.
    pub(crate) grants: BTreeMap<(FactoryNo, u8), (JobNo, u64)>,
    /// When a refused write last left its event.
    fenced: BTreeMap<(JobNo, u64, Option<FactoryNo>), i64>,
}

impl Job {
    /// The run whose lease is held.
    pub(crate) fn held(&mut self) -> Option<&mut Run> {
        self.runs.last_mut().filter(|run| run.status == Status::Held)
    }

    pub(crate) fn is_held(&self) -> bool {
        self.runs.last().is_some_and(|run| run.status == Status::Held)
    }

    fn is_delivered(&self) -> bool {
        matches!(self.stage, Stage::Review | Stage::Testing)
    }

    fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Shipped | Stage::Failed | Stage::DeadLetter | Stage::Cancelled)
    }

    /// The fence names this run.
    fn named(run: &Run, fence: Fence) -> bool {
        run.epoch == fence.epoch && fence.factory.is_none_or(|factory| factory == run.factory)
    }

    /// One saved change with its events.
    fn save(&mut self, events: &[&'static str]) {
        self.events.extend(events);
        self.rev += 1;
    }

    fn queue(&mut self, now: i64) {
        self.go(Stage::Queued);
        self.queued = now;
    }

    fn go(&mut self, stage: Stage) {
        self.stage = stage;
        self.blocked = None;
        self.question = None;
    }

    fn block(&mut self, why: Blocked) {
        self.go(Stage::Blocked);
        self.blocked = Some(why);
    }

    /// Ends the held run, if there is one; an end by anything but the own final report moves the epoch.
    fn end(&mut self, now: i64, result: Outcome, status: Status, own_end: bool) {
        if !self.is_held() {
            return;
        }
        let Some(run) = self.runs.last_mut() else { return };
        (run.status, run.result, run.own_end) = (status, Some(result), own_end);
        self.spent_ms += now - run.started;
        self.spent_usd += run.cost.unwrap_or(0);
        self.epoch += u64::from(!own_end);
        self.result = Some(result);
        if matches!(result, Outcome::Failed | Outcome::TimedOut | Outcome::Lost) {
            self.attempt += 1;
        }
    }

    /// The result of delivered work whose lease goes.
    fn delivered(&self) -> Outcome {
        let said = self.runs.last().and_then(|run| run.result);
        if said == Some(Outcome::NoChanges) { Outcome::NoChanges } else { Outcome::Succeeded }
    }

    /// The lease goes without using an attempt.
    fn give_back(&mut self, now: i64, result: Outcome, status: Status) {
        if self.is_delivered() {
            self.end(now, self.delivered(), status, false);
        } else {
            self.end(now, result, status, false);
            self.queue(now);
        }
        self.save(&["job.released"]);
    }

    /// After an attempt was used: another one after a pause, or none.
    fn next_attempt(&mut self, now: i64) -> &'static str {
        if self.attempt >= self.wish.attempts {
            self.go(Stage::DeadLetter);
            return "job.dead_lettered";
        }
        self.queue(now);
        let hour = 3_600_000;
        let pause = (self.wish.backoff_sec * 1_000 * (1 << (self.attempt - 1))).min(hour) as i64;
        let latest = (pause * 12 / 10).min(hour as i64);
        (self.not_before, self.jitter) = (None, Some((now + pause * 8 / 10, now + latest)));
        "job.retry"
    }

    /// When the coordinator ends the run for its length, and as what.
    fn limit(&self) -> Option<(i64, Outcome)> {
        let run = self.runs.last().filter(|run| run.status == Status::Held && !self.is_delivered())?;
        let graced = |sec: u64| (sec * 1_000 + (sec * 100).max(30_000)) as i64;
        let timeout = self.wish.timeout_sec.map(|sec| (run.started + graced(sec), Outcome::TimedOut));
        let wall = |sec| (run.started + (graced(sec) - self.spent_ms).max(0), Outcome::OverBudget);
        let wall = self.wish.wall_sec.map(wall);
        [timeout, wall].into_iter().flatten().min_by_key(|(at, _)| *at)
    }
}

impl Model {
    /// A product that nobody has asked for anything yet.
    pub(crate) fn new() -> Self {
        Self { now: BEGIN, ..Self::default() }
    }

    /// Answers a command.
    pub(crate) fn obey(&mut self, command: &Command) -> String {
        let answer = match command {
            Command::Submit { job, key, wish } => self.submit(*job, *key, wish),
            Command::Beat(beat) => self.beat(beat),
            Command::Claim(claim) => self.claim(claim),
            Command::Report(report) => self.report(report),
            Command::Release { job, fence, result } => self.release(*job, *fence, *result),
            Command::Renew { job, fence, ttl_sec } => self.renew(*job, *fence, *ttl_sec),
            Command::Operate { job, order, if_rev } => self.operate(*job, order, *if_rev),
            Command::Drain { factory } => self.drain(*factory, true),
            Command::Undrain { factory } => self.drain(*factory, false),
            Command::Gate(gate) => self.gate(*gate),
            Command::Pass(ms) => {
                self.pass_to(self.now + ms);
                return String::new();
            }
        };
        self.pass_to(self.now);
        answer
    }

    fn submit(&mut self, no: JobNo, key: Option<u8>, wish: &Wish) -> String {
        let unknown: Vec<JobNo> = wish.deps.iter().filter(|dep| !self.jobs.contains_key(dep)).copied().collect();
        if !unknown.is_empty() {
            return format!("unknown deps {unknown:?}");
        }
        if let Some((had, content)) = key.and_then(|key| self.keys.get(&key)) {
            let same = content == wish;
            return if same { render::view(*had, &self.jobs[had], true) } else { format!("key of j{had}") };
        }
        let deps_met = wish.deps.is_empty() || self.verdict(wish) == Some(true);
        let (wish, queued, not_before) = (wish.clone(), self.now, wish.not_before);
        let mut job = Job { wish, queued, not_before, deps_met, edition: 1, ..Job::default() };
        if !deps_met {
            job.block(Blocked::Dependencies);
        }
        job.save(&["job.created", if deps_met { "job.ready" } else { "job.blocked" }]);
        self.keys.extend(key.map(|key| (key, (no, job.wish.clone()))));
        let answer = render::view(no, &job, false);
        self.jobs.insert(no, job);
        answer
    }

    fn gate(&mut self, gate: Gate) -> String {
        let (paused, event) = match gate {
            Gate::Pause => (true, "product.paused"),
            Gate::Resume => (false, "product.resumed"),
            Gate::Estop => (true, "product.estop"),
        };
        if paused != self.paused || gate == Gate::Estop {
            self.paused = paused;
            self.rev += 1;
            self.events.push(event);
        }
        if gate == Gate::Estop {
            let held: Vec<JobNo> = self.jobs.iter().filter(|(_, job)| job.is_held()).map(|(no, _)| *no).collect();
            for no in held {
                self.jobs.get_mut(&no).unwrap().give_back(self.now, Outcome::Released, Status::Evicted);
                self.ended(no);
            }
        }
        format!("ok paused {} v{}", self.paused, self.rev)
    }
}

impl Job {
    fn fail(&mut self) -> &'static str {
        self.go(Stage::Failed);
        "job.failed"
    }
}
