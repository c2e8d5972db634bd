//! Factories: heartbeats, claims, presence, drain.

use super::super::command::{Beat, Card, Claim, FactoryNo, Outcome, Stage, Status};
use super::{Factory, Job, Model, Pick, Run};
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
        factory.load = beat.load.unwrap_or(factory.load);
        factory.log.save(events.into_iter().filter(|(so, _)| *so).map(|(_, event)| event));
    }

    pub(super) fn claim(&mut self, claim: &Claim) -> String {
        let (now, no) = (self.now, claim.factory);
        self.hear(Some(no));
        if let Some((at, epoch)) = claim.id.and_then(|id| self.grants.get(&(no, id))) {
            return render::grants(vec![render::grant(&self.jobs[at], *epoch, true)]);
        }
        let mut grants = Vec::new();
        while grants.len() < claim.max as usize {
            let look = match self.look(claim, &self.weights(claim)) {
                Ok(look) => look,
                Err(why) if grants.is_empty() => return why,
                Err(_) => break,
            };
            let Some(Pick { job: at, engine, .. }) = look.pick else { break };
            let job = self.jobs.get_mut(&at).unwrap();
            (job.epoch, job.not_before) = (job.epoch + 1, None);
            let (epoch, ttl_sec, reached) = (job.epoch, claim.ttl_sec, Stage::Assigned);
            let (until, decision) = (now + i64::from(ttl_sec) * 1_000, render::decision(&look));
            let run = Run { factory: no, epoch, engine, started: now, until, ttl_sec, reached, ..Run::default() };
            job.runs.push(Run { decision, ..run });
            job.go(now, Stage::Assigned);
            job.log.save(["job.leased"]);
            grants.push(render::grant(job, epoch, false));
            self.grants.extend(claim.id.map(|id| ((no, id), (at, epoch))));
        }
        render::grants(grants)
    }

    /// The engine of a run is at its limit until then; earlier limits and those that are over say nothing new.
    pub(super) fn limit(&mut self, run: &Run, until: i64) {
        let Some(factory) = self.factories.get_mut(&run.factory).filter(|_| until > self.now) else { return };
        let engine = factory.card.engines.iter_mut().find(|engine| Some(engine.name) == run.engine);
        if let Some(engine) = engine.filter(|engine| engine.available || engine.resets_at < Some(until)) {
            (engine.available, engine.resets_at) = (false, Some(until));
            factory.log.save(["factory.changed"]);
        }
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
