//! The terms of the score and what each of them weighs: defaults, over them the product's, over those the claim's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A term of the score; each has a value from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Term {
    /// critical 1, high 2/3, normal 1/3, low 0.
    Priority,
    /// Time in the queue over 24 h, at most 1.
    Age,
    /// Capabilities that the job asks for over those that the factory has; 0 where it has none.
    CapabilityFit,
    /// 1 where the factory holds the checkpoint, ½ where it has the repository at hand.
    Affinity,
    /// 0 without `dueAt`; rises over the last 24 h before it to 1.
    Due,
    /// Jobs that wait for it, directly or not, over 10, at most 1.
    CriticalPath,
    /// 1 − attempts used over attempts allowed.
    Retry,
    /// 1 − the factory's load.
    Load,
    /// 1 − estimate over 10 USD, at least 0.
    Cost,
}

/// What a term weighs, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Weight(u32);

/// What every term weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weights([Weight; Term::COUNT]);

/// Weights of some terms, over those that hold otherwise.
pub type SomeWeights = BTreeMap<Term, Weight>;

impl Term {
    /// How many there are.
    pub const COUNT: usize = 9;

    /// All of them, in the order in which breakdowns list them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Priority,
        Self::Age,
        Self::CapabilityFit,
        Self::Affinity,
        Self::Due,
        Self::CriticalPath,
        Self::Retry,
        Self::Load,
        Self::Cost,
    ];

    /// The term's word, as on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Priority => "priority",
            Self::Age => "age",
            Self::CapabilityFit => "capabilityFit",
            Self::Affinity => "affinity",
            Self::Due => "due",
            Self::CriticalPath => "criticalPath",
            Self::Retry => "retry",
            Self::Load => "load",
            Self::Cost => "cost",
        }
    }

    /// The term of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|term| term.as_str() == word)
    }
}

impl Weight {
    /// The heaviest weight there is: a million.
    pub const MAX: Self = Self(1_000_000_000);

    /// A weight in thousandths. None: above the heaviest.
    pub fn of_thousandths(thousandths: u64) -> Option<Self> {
        u32::try_from(thousandths).ok().map(Self).filter(|weight| *weight <= Self::MAX)
    }

    /// In thousandths.
    pub fn thousandths(self) -> u32 {
        self.0
    }
}

impl Default for Weights {
    fn default() -> Self {
        let whole = [100, 200, 10, 10, 15, 10, 5, 5, 5];
        Self(whole.map(|weight| Weight(weight * 1_000)))
    }
}

impl Weights {
    /// These, with some of them replaced.
    #[must_use]
    pub fn with(mut self, some: &SomeWeights) -> Self {
        for (term, weight) in some {
            self.0[*term as usize] = *weight;
        }
        self
    }

    /// What a term weighs.
    pub fn of(&self, term: Term) -> Weight {
        self.0[term as usize]
    }

    /// Every term with its weight.
    pub fn iter(&self) -> impl Iterator<Item = (Term, Weight)> {
        Term::ALL.into_iter().zip(self.0)
    }
}
