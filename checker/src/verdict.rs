//! What a check comes to: which rules were broken and where, how much was looked at, and what was seen on the way.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// Every rule by its name. `docs/checker.md` says what each means.
pub const RULES: &[&str] = &[
    "I1",
    "I2",
    "I3",
    "I4",
    "I5",
    "I6",
    "I7",
    "I8",
    "I9",
    "I11",
    "I13",
    "I14",
    "I15",
    "I17",
    "I20",
    "I23",
    "answer",
    "conformity",
    "data",
    "decision",
    "family",
    "grant",
    "lifecycle",
    "origin",
    "unreadable",
];

/// Every situation that is looked out for. A campaign that never meets one has not tried hard enough.
pub const SEEN: &[&str] = &[
    "approval",
    "attempt retried",
    "cancelled while leased",
    "cancelled with its parent",
    "children added",
    "children added to what had waited",
    "circle refused",
    "claim answered with nothing",
    "claim refused for seats",
    "claim while draining",
    "clock jumped",
    "concurrent claims of one factory",
    "dead letter",
    "decomposed by its holder",
    "delivered lease expired",
    "dependency failed",
    "dependency unblocked",
    "drained by an operator",
    "drained by failures",
    "duplicate submit",
    "edited",
    "edited while leased",
    "engine limited",
    "estop",
    "estop ended a lease",
    "expired then re-granted",
    "factory came back",
    "factory offline",
    "factory stale",
    "fenced event",
    "gave way by release",
    "grant taken back",
    "granted elsewhere after two failures",
    "idempotency mismatch",
    "kept seat not taken",
    "kept seat taken",
    "late usage charged",
    "lease ended by its holder",
    "lease lived through a restart",
    "lost told by a heartbeat",
    "needs input answered",
    "needs input asked",
    "no changes",
    "over budget",
    "parked",
    "parent unblocked",
    "paused",
    "preempted by eviction",
    "quota",
    "rejected",
    "rejected for good",
    "released from review",
    "released while building",
    "renewed by heartbeat",
    "renewed by renewal",
    "repeated claim",
    "repeated claim after the lease ended",
    "repeated report",
    "repeated report after the lease ended",
    "requeued after a dead letter",
    "requeued fresh",
    "requeued while leased",
    "restarted",
    "resumed",
    "resumed after a preemption",
    "review limit reached",
    "shipped by factory",
    "shipped by itself",
    "shipped by operator",
    "shipped while leased",
    "stale report after a preemption",
    "stale report after take-over",
    "stale release",
    "stale renewal",
    "storage full",
    "timed out",
    "unknown outcome that was committed",
    "unknown outcome that was not committed",
    "waited for a revision",
    "waiting claim was granted",
    "weights changed",
];

/// What a check comes to.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The rules that were broken, in the order of product, `seq` and stamp. Of one rule at most a hundred.
    pub violations: Vec<Violation>,
    /// How many there were of each rule.
    pub broken: BTreeMap<&'static str, u64>,
    /// How much was looked at.
    pub counts: Counts,
    /// How often each interesting situation occurred; those that did not are absent.
    pub seen: BTreeMap<&'static str, u64>,
}

impl Verdict {
    /// No rule was broken.
    pub fn is_good(&self) -> bool {
        self.violations.is_empty()
    }

    /// Those of [`SEEN`] that did not occur.
    pub fn unseen(&self) -> Vec<&'static str> {
        SEEN.iter().copied().filter(|name| !self.seen.contains_key(name)).collect()
    }
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// The product.
    pub product: String,
    /// The event that it is about, or that it stands after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The request that it is about, by the stamp at which it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op: Option<u64>,
    /// The job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The rule: one of [`RULES`].
    pub rule: &'static str,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rule, self.product)?;
        if let Some(job) = &self.job {
            write!(f, " job {job}")?;
        }
        if let Some(seq) = self.seq {
            write!(f, " seq {seq}")?;
        }
        if let Some(op) = self.op {
            write!(f, " op {op}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Requests.
    pub ops: u64,
    /// Changes that were acknowledged: of a batch each job that it made, of a claim each lease. Renewals are none.
    pub acknowledged: u64,
    /// Requests that were refused by the state or by their form.
    pub refused: u64,
    /// Requests that were told that nothing was done: overload, a full disk.
    pub not_done: u64,
    /// Requests whose outcome nobody was told.
    pub unknown: u64,
    /// What happened to the coordinator.
    pub marks: u64,
    /// Events.
    pub events: u64,
    /// Changes: the events of one change count once.
    pub changes: u64,
    /// Jobs that were created.
    pub jobs: u64,
    /// Leases that were granted.
    pub grants: u64,
    /// Leases that ran out.
    pub expiries: u64,
    /// Records of a dump.
    pub records: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        let Self { ops, acknowledged, refused, not_done, unknown, marks, .. } = other;
        let Self { events, changes, jobs, grants, expiries, records, .. } = other;
        self.ops += ops;
        self.acknowledged += acknowledged;
        self.refused += refused;
        self.not_done += not_done;
        self.unknown += unknown;
        self.marks += marks;
        self.events += events;
        self.changes += changes;
        self.jobs += jobs;
        self.grants += grants;
        self.expiries += expiries;
        self.records += records;
    }
}
