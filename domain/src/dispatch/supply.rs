//! What a factory brings to a claim, and which of a job's needs it does not meet.

use std::collections::BTreeSet;

use super::needs::Needs;
use super::reason::Reason;
use super::weights::SomeWeights;
use crate::factory::{Engine, EngineState, Factory};
use crate::mutant::Mutant;
use crate::{FactoryId, Timestamp};

/// A factory's question for work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who asks.
    pub factory: FactoryId,
    /// Replaces the card's capabilities for this claim.
    pub capabilities: Option<Vec<String>>,
    /// Replaces the card's classes of engines for this claim.
    pub engine_classes: Option<Vec<String>>,
    /// Weights of some terms, over the product's.
    pub weights: SomeWeights,
}

impl Claim {
    /// A claim that adds nothing to the factory's card.
    pub fn plain(factory: FactoryId) -> Self {
        Self { factory, capabilities: None, engine_classes: None, weights: SomeWeights::new() }
    }
}

/// What a factory brings to a claim. Factories with equal supplies are interchangeable but for load and checkpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Supply {
    capabilities: BTreeSet<String>,
    engine_classes: BTreeSet<String>,
    /// Engines that can be used now, in the order of the card.
    engines: Vec<String>,
    /// Engines at their usage limit, and until when, as far as that is known.
    limited: Vec<(String, Option<Timestamp>)>,
    repos: BTreeSet<String>,
}

impl Supply {
    /// The factory's card with the claim's own words over it, at this instant.
    ///
    /// `limit` tells until when an engine's account is at its limit, whoever said so.
    pub(super) fn of(
        card: &Factory,
        claim: &Claim,
        now: Timestamp,
        limit: impl Fn(&Engine) -> Option<Timestamp>,
    ) -> Self {
        let set =
            |given: &Option<Vec<String>>, card: &[String]| given.as_deref().unwrap_or(card).iter().cloned().collect();
        let (mut engines, mut limited) = (Vec::new(), Vec::new());
        for engine in &card.engines {
            match usable(engine, now, limit(engine)) {
                Ok(()) => engines.push(engine.name.clone()),
                Err(until) => limited.push((engine.name.clone(), until)),
            }
        }
        limited.retain(|(name, _)| !engines.contains(name));
        Self {
            capabilities: set(&claim.capabilities, &card.capabilities),
            engine_classes: set(&claim.engine_classes, &card.engine_classes),
            engines,
            limited,
            repos: card.repos.iter().cloned().collect(),
        }
    }

    /// What a factory's card says, whatever the limits of its engines.
    pub fn card(card: &Factory) -> Self {
        Self::of(card, &Claim::plain(card.id.clone()), Timestamp::default(), |_| None)
    }

    /// The first filter that rejects a job with these needs, in the order of precedence.
    pub fn rejects(&self, needs: &Needs) -> Option<Reason> {
        if Mutant::CapabilitiesIgnored.is_planted() {
            return None;
        }
        if self.engine(needs).is_none() && self.limited.iter().any(|(name, _)| takes(needs, name)) {
            return Some(Reason::EngineUnavailable);
        }
        self.lacks(needs)
    }

    /// The first filter that would reject it even if no engine were at its limit.
    pub fn lacks(&self, needs: &Needs) -> Option<Reason> {
        if self.missing(needs).next().is_some() {
            return Some(Reason::Capabilities);
        }
        let known = |name: &String| self.engines.contains(name) || self.limited.iter().any(|(known, _)| known == name);
        if !needs.engines.is_empty() && !needs.engines.iter().any(known) {
            return Some(Reason::Engine);
        }
        let class_is_there = needs.engine_class.as_ref().is_none_or(|class| self.engine_classes.contains(class));
        (!class_is_there).then_some(Reason::EngineClass)
    }

    /// Capabilities that the job asks for and the factory does not have.
    pub fn missing<'a>(&'a self, needs: &'a Needs) -> impl Iterator<Item = &'a String> {
        needs.capabilities.iter().filter(|wanted| !self.capabilities.contains(*wanted))
    }

    /// The engine to use: the first acceptable one, or the factory's first where the job takes any.
    pub fn engine(&self, needs: &Needs) -> Option<String> {
        if needs.engines.is_empty() {
            return self.engines.first().cloned();
        }
        needs.engines.iter().find(|name| self.engines.contains(name)).cloned()
    }

    /// When the first acceptable engine that is at its limit can be used again, as far as that is known.
    pub fn resets_at(&self, needs: &Needs) -> Option<Timestamp> {
        self.limited.iter().filter(|(name, _)| takes(needs, name)).filter_map(|(_, until)| *until).min()
    }

    /// How many capabilities it has.
    pub fn capabilities(&self) -> usize {
        self.capabilities.len()
    }

    /// The repository is at hand.
    pub fn is_warm(&self, repo: Option<&String>) -> bool {
        repo.is_some_and(|repo| self.repos.contains(repo))
    }
}

/// The job accepts that engine.
fn takes(needs: &Needs, name: &String) -> bool {
    needs.engines.is_empty() || needs.engines.contains(name)
}

/// Whether an engine can be used now. Refuses with the end of its limit, as far as that is known.
fn usable(engine: &Engine, now: Timestamp, account: Option<Timestamp>) -> Result<(), Option<Timestamp>> {
    if Mutant::LimitIgnored.is_planted() {
        return Ok(());
    }
    let own = match engine.state {
        EngineState::Available => None,
        EngineState::Unavailable => Some(engine.resets_at),
    };
    match (own.filter(|until| until.is_none_or(|until| until > now)), account.filter(|until| *until > now)) {
        (None, None) => Ok(()),
        (Some(own), account) => Err(own.map(|own| account.map_or(own, |account| account.max(own)))),
        (None, account) => Err(account),
    }
}
