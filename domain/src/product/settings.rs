//! What an operator has set for a product: whether its gate is open, and by what its jobs are handed out.

use serde::{Deserialize, Serialize};

use super::event::{Changed, Fact};
use crate::dispatch::{SomeWeights, Weights};
use crate::profile::{Defaults, Wanted};
use crate::{ProductId, Usd};

/// A product's settings. What is as usual is left out where they are saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The product.
    pub product: ProductId,
    /// No job is handed out.
    pub paused: bool,
    /// +1 for each saved change; 0 before the first.
    pub rev: u64,
    /// So many jobs may wait in `review`, 1 or more; while they do, no more are handed out. None: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_limit: Option<u32>,
    /// The estimate of a job without a budget of its own. None: it counts as nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate_usd: Option<Usd>,
    /// The top scores are kept with each claim's decision.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub record_scores: bool,
    /// The profile of jobs that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_profile: Option<Wanted>,
    /// The repository of jobs for which neither they nor their profile name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_repo: Option<String>,
    /// What terms of the score weigh where it is not as usual.
    #[serde(default, skip_serializing_if = "SomeWeights::is_empty")]
    pub weights: SomeWeights,
}

/// What an operator chooses beside the gate and the weights; all of it at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// How many jobs may wait in `review`, 1 or more.
    pub review_limit: Option<u32>,
    /// The estimate of a job without a budget of its own.
    pub estimate_usd: Option<Usd>,
    /// Whether the top scores are kept.
    pub record_scores: bool,
    /// The profile of jobs that name none.
    pub default_profile: Option<Wanted>,
    /// The repository of jobs for which nobody names one.
    pub default_repo: Option<String>,
}

/// An order to a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Hands out no more jobs.
    Pause,
    /// Hands out jobs again.
    Resume,
    /// Hands out no more jobs and ends every lease.
    Estop,
    /// Replaces what was chosen.
    Set(Choices),
    /// Replaces the weights; terms that are left out weigh what they usually do.
    SetWeights(SomeWeights),
}

/// What an order leads to. No facts: its effect stood already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The settings as they are now.
    pub next: Settings,
    /// What became true.
    pub facts: Vec<Fact>,
}

impl Settings {
    /// A product as it comes into being.
    pub fn new(product: ProductId) -> Self {
        Self {
            product,
            paused: false,
            rev: 0,
            review_limit: None,
            estimate_usd: None,
            record_scores: false,
            default_profile: None,
            default_repo: None,
            weights: SomeWeights::new(),
        }
    }

    /// What the product says itself of jobs that do not say otherwise.
    pub fn defaults(&self) -> Defaults {
        Defaults { repo: self.default_repo.clone(), ..Defaults::default() }
    }

    /// What every term weighs here.
    pub fn weights(&self) -> Weights {
        Weights::default().with(&self.weights)
    }
}

/// Runs one order to its end. An emergency stop always leaves its fact: leases may be held though the gate is closed.
pub fn transition(settings: &Settings, command: Command) -> Step {
    let mut next = Settings { rev: settings.rev + 1, ..settings.clone() };
    let fact = match command {
        Command::Pause => {
            next.paused = true;
            (!settings.paused).then_some(Fact::Paused)
        }
        Command::Resume => {
            next.paused = false;
            settings.paused.then_some(Fact::Resumed)
        }
        Command::Estop => {
            next.paused = true;
            Some(Fact::Estopped)
        }
        Command::Set(Choices { review_limit, estimate_usd, record_scores, default_profile, default_repo }) => {
            next = Settings { review_limit, estimate_usd, record_scores, default_profile, default_repo, ..next };
            Changed::between(settings, &next).map(Fact::Set)
        }
        Command::SetWeights(weights) => {
            next.weights = unusual(weights);
            Changed::between(settings, &next).map(Fact::Set)
        }
    };
    match fact {
        Some(fact) => Step { next, facts: vec![fact] },
        None => Step { next: settings.clone(), facts: Vec::new() },
    }
}

/// The weights that are not as usual.
fn unusual(mut weights: SomeWeights) -> SomeWeights {
    let usual = Weights::default();
    weights.retain(|term, weight| usual.of(*term) != *weight);
    weights
}
