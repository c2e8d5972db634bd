//! The evidence of one product, as every check gets it.

use std::collections::HashMap;

use crate::deed::Deed;
use crate::evidence::{Mark, Moment};
use crate::fact::Fact;
use crate::findings::{Findings, Place};
use crate::names::{Name, Names};
use crate::shown::{Factory, Run, Shown, Spec};

/// What was fed about a product.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) facts: Vec<Fact>,
    pub(crate) deeds: Vec<Deed>,
    /// The earliest spec that was shown of each job.
    pub(crate) specs: HashMap<Name, Spec>,
    pub(crate) dump: Dump,
}

/// Records at the end.
#[derive(Debug, Default)]
pub(crate) struct Dump {
    pub(crate) jobs: Vec<Shown>,
    pub(crate) runs: Vec<Run>,
    pub(crate) factories: Vec<Factory>,
    /// Whether the product is paused, and its `rev`.
    pub(crate) gate: Option<(bool, Option<u64>)>,
    /// What only a data directory has.
    pub(crate) stored: Option<Stored>,
}

/// What lies in a data directory beside the records.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// For each event of a job, by `seq`: the `seq` of the job's event before.
    pub(crate) prev: HashMap<u64, Option<u64>>,
    /// For each job its last event and how many editions of its spec there are, and which is current.
    pub(crate) jobs: HashMap<Name, StoredJob>,
    pub(crate) receipts: Vec<Receipt>,
}

/// What lies beside a job.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StoredJob {
    pub(crate) last_seq: u64,
    pub(crate) edition: u32,
    pub(crate) editions: u32,
}

/// What a request with an id of its own has left behind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receipt {
    /// The factory's claim, or the job's report.
    pub(crate) of: Name,
    pub(crate) id: Name,
    pub(crate) claim: bool,
    pub(crate) job: Name,
    pub(crate) epoch: u64,
    pub(crate) rev: u64,
    pub(crate) at: i64,
}

impl Dump {
    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.runs.is_empty() && self.factories.is_empty() && self.gate.is_none()
    }
}

/// One product's evidence, in order: events by `seq`, requests by the stamp at which they began.
pub(crate) struct Case<'a> {
    pub(crate) names: &'a Names,
    pub(crate) product: Name,
    pub(crate) facts: &'a [Fact],
    pub(crate) deeds: &'a [Deed],
    pub(crate) specs: &'a HashMap<Name, Spec>,
    pub(crate) dump: &'a Dump,
    /// In the order of their stamps.
    pub(crate) marks: &'a [Mark],
    /// The log was fed.
    pub(crate) logged: bool,
    /// Every request and every event was fed.
    pub(crate) complete: bool,
    /// The clock was set at some time: points in time cannot be compared.
    pub(crate) jumped: bool,
    /// No other product is in the evidence.
    pub(crate) alone: bool,
}

impl Case<'_> {
    /// Notes a broken rule.
    pub(crate) fn broken(&self, findings: &mut Findings, rule: &'static str, place: Place, what: impl Into<String>) {
        findings.broken((self.names, self.product), rule, place, what);
    }

    pub(crate) fn text(&self, name: Name) -> &str {
        self.names.text(name)
    }

    /// Everything that happened to the coordinator but its healing.
    pub(crate) fn upsets(&self) -> impl Iterator<Item = &Mark> {
        self.marks.iter().filter(|mark| mark.mark != Moment::Healed)
    }
}
