//! The naive board: every job in one list, every question answered by looking at all of them.

use std::sync::Arc;

use domain::dispatch::{Claim, Rules, Score, Standing, Term, Weights, score};
use domain::factory::{Engine, EngineState, Factory, Health, Presence, Refusal, admit};
use domain::{FactoryId, JobId, Timestamp};

/// Where a job is, as the rival remembers it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Spot {
    /// It can be picked.
    Ready,
    /// It cannot be picked yet.
    Delayed,
    /// It is on offer to that factory.
    Offered(FactoryId),
    /// That factory runs it.
    Running(FactoryId),
}

/// A job, where it is, and how many wait for it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) job: Standing,
    pub(crate) spot: Spot,
    pub(crate) dependents: u8,
}

/// Jobs, factories and the gate.
#[derive(Default)]
pub(crate) struct Rival {
    pub(crate) jobs: Vec<Known>,
    pub(crate) factories: Vec<Arc<Factory>>,
    pub(crate) loads: Vec<(FactoryId, u16)>,
    pub(crate) rules: Rules,
    pub(crate) reviewing: Vec<JobId>,
}

impl Rival {
    /// How many seats of a factory are taken.
    pub(crate) fn used(&self, id: &FactoryId) -> u32 {
        let takes = |spot: &Spot| matches!(spot, Spot::Offered(by) | Spot::Running(by) if by == id);
        u32::try_from(self.jobs.iter().filter(|known| takes(&known.spot)).count()).expect("given in a good form")
    }

    /// How many jobs of a key are on offer or running.
    fn key_used(&self, name: &str) -> usize {
        let of_key = |job: &Standing| job.key.as_ref().is_some_and(|key| key.name == name);
        let taken = |spot: &Spot| matches!(spot, Spot::Offered(_) | Spot::Running(_));
        self.jobs.iter().filter(|known| of_key(&known.job) && taken(&known.spot)).count()
    }

    /// The place of a job.
    pub(crate) fn known(&mut self, id: JobId) -> Option<&mut Known> {
        self.jobs.iter_mut().find(|known| known.job.job == id)
    }

    /// No job is handed out to anybody.
    pub(crate) fn is_shut(&self) -> bool {
        self.rules.paused || self.rules.review_limit.is_some_and(|limit| self.reviewing.len() >= limit as usize)
    }

    /// The card of a factory that may claim.
    pub(crate) fn admit(&self, id: &FactoryId) -> Result<&Factory, Refusal> {
        let card = self.factories.iter().find(|card| card.id == *id).ok_or(Refusal::Unknown)?;
        admit(card, self.used(id))?;
        Ok(card)
    }

    /// When all who know it say that the account of an engine is at its limit, the latest counts.
    fn is_usable(&self, engine: &Engine, now: Timestamp) -> bool {
        let limits = |known: &&Engine| {
            known.name == engine.name
                && known.account.is_some()
                && known.account == engine.account
                && known.state == EngineState::Unavailable
                && known.resets_at.is_some_and(|until| until > now)
        };
        let own = engine.state == EngineState::Unavailable && engine.resets_at.is_none_or(|until| until > now);
        !own && self.factories.iter().flat_map(|card| &card.engines).find(limits).is_none()
    }

    fn has_what_it_takes(&self, card: &Factory, claim: &Claim, job: &Standing, now: Timestamp) -> bool {
        let words = claim.capabilities.as_ref().unwrap_or(&card.capabilities);
        let takes = |name: &String| job.needs.engines.is_empty() || job.needs.engines.contains(name);
        let mut acceptable = card.engines.iter().filter(|engine| takes(&engine.name)).peekable();
        let none_needed = job.needs.engines.is_empty() && acceptable.peek().is_none();
        job.needs.capabilities.iter().all(|wanted| words.contains(wanted))
            && (none_needed || acceptable.any(|engine| self.is_usable(engine, now)))
    }

    /// It failed twice there, and another known factory could take it now.
    fn excludes(&self, card: &Factory, job: &Standing, now: Timestamp) -> bool {
        let failed_on = &job.merit.failed_on;
        let well =
            |other: &Factory| other.presence == Presence::Online && !other.draining && other.health != Health::Failing;
        failed_on.contains(&card.id)
            && self.factories.iter().any(|other| {
                !failed_on.contains(&other.id)
                    && well(other)
                    && self.used(&other.id) < other.seat_limit
                    && self.has_what_it_takes(other, &Claim::plain(other.id.clone()), job, now)
            })
    }

    /// The job can be picked for the claim of a factory that may claim.
    pub(crate) fn fits(&self, card: &Factory, claim: &Claim, job: &Standing, now: Timestamp) -> bool {
        let key_is_free = job.key.as_ref().is_none_or(|key| self.key_used(&key.name) < key.limit as usize);
        key_is_free && self.has_what_it_takes(card, claim, job, now) && !self.excludes(card, job, now)
    }

    /// Σ weight · term.
    fn score(&self, card: &Factory, claim: &Claim, known: &Known, weights: &Weights, now: Timestamp) -> Score {
        let Known { job, dependents, .. } = known;
        let had = claim.capabilities.as_ref().unwrap_or(&card.capabilities).len();
        let warm = job.merit.repo.as_ref().is_some_and(|repo| card.repos.contains(repo));
        let load = self.loads.iter().find(|(id, _)| *id == card.id).map_or(0, |(_, load)| *load);
        let terms = [
            (Term::Priority, score::priority(job.merit.priority)),
            (Term::Age, score::age(job.queued_at, now)),
            (Term::CapabilityFit, score::capability_fit(job.needs.capabilities.len(), had)),
            (Term::Affinity, score::affinity(job.merit.saved_by.as_ref() == Some(&card.id), warm)),
            (Term::Due, score::due(job.due_at, now)),
            (Term::CriticalPath, score::critical_path(*dependents)),
            (Term::Retry, score::retry(job.merit.attempt, job.merit.max_attempts)),
            (Term::Load, score::load(load)),
            (Term::Cost, score::cost(job.merit.estimate.unwrap_or(self.rules.estimate))),
        ];
        terms.into_iter().fold(Score(0), |sum, (term, value)| sum.plus(Score::of(weights, term, value)))
    }

    /// The best job for the claim, with its score.
    pub(crate) fn best(&self, claim: &Claim, now: Timestamp) -> Result<Option<(JobId, Score)>, Refusal> {
        Ok(self.in_order(claim, now)?.first().map(|(score, known)| (known.job.job, *score)))
    }

    /// The best three of the others. Of jobs that share a key and are otherwise alike only those count before which none is
    /// both queued and due.
    pub(crate) fn runners_up(&self, claim: &Claim, now: Timestamp) -> Result<Vec<(JobId, Score)>, Refusal> {
        let order = self.in_order(claim, now)?;
        let alike = |one: &Known, other: &Known| {
            let (a, b) = (&one.job, &other.job);
            (&a.key, &a.needs, &a.merit, one.dependents) == (&b.key, &b.needs, &b.merit, other.dependents)
        };
        let due = |known: &Known| known.job.due_at.map_or(i64::MAX, |at| at.0);
        let rank = |known: &Known| (known.job.queued_at, known.job.job);
        let comes_first =
            |one: &Known, other: &Known| alike(one, other) && rank(one) < rank(other) && due(one) <= due(other);
        let is_first = |at: usize| {
            let one = order[at].1;
            one.job.key.is_none() || !order.iter().any(|(_, other)| comes_first(other, one))
        };
        let others = (1..order.len()).filter(|at| is_first(*at));
        let mut others: Vec<_> = others.map(|at| (order[at].1.job.job, order[at].0)).collect();
        others.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        others.truncate(3);
        Ok(others)
    }

    /// Every job that the claim could get, best first.
    fn in_order(&self, claim: &Claim, now: Timestamp) -> Result<Vec<(Score, &Known)>, Refusal> {
        let card = self.admit(&claim.factory)?;
        if self.is_shut() {
            return Ok(Vec::new());
        }
        let weights = self.rules.weights.with(&claim.weights);
        let ready = self.jobs.iter().filter(|known| known.spot == Spot::Ready);
        let fitting = ready.filter(|known| self.fits(card, claim, &known.job, now));
        let mut scored: Vec<_> = fitting.map(|known| (self.score(card, claim, known, &weights, now), known)).collect();
        scored.sort_by(|(a, one), (b, other)| {
            let rank = |known: &Known| (known.job.queued_at, known.job.job);
            b.cmp(a).then(rank(one).cmp(&rank(other)))
        });
        Ok(scored)
    }

    /// The score under the product's weights, for comparing who a job goes to.
    pub(crate) fn fit(&self, claim: &Claim, job: JobId, now: Timestamp) -> Option<Score> {
        let card = self.admit(&claim.factory).ok()?;
        let known = self.jobs.iter().find(|known| known.job.job == job)?;
        let fits = self.fits(card, claim, &known.job, now);
        fits.then(|| self.score(card, claim, known, &self.rules.weights, now))
    }

    /// A ready job that the claim could have got and that is worth more, whoever gets it, than the one that it got; by
    /// more than what differs between those who get it. Claims with weights of their own are not judged.
    pub(crate) fn passed_over(&self, claim: &Claim, got: JobId, now: Timestamp) -> Option<JobId> {
        let card = self.factories.iter().find(|card| card.id == claim.factory)?;
        let known = self.jobs.iter().find(|known| known.job.job == got)?;
        let weights = &self.rules.weights;
        let worth = |known: &Known| {
            let job = &known.job;
            let terms = [
                (Term::Priority, score::priority(job.merit.priority)),
                (Term::Age, score::age(job.queued_at, now)),
                (Term::Due, score::due(job.due_at, now)),
                (Term::CriticalPath, score::critical_path(known.dependents)),
                (Term::Retry, score::retry(job.merit.attempt, job.merit.max_attempts)),
                (Term::Cost, score::cost(job.merit.estimate.unwrap_or(self.rules.estimate))),
            ];
            terms.into_iter().fold(Score(0), |sum, (term, value)| sum.plus(Score::of(weights, term, value)))
        };
        let differs = [Term::CapabilityFit, Term::Affinity].map(|term| Score::of(weights, term, 1_000_000));
        let most = differs.into_iter().fold(worth(known), Score::plus);
        let ready = self.jobs.iter().filter(|other| other.spot == Spot::Ready && claim.weights.is_empty());
        let mut fitting = ready.filter(|other| self.fits(card, claim, &other.job, now));
        fitting.find(|other| worth(other) > most).map(|other| other.job.job)
    }
}
