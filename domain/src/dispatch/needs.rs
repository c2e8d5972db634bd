//! What a job asks of a factory, and whether a factory has it.

use std::collections::BTreeSet;

use crate::FactoryId;
use crate::factory::{EngineState, Factory};
use crate::job::Spec;
use crate::mutant::Mutant;

/// What a job asks for. Jobs with equal needs are interchangeable for every filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Needs {
    /// Capabilities, sorted, each once.
    pub capabilities: Vec<String>,
    /// The class of engine.
    pub engine_class: Option<String>,
    /// Acceptable engines in order of preference; empty means any.
    pub engines: Vec<String>,
    /// Jobs of one key run at most `limit` at a time.
    pub key: Option<String>,
    /// That limit.
    pub limit: u32,
}

impl Needs {
    /// What a spec asks for.
    pub fn of(spec: &Spec) -> Self {
        let capabilities: BTreeSet<&String> = spec.capabilities.iter().collect();
        Self {
            capabilities: capabilities.into_iter().cloned().collect(),
            engine_class: spec.engine_class.clone(),
            engines: spec.engines.clone(),
            key: spec.concurrency_key.clone(),
            limit: spec.concurrency_limit,
        }
    }
}

/// A factory's question for work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who asks.
    pub factory: FactoryId,
    /// Replaces the card's capabilities for this claim.
    pub capabilities: Option<Vec<String>>,
    /// Replaces the card's classes of engines for this claim.
    pub engine_classes: Option<Vec<String>>,
}

/// What a factory brings to a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supply {
    capabilities: BTreeSet<String>,
    engine_classes: BTreeSet<String>,
    engines: Vec<String>,
}

impl Supply {
    /// The factory's card with the claim's own words over it. Engines at their limit do not count.
    pub fn of(factory: &Factory, claim: &Claim) -> Self {
        let set =
            |given: &Option<Vec<String>>, card: &[String]| given.as_deref().unwrap_or(card).iter().cloned().collect();
        Self {
            capabilities: set(&claim.capabilities, &factory.capabilities),
            engine_classes: set(&claim.engine_classes, &factory.engine_classes),
            engines: factory
                .engines
                .iter()
                .filter(|engine| engine.state == EngineState::Available)
                .map(|engine| engine.name.clone())
                .collect(),
        }
    }

    /// Passes the filters of capabilities, engines and engine class.
    pub fn meets(&self, needs: &Needs) -> bool {
        Mutant::CapabilitiesIgnored.is_planted()
            || needs.capabilities.iter().all(|wanted| self.capabilities.contains(wanted))
                && needs.engine_class.as_ref().is_none_or(|class| self.engine_classes.contains(class))
                && (needs.engines.is_empty() || needs.engines.iter().any(|name| self.engines.contains(name)))
    }

    /// The engine to use: the first acceptable one, or the factory's first where the job takes any.
    pub fn engine(&self, needs: &Needs) -> Option<String> {
        if needs.engines.is_empty() {
            return self.engines.first().cloned();
        }
        needs.engines.iter().find(|name| self.engines.contains(name)).cloned()
    }
}
