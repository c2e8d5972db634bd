//! The naive board: every job in one list, every question answered by looking at all of them.

use std::sync::Arc;

use domain::dispatch::{Claim, Needs, Standing};
use domain::factory::{Factory, Refusal, admit};
use domain::{FactoryId, JobId};

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

/// Jobs, factories and the gate.
#[derive(Default)]
pub(crate) struct Rival {
    pub(crate) jobs: Vec<(Standing, Spot)>,
    pub(crate) factories: Vec<Arc<Factory>>,
    pub(crate) paused: bool,
}

impl Rival {
    /// How many seats of a factory are taken.
    pub(crate) fn used(&self, id: &FactoryId) -> u32 {
        let takes = |spot: &Spot| matches!(spot, Spot::Offered(by) | Spot::Running(by) if by == id);
        u32::try_from(self.jobs.iter().filter(|(_, spot)| takes(spot)).count()).expect("given in a good form")
    }

    /// How many jobs of a key are on offer or running.
    pub(crate) fn key_used(&self, key: &str) -> usize {
        let of_key = |job: &Standing| job.needs.key.as_deref() == Some(key);
        let taken = |spot: &Spot| matches!(spot, Spot::Offered(_) | Spot::Running(_));
        self.jobs.iter().filter(|(job, spot)| of_key(job) && taken(spot)).count()
    }

    /// The place of a job.
    pub(crate) fn spot(&mut self, id: JobId) -> Option<&mut (Standing, Spot)> {
        self.jobs.iter_mut().find(|(job, _)| job.job == id)
    }

    /// The card of a factory that may claim.
    pub(crate) fn admit(&self, id: &FactoryId) -> Result<&Factory, Refusal> {
        let card = self.factories.iter().find(|card| card.id == *id).ok_or(Refusal::Unknown)?;
        admit(card, self.used(id))?;
        Ok(card)
    }

    /// The job can be picked for the claim of a factory that may claim.
    pub(crate) fn fits(&self, card: &Factory, claim: &Claim, job: &Standing) -> bool {
        let words = claim.capabilities.as_ref().unwrap_or(&card.capabilities);
        let Needs { capabilities, key, limit, .. } = &*job.needs;
        let key_is_free = key.as_ref().is_none_or(|key| self.key_used(key) < *limit as usize);
        key_is_free && capabilities.iter().all(|wanted| words.contains(wanted))
    }

    /// The best job for the claim.
    pub(crate) fn best(&self, claim: &Claim) -> Result<Option<JobId>, Refusal> {
        let card = self.admit(&claim.factory)?;
        if self.paused {
            return Ok(None);
        }
        let ready = self.jobs.iter().filter(|(_, spot)| *spot == Spot::Ready).map(|(job, _)| job);
        let fitting = ready.filter(|job| self.fits(card, claim, job));
        let best = fitting
            .min_by(|a, b| b.priority.cmp(&a.priority).then(a.queued_at.cmp(&b.queued_at)).then(a.job.cmp(&b.job)));
        Ok(best.map(|job| job.job))
    }
}
