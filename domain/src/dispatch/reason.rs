//! Why a job is not handed out. The order is the order of precedence: a job that several reasons keep waiting is
//! explained by the first of them.

use serde::{Deserialize, Serialize};

/// Why a job waits, or why a factory does not get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The product hands out no jobs.
    ProductPaused,
    /// The product's money does not allow it.
    BudgetExhausted,
    /// It is not to be claimed yet: as submitted, or the pause after a failed run.
    NotBefore,
    /// It waits for other jobs.
    Dependencies,
    /// It waits for its children.
    Children,
    /// It waits for an answer.
    NeedsInput,
    /// As many jobs wait for review as the product allows.
    ReviewLimit,
    /// As many jobs of its key run as its limit allows.
    ConcurrencyKey,
    /// No known factory could run it.
    NoFactoryEver,
    /// The engines it accepts are at their usage limit.
    EngineUnavailable,
    /// A capability is missing.
    Capabilities,
    /// None of the engines it accepts is there.
    Engine,
    /// The class of engine is missing.
    EngineClass,
    /// The factory is failing, draining, or not heard.
    FactoryHealth,
    /// It failed twice on that factory, and another one can take it.
    Excluded,
    /// No seat is free.
    Seats,
    /// Nothing stands in its way: others come first, or nobody has asked yet.
    Position,
}

impl Reason {
    /// All of them, in their precedence.
    pub const ALL: [Self; 17] = [
        Self::ProductPaused,
        Self::BudgetExhausted,
        Self::NotBefore,
        Self::Dependencies,
        Self::Children,
        Self::NeedsInput,
        Self::ReviewLimit,
        Self::ConcurrencyKey,
        Self::NoFactoryEver,
        Self::EngineUnavailable,
        Self::Capabilities,
        Self::Engine,
        Self::EngineClass,
        Self::FactoryHealth,
        Self::Excluded,
        Self::Seats,
        Self::Position,
    ];

    /// The reason's code, as on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProductPaused => "product_paused",
            Self::BudgetExhausted => "budget_exhausted",
            Self::NotBefore => "not_before",
            Self::Dependencies => "dependencies",
            Self::Children => "children",
            Self::NeedsInput => "needs_input",
            Self::ReviewLimit => "review_limit",
            Self::ConcurrencyKey => "concurrency_key",
            Self::NoFactoryEver => "no_factory_ever",
            Self::EngineUnavailable => "engine_unavailable",
            Self::Capabilities => "capabilities",
            Self::Engine => "engine",
            Self::EngineClass => "engine_class",
            Self::FactoryHealth => "factory_health",
            Self::Excluded => "excluded",
            Self::Seats => "seats",
            Self::Position => "position",
        }
    }
}
