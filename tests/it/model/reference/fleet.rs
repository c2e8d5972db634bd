//! Factories: heartbeats, claims, presence, drain.

use std::cmp::Reverse;

use super::super::command::{Beat, Card, Claim, FactoryNo, JobNo, Outcome, Stage, Status, Wish, Word};
use super::{Factory, Job, Model, Run};
use crate::model::render;

impl Model {
    pub(super) fn beat(&mut self, beat: &Beat) -> String {
        let (now, no, listed) = (self.now, beat.factory, beat.leases.as_deref().unwrap_or_default());
        let mut said = Vec::new();
        for (at, epoch) in listed.iter().copied() {
            let mine = |run: &&mut Run| run.epoch == epoch && run.factory == no;
            let how = match self.jobs.get_mut(&at).and_then(|job| job.runs.iter_mut().find(mine)) {
                Some(run) if run.status == Status::Held => {
                    run.renew(now, None);
                    "renewed"
                }
                Some(run) if run.status == Status::Released => "given back",
                Some(run) if run.cancelled => "cancelled",
                _ => "lost",
            };
            said.push((how, at, epoch));
        }
        self.hear(Some(no).filter(|_| said.iter().any(|(how, ..)| *how == "renewed")));
        let unlisted = |job: &&mut Job| beat.leases.is_some() && listed.iter().all(|(at, _)| *at != job.no);
        for job in self.jobs.values_mut().filter(unlisted) {
            let Some(run) = job.lease_mut().filter(|run| run.factory == no) else { continue };
            run.unlisted += 1;
            let (taken, epoch) = (run.unlisted >= 2, run.epoch);
            if taken {
                job.lose(now, Status::Evicted, Outcome::Released);
            }
            said.push((if taken { "taken" } else { "unlisted" }, job.no, epoch));
        }
        self.take_card(beat);
        render::beaten(self, no, &said)
    }

    /// What a heartbeat says of the factory; the first one registers it.
    fn take_card(&mut self, beat: &Beat) {
        let known = self.factories.contains_key(&beat.factory);
        let first = Card { seats: 1, every_sec: if beat.leases.is_some() { 30 } else { 300 }, ..Card::default() };
        let factory = self.factories.entry(beat.factory).or_insert(Factory { card: first, ..Factory::default() });
        let card = beat.card(&factory.card);
        let events = [
            (!known, "factory.registered"),
            (factory.silent > 0, "factory.online"),
            (known && card != factory.card, "factory.changed"),
        ];
        (factory.card, factory.heard, factory.silent) = (card, self.now, 0);
        factory.log.save(events.into_iter().filter(|(so, _)| *so).map(|(_, event)| event));
    }

    pub(super) fn claim(&mut self, claim: &Claim) -> String {
        let (now, no) = (self.now, claim.factory);
        self.hear(Some(no));
        if let Some((at, epoch)) = claim.id.and_then(|id| self.grants.get(&(no, id))) {
            return render::grants(vec![render::grant(&self.jobs[at], *epoch, true)]);
        }
        let used = self.seats_used(no);
        let card = match self.factories.get(&no) {
            None => return "unknown factory".into(),
            Some(factory) if factory.draining => return "draining".into(),
            Some(factory) if factory.card.failing => return "failing".into(),
            Some(factory) if used >= factory.card.seats => return format!("no seat of {}", factory.card.seats),
            Some(factory) => claim.card(&factory.card),
        };
        let mut grants = Vec::new();
        for _ in 0..claim.max.min(card.seats - used) {
            // The most urgent first, then the one that waits longest, then by id.
            let order = |at: &JobNo| (Reverse(self.jobs[at].wish.priority), self.jobs[at].since, *at);
            let Some(at) = self.fitting(&card).into_iter().min_by_key(order) else { break };
            let job = self.jobs.get_mut(&at).unwrap();
            (job.epoch, job.not_before) = (job.epoch + 1, None);
            let (until, engine) = (now + i64::from(claim.ttl_sec) * 1_000, engine(&card, &job.wish));
            let (epoch, ttl_sec, reached) = (job.epoch, claim.ttl_sec, Stage::Assigned);
            job.runs.push(Run { factory: no, epoch, engine, started: now, until, ttl_sec, reached, ..Run::default() });
            job.go(now, Stage::Assigned);
            job.log.save(["job.leased"]);
            grants.push(render::grant(job, epoch, false));
            self.grants.extend(claim.id.map(|id| ((no, id), (at, epoch))));
        }
        render::grants(grants)
    }

    pub(super) fn drain(&mut self, no: FactoryNo, draining: bool) -> String {
        let seats = self.seats_used(no);
        let Some(factory) = self.factories.get_mut(&no) else { return "unknown factory".into() };
        factory.drain(draining);
        format!("{} {seats}", render::factory(factory))
    }

    /// A factory was heard; one that was thought silent is online again.
    pub(super) fn hear(&mut self, no: Option<FactoryNo>) {
        let Some(factory) = no.and_then(|no| self.factories.get_mut(&no)) else { return };
        factory.log.save((factory.silent > 0).then_some("factory.online"));
        (factory.heard, factory.silent) = (self.now, 0);
    }

    /// Five quick failures in a row drain a factory.
    pub(super) fn count_ends(&mut self) {
        for run in self.jobs.values_mut().filter_map(|job| job.runs.last_mut()) {
            let Some(factory) = self.factories.get_mut(&run.factory).filter(|_| !run.counted) else { continue };
            run.counted = run.status != Status::Held;
            factory.failures = match run.result.filter(|_| run.counted) {
                Some(Outcome::Failed) if self.now - run.started < 60_000 => factory.failures + 1,
                Some(Outcome::Succeeded | Outcome::NoChanges) => 0,
                _ => continue,
            };
            factory.drain(factory.draining || factory.failures >= 5);
        }
    }

    pub(crate) fn seats_used(&self, no: FactoryNo) -> u32 {
        self.jobs.values().filter_map(Job::lease).filter(|run| run.factory == no).count() as u32
    }

    /// The jobs that somebody with this card could be given now.
    pub(crate) fn fitting(&self, card: &Card) -> Vec<JobNo> {
        let key_is_free = |wish: &Wish| {
            let same = |other: &&Job| other.lease().is_some() && other.wish.key == wish.key;
            wish.key.is_none() || (self.jobs.values().filter(same).count() as u32) < wish.key_limit
        };
        let fits = |job: &&Job| {
            job.stage == Stage::Queued
                && job.not_before.is_none_or(|until| until <= self.now)
                && key_is_free(&job.wish)
                && job.wish.capabilities.iter().all(|wanted| card.capabilities.contains(wanted))
                && job.wish.class.is_none_or(|class| card.classes.contains(&class))
                && (job.wish.engines.is_empty() || engine(card, &job.wish).is_some())
        };
        self.jobs.values().filter(|_| !self.paused).filter(fits).map(|job| job.no).collect()
    }
}

/// The job's first acceptable engine that is available, or the factory's first one.
fn engine(card: &Card, wish: &Wish) -> Option<Word> {
    let mut available = card.engines.iter().filter(|(_, available)| *available).map(|(name, _)| *name);
    let wanted = wish.engines.iter().find(|name| card.engines.contains(&(name, true)));
    if wish.engines.is_empty() { available.next() } else { wanted.copied() }
}

impl Factory {
    fn drain(&mut self, draining: bool) {
        if self.draining != draining {
            self.draining = draining;
            self.failures = if draining { self.failures } else { 0 };
            self.log.save([if draining { "factory.draining" } else { "factory.resumed" }]);
        }
    }

    /// When it will have been silent for too long.
    pub(super) fn missed(&self) -> Option<i64> {
        let intervals = [3, 6].get(self.silent)?;
        Some(self.heard + intervals * i64::from(self.card.every_sec) * 1_000)
    }

    pub(super) fn miss(&mut self) {
        self.log.save([["factory.stale", "factory.offline"][self.silent]]);
        self.silent += 1;
    }
}
