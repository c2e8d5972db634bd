//! Factories: heartbeats, claims, presence, drain.

use super::super::command::{Beat, Claim, FactoryNo, JobNo, Outcome, Stage, Word};
use super::{Factory, Job, Model, Presence, Run, Status};
use crate::model::render;

impl Model {
    pub(super) fn beat(&mut self, beat: &Beat) -> String {
        let (now, no) = (self.now, beat.factory);
        let (mut renewed, mut lost, mut unlisted, mut cancelled, mut taken) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (at, epoch) in beat.leases.iter().flatten().copied() {
            let mine = |run: &&mut Run| run.epoch == epoch && run.factory == no;
            let run = self.jobs.get_mut(&at).and_then(|job| job.runs.iter_mut().find(mine));
            match run {
                Some(run) if run.status == Status::Held => {
                    run.renew(now, None);
                    renewed.push((at, epoch, run.until));
                }
                Some(run) if run.status == Status::Released => {}
                run => {
                    lost.push((at, epoch));
                    cancelled.extend(run.filter(|run| run.cancelled).map(|_| (at, epoch)));
                }
            }
        }
        for (at, job) in self.jobs.iter_mut().filter(|_| beat.leases.is_some()) {
            let listed = beat.leases.iter().flatten().any(|(listed, _)| listed == at);
            let Some(run) = job.held().filter(|run| run.factory == no && !listed) else { continue };
            run.unlisted += 1;
            unlisted.push((*at, run.epoch));
            if run.unlisted >= 2 {
                job.give_back(now, Outcome::Released, Status::Evicted);
                taken.push(*at);
            }
        }
        taken.iter().for_each(|at| self.ended(*at));
        if !renewed.is_empty() {
            self.hear(Some(no));
        }
        self.card(beat);
        self.settle();
        let leases = format!("renewed {renewed:?} lost {lost:?} unlisted {unlisted:?} cancelled {cancelled:?}");
        // Seats and claimable jobs are soft: whether they show a lease that is taken back just now is nobody's promise.
        let soft = if taken.is_empty() { render::soft(self.seats_used(no), self.claimable(no)) } else { "~".into() };
        format!("{} {leases} {soft}", render::factory(&self.factories[&no]))
    }

    /// What a heartbeat says of the factory; the first one registers it.
    fn card(&mut self, beat: &Beat) {
        let now = self.now;
        let every_sec = if beat.leases.is_some() { 30 } else { 300 };
        let new = Factory { seats: 1, every_sec, ..Factory::default() };
        let known = self.factories.contains_key(&beat.factory);
        let factory = self.factories.entry(beat.factory).or_insert(new);
        let before = factory.clone();
        factory.seats = beat.seats.unwrap_or(factory.seats);
        factory.every_sec = beat.every_sec.unwrap_or(factory.every_sec);
        factory.failing = beat.failing.unwrap_or(factory.failing);
        factory.engines = beat.engines.clone().unwrap_or(before.engines.clone());
        factory.capabilities = beat.capabilities.clone().unwrap_or(before.capabilities.clone());
        factory.classes = beat.classes.clone().unwrap_or(before.classes.clone());
        let card = |of: &Factory| {
            (of.seats, of.every_sec, of.failing, of.engines.clone(), of.capabilities.clone(), of.classes.clone())
        };
        let mut events = Vec::new();
        if factory.presence != Presence::Online {
            events.push("factory.online");
        }
        if known && card(factory) != card(&before) {
            events.push("factory.changed");
        }
        if !known {
            events.push("factory.registered");
        }
        (factory.heard, factory.presence) = (now, Presence::Online);
        factory.rev += u64::from(!events.is_empty());
        factory.events.extend(events);
    }

    pub(super) fn claim(&mut self, claim: &Claim) -> String {
        let no = claim.factory;
        self.hear(Some(no));
        if let Some((at, epoch)) = claim.id.and_then(|id| self.grants.get(&(no, id))) {
            return format!("ok [{}]", render::grant(*at, &self.jobs[at], *epoch, true));
        }
        let Some(factory) = self.factories.get(&no) else { return "unknown factory".into() };
        if factory.draining {
            return "draining".into();
        }
        if factory.failing {
            return "failing".into();
        }
        if self.seats_used(no) >= factory.seats {
            return format!("no seat of {}", factory.seats);
        }
        let (now, mut grants) = (self.now, Vec::new());
        while (grants.len() as u32) < claim.max && self.seats_used(no) < self.factories[&no].seats {
            let factory = &self.factories[&no];
            let capabilities = claim.capabilities.as_ref().unwrap_or(&factory.capabilities);
            let classes = claim.classes.as_ref().unwrap_or(&factory.classes);
            let fitting = self
                .jobs
                .iter()
                .filter(|(_, job)| !self.paused && self.is_ready(job) && factory.could_run(job, capabilities, classes));
            // The most urgent first, then the one that waits longest, then by id.
            let best = fitting.min_by_key(|(at, job)| (std::cmp::Reverse(job.wish.priority), job.queued, **at));
            let Some((at, engine)) = best.map(|(at, job)| (*at, factory.engine(job))) else { break };
            let job = self.jobs.get_mut(&at).unwrap();
            job.epoch += 1;
            let (until, reached) = (now + i64::from(claim.ttl_sec) * 1_000, Stage::Assigned);
            let (factory, epoch, started, ttl_sec) = (no, job.epoch, now, claim.ttl_sec);
            job.runs.push(Run { factory, epoch, engine, started, until, ttl_sec, reached, ..Run::default() });
            job.not_before = None;
            job.go(Stage::Assigned);
            job.save(&["job.leased"]);
            grants.push(render::grant(at, job, job.epoch, false));
            self.grants.extend(claim.id.map(|id| ((no, id), (at, job.epoch))));
        }
        render::grants(grants)
    }

    pub(super) fn drain(&mut self, no: FactoryNo, draining: bool) -> String {
        let seats = self.seats_used(no);
        let Some(factory) = self.factories.get_mut(&no) else { return "unknown factory".into() };
        if factory.draining != draining {
            factory.draining = draining;
            factory.rev += 1;
            factory.events.push(if draining { "factory.draining" } else { "factory.resumed" });
            factory.failures = if draining { factory.failures } else { 0 };
        }
        format!("{} {seats}", render::factory(factory))
    }

    /// A factory was heard; one that was thought silent is online again.
    pub(super) fn hear(&mut self, no: Option<FactoryNo>) {
        let Some(factory) = no.and_then(|no| self.factories.get_mut(&no)) else { return };
        factory.heard = self.now;
        if factory.presence != Presence::Online {
            factory.presence = Presence::Online;
            factory.rev += 1;
            factory.events.push("factory.online");
        }
    }

    /// The last run of a job has ended: five quick failures in a row drain its factory.
    pub(super) fn ended(&mut self, no: JobNo) {
        let Some(run) = self.jobs[&no].runs.last() else { return };
        let quick = self.now - run.started < 60_000;
        let Some(factory) = self.factories.get_mut(&run.factory) else { return };
        match run.result {
            Some(Outcome::Failed) if quick => factory.failures += 1,
            Some(Outcome::Succeeded | Outcome::NoChanges) => factory.failures = 0,
            _ => return,
        }
        if factory.failures >= 5 && !factory.draining {
            factory.draining = true;
            factory.rev += 1;
            factory.events.push("factory.draining");
        }
    }

    pub(crate) fn seats_used(&self, no: FactoryNo) -> u32 {
        let held = |job: &&Job| job.runs.last().is_some_and(|run| run.status == Status::Held && run.factory == no);
        self.jobs.values().filter(held).count() as u32
    }

    /// How many ready jobs the factory could run.
    fn claimable(&self, no: FactoryNo) -> usize {
        let factory = &self.factories[&no];
        let fits = |job: &&Job| self.is_ready(job) && factory.could_run(job, &factory.capabilities, &factory.classes);
        if self.paused { 0 } else { self.jobs.values().filter(fits).count() }
    }

    /// It is queued, its pause is over, and its concurrency key is free.
    fn is_ready(&self, job: &Job) -> bool {
        let key = |other: &&Job| other.is_held() && other.wish.key == job.wish.key;
        job.stage == Stage::Queued
            && job.not_before.is_none_or(|until| until <= self.now)
            && (job.wish.key.is_none() || (self.jobs.values().filter(key).count() as u32) < job.wish.key_limit)
    }
}

impl Factory {
    fn available(&self) -> Vec<Word> {
        self.engines.iter().filter(|(_, available)| *available).map(|(name, _)| *name).collect()
    }

    fn could_run(&self, job: &Job, capabilities: &[Word], classes: &[Word]) -> bool {
        let (wish, engines) = (&job.wish, self.available());
        wish.capabilities.iter().all(|wanted| capabilities.contains(wanted))
            && wish.class.is_none_or(|class| classes.contains(&class))
            && (wish.engines.is_empty() || wish.engines.iter().any(|name| engines.contains(name)))
    }

    /// The job's first acceptable engine, or the factory's first one.
    fn engine(&self, job: &Job) -> Option<Word> {
        let engines = self.available();
        let wanted = job.wish.engines.iter().find(|name| engines.contains(name));
        if job.wish.engines.is_empty() { engines.first().copied() } else { wanted.copied() }
    }

    /// When it will have been silent for too long.
    pub(super) fn missed(&self) -> Option<i64> {
        let intervals = match self.presence {
            Presence::Online => 3,
            Presence::Stale => 6,
            Presence::Offline => return None,
        };
        Some(self.heard + intervals * i64::from(self.every_sec) * 1_000)
    }

    pub(super) fn miss(&mut self, now: i64) {
        if self.missed().is_some_and(|missed| missed <= now) {
            let stale = self.presence == Presence::Online;
            self.presence = if stale { Presence::Stale } else { Presence::Offline };
            self.rev += 1;
            self.events.push(if stale { "factory.stale" } else { "factory.offline" });
        }
    }
}

impl Run {
    /// Counted from now; only a shorter TTL that is asked for shortens a lease.
    pub(super) fn renew(&mut self, now: i64, ttl_sec: Option<u32>) {
        let asked = ttl_sec.unwrap_or(self.ttl_sec);
        let until = now + i64::from(asked) * 1_000;
        self.until = if asked < self.ttl_sec { until } else { until.max(self.until) };
        self.ttl_sec = asked;
        self.renewals += 1;
        self.unlisted = 0;
    }
}
