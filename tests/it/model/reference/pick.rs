//! Which job a claim gets: every ready job is looked at, filtered and scored.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::super::command::{Blocked, Card, Claim, Engine, FactoryNo, JobNo, Outcome, Stage, Wish, Word};
use super::super::records::Look;
use super::score::{self, Weights};
use super::{Factory, Job, Model, Pick};

impl Model {
    /// What terms weigh for a claim: as usual, over that the product's word, over that the claim's.
    pub(crate) fn weights(&self, claim: &Claim) -> Weights {
        score::over(score::over(score::USUAL, &self.heavy), &claim.weights)
    }

    /// What a claim would get under these weights, or why its factory gets nothing at all.
    pub(crate) fn look(&self, claim: &Claim, weights: &Weights) -> Result<Look, String> {
        let no = claim.factory;
        let factory = match self.factories.get(&no) {
            None => return Err("unknown factory".into()),
            Some(factory) if factory.draining => return Err("draining".into()),
            Some(factory) if factory.card.failing => return Err("failing".into()),
            Some(factory) if self.seats_used(no) >= factory.card.seats => {
                return Err(format!("no seat of {}", factory.card.seats));
            }
            Some(factory) => factory,
        };
        let card = claim.card(&factory.card);
        let (mut look, mut best) = (Look::default(), None);
        for job in self.ready() {
            look.considered += 1;
            if let Some(reason) = self.rejects(no, &card, job) {
                *look.filtered.entry(reason).or_default() += 1;
                continue;
            }
            let terms = self.terms(no, factory, &card, job);
            // The highest score; among equals the one that waits longest, then by id.
            let order = (Reverse(score::sum(&terms, weights)), job.since, job.no);
            if best.is_none_or(|before| order < before) {
                best = Some(order);
                look.pick = Some(Pick { job: job.no, engine: self.engine(&card, &job.wish), terms, weights: *weights });
            }
        }
        Ok(look)
    }

    /// How many ready jobs a factory could run.
    pub(crate) fn claimable(&self, no: FactoryNo) -> usize {
        let card = &self.factories[&no].card;
        self.ready().filter(|job| self.rejects(no, card, job).is_none()).count()
    }

    fn ready(&self) -> impl Iterator<Item = &Job> {
        let begun = |job: &&Job| job.not_before.is_none_or(|at| at <= self.now);
        self.jobs.values().filter(|job| job.stage == Stage::Queued).filter(begun)
    }

    /// The first filter that keeps a ready job from a factory.
    fn rejects(&self, no: FactoryNo, card: &Card, job: &Job) -> Option<Word> {
        let reviewing = self.jobs.values().filter(|job| job.stage == Stage::Review).count();
        let same_key = |other: &&Job| other.lease().is_some() && other.wish.key == job.wish.key;
        let running = self.jobs.values().filter(same_key).count();
        if self.paused {
            Some("product_paused")
        } else if self.chosen.review_limit.is_some_and(|limit| reviewing >= limit as usize) {
            Some("review_limit")
        } else if job.wish.key.is_some() && running >= job.wish.key_limit as usize {
            Some("concurrency_key")
        } else {
            self.lacks(card, &job.wish).or_else(|| self.excludes(no, job).then_some("excluded"))
        }
    }

    /// What a card lacks that the job asks for.
    fn lacks(&self, card: &Card, wish: &Wish) -> Option<Word> {
        let accepted = |engine: &&Engine| wish.engines.is_empty() || wish.engines.contains(&engine.name);
        let there = card.engines.iter().any(|engine| accepted(&engine));
        if there && !card.engines.iter().filter(accepted).any(|engine| self.is_usable(engine)) {
            Some("engine_unavailable")
        } else if !wish.capabilities.iter().all(|wanted| card.capabilities.contains(wanted)) {
            Some("capabilities")
        } else if !there && !wish.engines.is_empty() {
            Some("engine")
        } else if wish.class.is_some_and(|class| !card.classes.contains(&class)) {
            Some("engine_class")
        } else {
            None
        }
    }

    /// Neither its own card nor anybody with the same account says that the engine is at its limit.
    fn is_usable(&self, engine: &Engine) -> bool {
        let later = |at: i64| at > self.now;
        let shares =
            |other: &&Engine| engine.account.is_some() && (other.name, other.account) == (engine.name, engine.account);
        let own = !engine.available && engine.resets_at.is_none_or(later);
        let mut all = self.factories.values().flat_map(|factory| &factory.card.engines).filter(shares);
        !own && !all.any(|other| !other.available && other.resets_at.is_some_and(later))
    }

    /// The job's first acceptable engine that can be used, or the factory's first one where it takes any.
    fn engine(&self, card: &Card, wish: &Wish) -> Option<Word> {
        let usable: Vec<Word> =
            card.engines.iter().filter(|engine| self.is_usable(engine)).map(|engine| engine.name).collect();
        let wanted = wish.engines.iter().find(|name| usable.contains(name));
        if wish.engines.is_empty() { usable.first().copied() } else { wanted.copied() }
    }

    /// It failed twice there, and another known factory, where it has not, could take it right now.
    fn excludes(&self, no: FactoryNo, job: &Job) -> bool {
        let failed = job.ended_as(&[Outcome::Failed, Outcome::TimedOut]);
        let twice = |no: &FactoryNo| failed.get(no).is_some_and(|times| *times >= 2);
        let could = |(other, of): (&FactoryNo, &Factory)| {
            let well = of.silent == 0 && !of.draining && !of.card.failing;
            let fits = well && self.seats_used(*other) < of.card.seats && self.lacks(&of.card, &job.wish).is_none();
            fits && !twice(other)
        };
        twice(&no) && self.factories.iter().any(could)
    }

    fn terms(&self, no: FactoryNo, factory: &Factory, card: &Card, job: &Job) -> [u64; 9] {
        let wish = &job.wish;
        let saved_here = job.checkpoint.is_some() && job.saved_by == Some(no);
        [
            score::priority(wish.priority),
            score::age(self.now - job.since),
            score::capability_fit(wish.capabilities.len(), card.capabilities.len()),
            score::affinity(saved_here, wish.repo.is_some_and(|repo| card.repos.contains(&repo))),
            score::due(wish.due_at.map(|at| at - self.now)),
            score::critical_path(self.waiting_for(job.no)),
            score::retry(job.attempt, wish.attempts),
            score::load(factory.load),
            score::cost(wish.usd, job.spent_usd, self.chosen.estimate),
        ]
    }

    /// How many jobs wait for this one: themselves, or for one that does.
    fn waiting_for(&self, no: JobNo) -> usize {
        let mut found = BTreeSet::from([no]);
        loop {
            let waits = |job: &&Job| matches!(job.blocked, Some(Blocked::Dependencies | Blocked::DependencyFailed));
            let behind = |job: &&Job| job.wish.deps.iter().any(|dep| found.contains(dep));
            let more: Vec<JobNo> = self.jobs.values().filter(waits).filter(behind).map(|job| job.no).collect();
            let before = found.len();
            found.extend(more);
            if found.len() == before {
                return before - 1;
            }
        }
    }
}
