//! What a run's money means: charged as it is reported, settled when the run ends, never given back.

use crate::budget::command::{Note, Usage};
use crate::budget::event::Fact;
use crate::budget::state::{Budget, MAX_LOST};
use crate::job::RunResult;
use crate::{Timestamp, Usd};

/// How long a lost run may still say what it cost, in seconds.
const LATE_SEC: u64 = 3_600;

/// Decides news of a run. What is counted already, or repeats what is known, leaves no fact.
pub(super) fn decide(budget: &Budget, note: &Note, now: Timestamp) -> Vec<Fact> {
    if note.seq.is_some_and(|seq| seq <= budget.cursor) {
        return Vec::new();
    }
    let account = Account {
        usage: &note.usage,
        charged: note.prior.as_ref().map(|prior| prior.amount),
        estimated: note.prior.as_ref().is_some_and(|prior| prior.estimated),
    };
    let is_settled = note.prior.as_ref().is_some_and(|prior| prior.settled);
    let is_kept = budget.kept(note.usage.run).is_some();
    if is_settled || is_kept {
        return account.late(is_kept);
    }
    match note.usage.result {
        None => account.so_far(),
        Some(RunResult::Lost) => account.lost(budget.lost.len() < MAX_LOST, now),
        Some(
            RunResult::Succeeded
            | RunResult::NoChanges
            | RunResult::Failed
            | RunResult::TimedOut
            | RunResult::OverBudget,
        ) => match account.known() {
            Some(cost) => account.ended(cost, false),
            None => account.ended(note.usage.reserved, true),
        },
        Some(
            RunResult::NeedsInput
            | RunResult::Quota
            | RunResult::Cancelled
            | RunResult::Preempted
            | RunResult::Released,
        ) => account.ended(account.known().unwrap_or_default(), false),
    }
}

/// A run's usage beside what it was charged before.
struct Account<'a> {
    usage: &'a Usage,
    charged: Option<Usd>,
    estimated: bool,
}

impl Account<'_> {
    /// What it is known to have cost; before its end nothing but a reported cost is charged.
    fn known(&self) -> Option<Usd> {
        self.usage.cost.max(self.charged)
    }

    /// By how much a total exceeds what was charged.
    fn excess(&self, total: Usd) -> Usd {
        total.minus(self.charged.unwrap_or_default())
    }

    /// The run goes on: what its cost has grown by is charged.
    fn so_far(&self) -> Vec<Fact> {
        let excess = self.excess(self.usage.cost.unwrap_or_default());
        if excess == Usd(0) { Vec::new() } else { vec![self.settled(excess, false, false)] }
    }

    /// The run ends with a total. Without reservation and without anything to charge there is nothing to say.
    fn ended(&self, total: Usd, estimated: bool) -> Vec<Fact> {
        let excess = self.excess(total);
        if excess == Usd(0) && self.usage.reserved == Usd(0) {
            return Vec::new();
        }
        vec![self.settled(excess, estimated, true)]
    }

    /// The run is lost: what is left of its reservation is kept for a while, if there is room for it.
    fn lost(&self, has_room: bool, now: Timestamp) -> Vec<Fact> {
        let known = self.known().unwrap_or_default();
        let left = self.usage.reserved.minus(known);
        if left == Usd(0) {
            return self.ended(known, false);
        }
        if !has_room {
            return self.ended(self.usage.reserved, true);
        }
        let mut facts = self.so_far();
        facts.push(Fact::Reserved {
            run: self.usage.run,
            engine: self.usage.engine.clone(),
            reserved_usd: left,
            until: Some(now.plus_secs(LATE_SEC)),
        });
        facts
    }

    /// The run has ended before: only what exceeds its charge is charged. The first usage of a lost run ends the wait
    /// for it; an older total than the one that is known does not, nor does hearing once more that it is lost.
    fn late(&self, is_kept: bool) -> Vec<Fact> {
        let excess = self.excess(self.usage.cost.unwrap_or_default());
        let is_news = self.usage.cost.is_some_and(|cost| cost >= self.charged.unwrap_or_default());
        let is_awaited = is_kept && is_news && self.usage.result.is_none();
        if excess == Usd(0) && !is_awaited {
            return Vec::new();
        }
        vec![self.settled(excess, self.estimated && excess == Usd(0), true)]
    }

    fn settled(&self, charged: Usd, estimated: bool, ended: bool) -> Fact {
        Fact::Settled {
            run: self.usage.run,
            engine: self.usage.engine.clone(),
            charged_usd: charged,
            total_usd: self.charged.unwrap_or_default().plus(charged),
            estimated,
            ended,
        }
    }
}
