//! The pure core as a backend: transition functions, board, graph and map of leases, with a plain loop between them.
//!
//! Keeps what a store would keep, and does after each change what committed facts lead to.

use std::collections::BTreeMap;
use std::sync::Arc;

use actors::{BeatOrder, Beaten, Done, FactoryView, NotDone, Submitted};
use domain::dispatch::{Awaits, Board, Graph, Standing, Verdict, settled};
use domain::factory::{self, Factory};
use domain::job::command::{self, Prior};
use domain::job::{self, Command as Order, Decision, Fact, Job, LeaseStatus, Refusal, Run, Stage, Step};
use domain::product::{self, Leases, Settings};
use domain::{By, Epoch, FactoryId, JobId, Timestamp};

use super::backend::Backend;
use super::command::{BEGIN, Claim, Command, Fence, JobNo, Report, Wish};
use super::pure_claims::rules;
use super::pure_writes::Zombies;
use super::{answers, border};
use crate::support::job::product as product_id;

type Outcome = Result<Done, NotDone>;

/// The product without a runtime.
pub(crate) struct Pure {
    pub(super) now: Timestamp,
    pub(super) jobs: BTreeMap<JobId, Arc<Job>>,
    pub(super) runs: BTreeMap<(JobId, Epoch), Run>,
    pub(super) reports: BTreeMap<(JobId, String), String>,
    pub(super) zombies: Zombies,
    keys: BTreeMap<String, (JobId, Option<String>)>,
    pub(super) grants: BTreeMap<(FactoryId, String), (JobId, Epoch)>,
    pub(super) decisions: BTreeMap<(JobId, Epoch), Decision>,
    pub(super) factories: BTreeMap<FactoryId, Factory>,
    pub(super) settings: Settings,
    pub(super) leases: Leases,
    pub(super) board: Board,
    graph: Graph,
    ended: Vec<(JobId, Epoch, FactoryId, bool)>,
    pub(super) log: Vec<(String, &'static str)>,
    pub(super) opened: u128,
}

impl Default for Pure {
    fn default() -> Self {
        Self {
            now: Timestamp(BEGIN),
            jobs: BTreeMap::new(),
            runs: BTreeMap::new(),
            reports: BTreeMap::new(),
            zombies: Zombies::default(),
            keys: BTreeMap::new(),
            grants: BTreeMap::new(),
            decisions: BTreeMap::new(),
            factories: BTreeMap::new(),
            settings: Settings::new(product_id()),
            leases: Leases::default(),
            board: Board::default(),
            graph: Graph::default(),
            ended: Vec::new(),
            log: Vec::new(),
            opened: 0,
        }
    }
}

impl Pure {
    pub(super) fn job(&self, id: JobId) -> Result<Arc<Job>, NotDone> {
        self.jobs.get(&id).cloned().ok_or(NotDone::NotFound)
    }

    /// Leaves an event with a job.
    pub(super) fn tell(&mut self, id: JobId, kind: &'static str) {
        self.log.push((format!("j{:03}", border::number(id)), kind));
    }

    /// Runs an order to its end, and everything that follows from it.
    pub(super) fn order(&mut self, id: JobId, order: Order, by: &By) -> Outcome {
        let job = self.job(id)?;
        let step = job::transition(&job, order, by, self.now).map_err(NotDone::Refused)?;
        let repeated = step.facts.is_empty();
        let done = Done { job: Arc::new(step.next.clone()), repeated };
        if !repeated {
            self.commit(step, by);
        }
        Ok(done)
    }

    fn commit(&mut self, step: Step, by: &By) {
        let job = Arc::new(step.next);
        step.facts.iter().for_each(|fact| self.tell(job.id, fact.kind()));
        if let By::Factory(id) = by {
            self.hear(&id.clone());
        }
        let before = self.leases.get(job.id).map(|held| (held.epoch, held.holder.clone()));
        self.leases.observe(&job);
        if let (Some((epoch, holder)), None) = (before, self.leases.get(job.id)) {
            let gave_back = job.lease.as_ref().is_some_and(|lease| lease.status == LeaseStatus::Released);
            if gave_back || job.stage == Stage::Cancelled {
                self.ended.push((job.id, epoch, holder, gave_back));
            }
        }
        if let Some(run) = step.ended {
            let quick = self.now.ms_since(run.started_at) < 60_000;
            let ended = factory::Command::Ended { result: run.result.unwrap(), quick };
            self.order_factory(&run.factory.clone(), &ended);
            let until = step
                .facts
                .iter()
                .find_map(|fact| if let Fact::Released { resets_at, .. } = fact { *resets_at } else { None });
            if let (Some(engine), Some(until)) = (run.engine.clone(), until) {
                self.order_factory(&run.factory.clone(), &factory::Command::Limited { engine, until });
            }
            self.runs.insert((job.id, run.epoch), run);
        }
        self.take_in(job);
    }

    /// The board and the graph follow a job; those that wait for it are told.
    fn take_in(&mut self, job: Arc<Job>) {
        let standing = Standing::of(&job);
        self.board.observe(&standing, self.now);
        self.jobs.insert(job.id, job.clone());
        let mut told = Vec::new();
        match &standing.awaits {
            Some(awaits) => {
                self.graph.watch(job.id, awaits, true);
                for dep in &awaits.jobs {
                    self.graph.read(*dep, self.jobs[dep].stage);
                }
                told.push((job.id, self.graph.verdict(job.id)));
            }
            None => self.graph.forget(job.id, false),
        }
        told.extend(self.graph.reached(job.id, job.stage));
        for (id, count) in self.graph.take_changed() {
            self.board.set_dependents(id, count, self.now);
        }
        for (id, verdict) in told {
            let order = match verdict {
                Verdict::Met => Order::DependenciesMet,
                Verdict::Failed => Order::DependencyFailed,
                Verdict::Open => continue,
            };
            self.order(id, order, &By::Coordinator).unwrap();
        }
    }

    fn order_factory(&mut self, id: &FactoryId, order: &factory::Command) {
        let step = factory::transition(self.factories.get(id), &product_id(), order, self.now);
        let Some(next) = step.next else { return };
        self.log.extend(step.facts.iter().map(|fact| (id.to_string(), fact.kind())));
        self.board.observe_factory(Arc::new(next.clone()), self.now);
        self.factories.insert(id.clone(), next);
    }

    pub(super) fn hear(&mut self, id: &FactoryId) {
        self.order_factory(id, &factory::Command::Heard);
    }

    fn submit(&mut self, no: JobNo, key: Option<u8>, wish: &Wish) -> Result<Submitted, NotDone> {
        let spec = border::spec(wish, key);
        let awaits = Awaits { jobs: spec.depends_on.clone(), mode: spec.deps_mode, on_failure: spec.on_dep_failure };
        let unknown: Vec<JobId> = awaits.jobs.iter().filter(|id| !self.jobs.contains_key(id)).copied().collect();
        if !unknown.is_empty() {
            return Err(NotDone::UnknownDependency { ids: unknown });
        }
        if let Some((had, hash)) = spec.idempotency_key.as_ref().and_then(|key| self.keys.get(key)) {
            let same = *hash == spec.content_hash;
            return if same {
                self.job(*had).map(Submitted::Duplicate)
            } else {
                Err(NotDone::KeyMismatch { job: *had })
            };
        }
        let stages: Vec<Stage> = awaits.jobs.iter().map(|id| self.jobs[id].stage).collect();
        let met = awaits.jobs.is_empty() || settled(&awaits, &stages) == Verdict::Met;
        let id = border::job(no);
        self.keys.extend(spec.idempotency_key.clone().map(|key| (key, (id, spec.content_hash.clone()))));
        let submitted = job::submit(id, product_id(), spec, met, self.now);
        submitted.facts.iter().for_each(|fact| self.tell(id, fact.kind()));
        let job = Arc::new(submitted.job);
        self.take_in(job.clone());
        Ok(Submitted::Created(job))
    }

    fn beat(&mut self, beat: BeatOrder) -> Beaten {
        let BeatOrder { factory: id, card: patch, leases, heard, load_permille } = beat;
        let listed = leases.as_ref().map(|leases| self.leases.beat(&id, leases, heard)).unwrap_or_default();
        if !listed.renewed.is_empty() {
            self.hear(&id);
        }
        for (job, epoch) in listed.reclaim {
            self.order(job, Order::Reclaim(epoch), &By::Coordinator).unwrap();
        }
        let every = if leases.is_some() { 30 } else { 300 };
        let card = factory::Card { heartbeat_sec: every, ..crate::support::factory::card(id.as_str()) };
        let blank = factory::Card { engines: Vec::new(), capabilities: Vec::new(), ..card };
        let mut card = self.factories.get(&id).map_or(blank, Factory::card);
        card.engines = patch.engines.unwrap_or(card.engines);
        card.capabilities = patch.capabilities.unwrap_or(card.capabilities);
        card.engine_classes = patch.engine_classes.unwrap_or(card.engine_classes);
        card.health = patch.health.unwrap_or(card.health);
        card.seat_limit = patch.seat_limit.unwrap_or(card.seat_limit);
        card.heartbeat_sec = patch.heartbeat_sec.unwrap_or(card.heartbeat_sec);
        card.repos = patch.repos.unwrap_or(card.repos);
        let before = self.factories.get(&id).map_or(0, |factory| factory.load_permille);
        let load_permille = load_permille.unwrap_or(before);
        self.order_factory(&id, &factory::Command::Beat(Box::new(factory::Beat { card, load_permille })));
        self.board.soften_factory(&id, load_permille, self.now);
        let known = |(job, epoch): &(JobId, Epoch), gave_back: bool| {
            self.ended.iter().any(|(at, of, by, how)| (at, of, by, *how) == (job, epoch, &id, gave_back))
        };
        let lost: Vec<_> = listed.lost.into_iter().filter(|lost| !known(lost, true)).collect();
        Beaten {
            cancelled: lost.iter().filter(|lost| known(lost, false)).copied().collect(),
            draining: self.factories[&id].draining,
            factory: self.viewed(&id),
            renewed: listed.renewed,
            lost,
            unlisted: listed.unlisted,
            giving_way: Vec::new(),
            claimable: self.board.claimable(&id, self.now),
        }
    }

    fn viewed(&self, id: &FactoryId) -> FactoryView {
        FactoryView { factory: Arc::new(self.factories[id].clone()), seats_used: self.board.seats_used(id) }
    }

    fn drain(&mut self, id: &FactoryId, order: &factory::Command) -> Result<FactoryView, NotDone> {
        if !self.factories.contains_key(id) {
            return Err(NotDone::UnknownFactory);
        }
        self.order_factory(id, order);
        Ok(self.viewed(id))
    }

    fn set(&mut self, order: product::Command) -> String {
        let ends_leases = order == product::Command::Estop;
        let step = product::transition(&self.settings, order);
        self.log.extend(step.facts.iter().map(|fact| ("product".to_owned(), fact.kind())));
        self.settings = step.next;
        self.board.set_rules(rules(&self.settings), self.now);
        let held: Vec<JobId> = self.leases.iter().map(|(id, _)| id).collect();
        for id in held.into_iter().filter(|_| ends_leases) {
            self.order(id, Order::Evict, &border::operator()).unwrap();
        }
        answers::settings(&self.settings)
    }

    fn renew(&mut self, no: JobNo, fence: Fence, ttl_sec: Option<u32>) -> Result<product::Renewal, NotDone> {
        let (id, fence) = (border::job(no), border::fence(fence));
        if let Some(renewal) = self.leases.renew(id, &fence, ttl_sec, self.now) {
            let holder = self.leases.get(id).map(|held| held.holder.clone());
            self.hear(&holder.unwrap());
            return Ok(renewal);
        }
        Err(self.renew_refused(id, &fence))
    }

    fn report(&mut self, said: &Report) -> Outcome {
        let order = border::report(said);
        let (id, mut report) = (border::job(said.job), order.report);
        let job = self.job(id)?;
        report.prior = match order.report_id.as_ref().map(|no| self.reports.get(&(id, no.clone()))) {
            Some(Some(content)) if *content == order.content_hash => Prior::Same,
            Some(Some(_)) => Prior::Other,
            Some(None) => Prior::Unknown,
            None if job.lease.as_ref().is_some_and(|lease| lease.epoch == report.fence.epoch) => Prior::None,
            None => self.ended_run(id, &report.fence).map_or(Prior::None, |run| Prior::Reached(run.reached)),
        };
        let first = order.report_id.filter(|_| report.prior != Prior::Same);
        self.taken(id, report, first.map(|no| (no, order.content_hash)), order.by)
    }

    /// The next instant at which something is due.
    fn next_due(&self) -> Option<Timestamp> {
        let silent = self.factories.values().filter_map(Factory::deadline);
        silent.chain(self.leases.next_due()).min()
    }
}

impl Backend for Pure {
    fn obey(&mut self, command: &Command) -> String {
        self.board.wake(self.now);
        let answer = match command {
            Command::Submit { job, key, wish } => answers::submitted(self.submit(*job, *key, wish)),
            Command::Beat(beat) => answers::beaten(Ok(self.beat(border::beat(beat, self.now)))),
            Command::Claim(claim) => answers::granted(self.claim(claim)),
            Command::Report(report) => answers::done(self.report(report)),
            Command::Release { job, fence, result, resets_at } => {
                let (fence, result) = (border::fence(*fence), border::outcome(*result));
                let release = command::Release { fence, result, resets_at: resets_at.map(Timestamp) };
                answers::done(self.release(border::job(*job), release))
            }
            Command::Renew { job, fence, ttl_sec } => answers::renewed(self.renew(*job, *fence, *ttl_sec)),
            Command::Operate { job, order, if_rev } => answers::done(self.job(border::job(*job)).and_then(|job| {
                if if_rev.is_some_and(|rev| rev != job.rev) {
                    return Err(NotDone::Precondition { rev: job.rev });
                }
                self.order(job.id, border::command(order, Some(&job.spec)), &border::operator())
            })),
            Command::Drain { factory } => {
                let order = factory::Command::Drain { reason: None };
                answers::viewed(self.drain(&border::factory(*factory), &order))
            }
            Command::Undrain { factory } => {
                answers::viewed(self.drain(&border::factory(*factory), &factory::Command::Resume))
            }
            Command::Gate(gate) => self.set(border::gate(*gate)),
            Command::Set(chosen) => self.set(border::choices(*chosen)),
            Command::Weigh(said) => self.set(product::Command::SetWeights(border::weights(said))),
            Command::Pass(_) => String::new(),
        };
        self.pass_to(self.now.0);
        answer
    }

    fn pass_to(&mut self, until: i64) {
        while let Some(due) = self.next_due().filter(|due| due.0 <= until) {
            self.now = self.now.max(due);
            for (id, held) in self.leases.take_due(self.now) {
                let over = held.expires_at <= self.now;
                let order = if over { Order::Expire(held.epoch) } else { Order::Limit(held.epoch) };
                self.order(id, order, &By::Coordinator).unwrap();
            }
            let ids: Vec<FactoryId> = self.factories.keys().cloned().collect();
            ids.iter().for_each(|id| self.order_factory(id, &factory::Command::Check));
        }
        self.now = Timestamp(until);
    }

    fn preview(&mut self, claim: &Claim) -> String {
        self.board.wake(self.now);
        let preview = self.board.preview(&border::ask(claim).claim, self.now);
        answers::previewed(preview.map_err(NotDone::Factory))
    }

    fn not_before(&mut self, job: JobNo) -> Option<i64> {
        self.jobs.get(&border::job(job))?.not_before.map(|at| at.0)
    }

    fn records(&mut self) -> BTreeMap<String, String> {
        self.lines()
    }
}

impl Pure {
    /// The ended run that a fence is about, if it was this factory's.
    pub(super) fn ended_run(&self, id: JobId, fence: &command::Fence) -> Option<Run> {
        let run = self.runs.get(&(id, fence.epoch)).cloned();
        run.filter(|run| fence.factory.as_ref().is_none_or(|factory| *factory == run.factory))
    }

    /// The job said that a lease is gone.
    pub(super) fn is_stale(why: &NotDone) -> bool {
        matches!(why, NotDone::Refused(Refusal::StaleLease { .. }))
    }
}
