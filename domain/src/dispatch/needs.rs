//! What a job asks of a factory.
//! Jobs that ask for the same share one value of it.

use std::collections::BTreeSet;

use crate::job::Spec;

/// What a job asks for. Jobs with equal needs are interchangeable for every filter that looks at the factory.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Needs {
    /// Capabilities, sorted, each once.
    pub capabilities: Vec<String>,
    /// The class of engine.
    pub engine_class: Option<String>,
    /// Acceptable engines in order of preference; empty means any.
    pub engines: Vec<String>,
}

/// With which others a job may not run at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The name that the jobs share.
    pub name: String,
    /// The job begins only while fewer jobs of that name run.
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
        }
    }
}

impl Key {
    /// The key of a spec, where it has one.
    pub fn of(spec: &Spec) -> Option<Self> {
        spec.concurrency_key.clone().map(|name| Self { name, limit: spec.concurrency_limit })
    }
}
