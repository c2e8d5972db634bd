//! The one log of a product: what became true, when, and who caused it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{FactoryId, Timestamp, factory, job, product, profile};

/// Who caused something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A factory.
    Factory(FactoryId),
    /// A person or program that operates the product.
    Operator(String),
    /// The coordinator itself.
    Coordinator,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Factory(id) => write!(f, "factory:{id}"),
            Self::Operator(name) => write!(f, "operator:{name}"),
            Self::Coordinator => f.write_str("coordinator"),
        }
    }
}

/// One fact of a product's log, before it has its `seq`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When it became true.
    pub at: Timestamp,
    /// Who caused it.
    pub by: By,
    /// What became true.
    pub fact: Fact,
}

/// A fact about a job, a factory, the product or one of its profiles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Fact {
    /// About a job.
    Job(job::Fact),
    /// About a factory.
    Factory(factory::Fact),
    /// About the product.
    Product(product::Fact),
    /// About a profile.
    Profile(profile::Fact),
}

impl Fact {
    /// The event's type, as on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Job(fact) => fact.kind(),
            Self::Factory(fact) => fact.kind(),
            Self::Product(fact) => fact.kind(),
            Self::Profile(fact) => fact.kind(),
        }
    }
}

impl From<job::Fact> for Fact {
    fn from(fact: job::Fact) -> Self {
        Self::Job(fact)
    }
}

impl From<factory::Fact> for Fact {
    fn from(fact: factory::Fact) -> Self {
        Self::Factory(fact)
    }
}

impl From<product::Fact> for Fact {
    fn from(fact: product::Fact) -> Self {
        Self::Product(fact)
    }
}

impl From<profile::Fact> for Fact {
    fn from(fact: profile::Fact) -> Self {
        Self::Profile(fact)
    }
}
