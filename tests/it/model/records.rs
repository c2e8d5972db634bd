//! The model's records: plain fields, which `render.rs` shows and the border compares. What happens to them is said in
//! `reference/` alone.

use std::collections::BTreeMap;

use super::command::{Blocked, Card, FactoryNo, JobNo, Outcome, Report, Stage, Status, Wish, Word};

/// How often something was saved, and what was told of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    pub(crate) rev: u64,
    pub(crate) events: Vec<&'static str>,
}

/// One grant of a job: its lease and its run are one thing here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    pub(crate) factory: FactoryNo,
    pub(crate) epoch: u64,
    pub(crate) engine: Option<Word>,
    pub(crate) started: i64,
    pub(crate) status: Status,
    pub(crate) until: i64,
    pub(crate) ttl_sec: u32,
    pub(crate) renewals: u32,
    /// Heartbeats in a row that left it out.
    pub(crate) unlisted: u32,
    pub(crate) reached: Stage,
    pub(crate) result: Option<Outcome>,
    pub(crate) cost: Option<u64>,
    pub(crate) exit: Option<i32>,
    /// A cancel ended it.
    pub(crate) cancelled: bool,
    /// Its factory's failures in a row are counted.
    pub(crate) counted: bool,
    /// How it was decided, in words.
    pub(crate) decision: String,
}

/// A job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Job {
    pub(crate) no: JobNo,
    pub(crate) wish: Wish,
    pub(crate) stage: Stage,
    /// When it came to its stage.
    pub(crate) since: i64,
    pub(crate) blocked: Option<Blocked>,
    pub(crate) deps_met: bool,
    pub(crate) epoch: u64,
    pub(crate) attempt: u32,
    pub(crate) not_before: Option<i64>,
    /// Between which instants the end of a backoff lies, until it is known.
    pub(crate) jitter: Option<(i64, i64)>,
    pub(crate) runs: Vec<Run>,
    pub(crate) spent_ms: i64,
    pub(crate) spent_usd: u64,
    pub(crate) result: Option<Outcome>,
    pub(crate) checkpoint: Option<u8>,
    /// Who made the checkpoint.
    pub(crate) saved_by: Option<FactoryNo>,
    /// How many runs there were before the last requeue.
    pub(crate) old_runs: usize,
    pub(crate) approved: Vec<Word>,
    pub(crate) notes: Vec<Word>,
    pub(crate) question: Option<Word>,
    /// Every report with an id that was accepted.
    pub(crate) receipts: Vec<Report>,
    /// When a refused write under an epoch last left its event.
    pub(crate) fenced: BTreeMap<(u64, Option<FactoryNo>), i64>,
    pub(crate) log: Log,
}

/// A factory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Factory {
    pub(crate) card: Card,
    pub(crate) heard: i64,
    /// How often it was missed since: stale at once, offline at twice.
    pub(crate) silent: usize,
    pub(crate) draining: bool,
    pub(crate) failures: u32,
    /// In thousandths.
    pub(crate) load: u16,
    pub(crate) log: Log,
}

/// What came of looking for a job for a claim.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    /// How many jobs were ready.
    pub(crate) considered: usize,
    /// How many of them the factory cannot get, by the first filter against each.
    pub(crate) filtered: BTreeMap<Word, usize>,
    pub(crate) pick: Option<Pick>,
}

/// The job that a claim gets.
#[derive(Clone, Debug)]
pub(crate) struct Pick {
    pub(crate) job: JobNo,
    pub(crate) engine: Option<Word>,
    /// In millionths.
    pub(crate) terms: [u64; 9],
    /// In thousandths.
    pub(crate) weights: [u64; 9],
}

impl Log {
    /// One saved change, if there is anything to tell of it.
    pub(crate) fn save(&mut self, events: impl IntoIterator<Item = &'static str>) -> bool {
        let before = self.events.len();
        self.events.extend(events);
        self.rev += u64::from(self.events.len() > before);
        self.events.len() > before
    }
}
