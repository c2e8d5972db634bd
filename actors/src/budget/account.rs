//! A budget beside the charges of the runs that go on, and the way of both to the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::budget::command::Note;
use domain::budget::{Budget, Charge, Command, Funds, Refusal, RunKey, transition};
use domain::job::Job;
use domain::{By, ProductId, Usd};

use super::news::{reserved, usage};
use crate::lane::Lane;
use crate::store::{Change, Fault, Ledger, Write};

/// At most so many changes are committed as one.
const MOST_WRITES: usize = 100;

/// The budget as committed.
pub(crate) struct Account {
    pub(super) budget: Arc<Budget>,
    /// What runs that are not settled have been charged.
    open: BTreeMap<RunKey, Charge>,
}

/// Changes that are to be committed as one.
pub(super) struct Draft {
    pub(super) budget: Budget,
    changed: BTreeMap<RunKey, Charge>,
    writes: Vec<Write>,
}

impl Account {
    /// The budget of a product that is being opened, with everything counted that is committed. Of a product that never
    /// had one it begins to count now.
    pub(crate) async fn recounted(lane: &Lane, ledger: Ledger, last_seq: u64) -> Result<Self, Fault> {
        let Ledger { budget, uncounted, charges, since } = ledger;
        let budget = budget.unwrap_or_else(|| Budget::new(lane.product.clone()).counted(last_seq));
        let open = charges.into_iter().map(|charge| (charge.run(), charge)).collect();
        let mut account = Self { budget: Arc::new(budget), open };
        let mut draft = account.draft();
        for (job_id, run) in uncounted {
            let prior = account.prior(&draft, RunKey { job_id, epoch: run.epoch });
            if prior.is_none() && run.ended_at.is_some_and(|ended| since.is_none_or(|since| ended < since)) {
                continue;
            }
            let note = Note { seq: None, usage: usage(job_id, &run), prior };
            // Money that was spent is never refused.
            drop(draft.act(lane, &Command::Note(Box::new(note)), &By::Coordinator));
            if draft.is_full() {
                account.commit(lane, draft).await?;
                draft = account.draft();
            }
        }
        draft.budget = draft.budget.counted(last_seq);
        account.commit(lane, draft).await?;
        account.open.retain(|_, charge| !charge.settled);
        Ok(account)
    }

    /// Begins to change it.
    pub(super) fn draft(&self) -> Draft {
        Draft { budget: Budget::clone(&self.budget), changed: BTreeMap::new(), writes: Vec::new() }
    }

    /// What a run has been charged, as far as that is in memory: it is for all that are not settled.
    pub(super) fn prior(&self, draft: &Draft, run: RunKey) -> Option<Charge> {
        draft.changed.get(&run).or_else(|| self.open.get(&run)).cloned()
    }

    /// Commits the changes; the memory follows.
    pub(super) async fn commit(&mut self, lane: &Lane, draft: Draft) -> Result<(), Fault> {
        if !draft.writes.is_empty() {
            lane.store.commit_all(draft.writes).await?;
        }
        self.budget = Arc::new(draft.budget);
        for (run, charge) in draft.changed {
            if charge.settled {
                self.open.remove(&run);
            } else {
                self.open.insert(run, charge);
            }
        }
        Ok(())
    }
}

impl Draft {
    /// Runs a command to its end. Refuses what the budget refuses.
    pub(super) fn act(&mut self, lane: &Lane, command: &Command, by: &By) -> Result<(), Refusal> {
        let now = lane.now();
        let step = transition(&self.budget, command, now)?;
        self.budget = step.next;
        if step.facts.is_empty() {
            return Ok(());
        }
        self.changed.extend(step.charge.iter().map(|charge| (charge.run(), charge.clone())));
        self.writes.push(Write {
            product: lane.product.clone(),
            at: now,
            by: by.clone(),
            facts: step.facts.into_iter().map(Into::into).collect(),
            change: Change::Budget { budget: Arc::new(self.budget.clone()), charge: step.charge.map(Box::new) },
        });
        Ok(())
    }

    /// Saves how far it has counted, without any fact.
    pub(super) fn save(&mut self, lane: &Lane) {
        let change = Change::Budget { budget: Arc::new(self.budget.clone()), charge: None };
        let (product, at) = (lane.product.clone(), lane.now());
        self.writes.push(Write { product, at, by: By::Coordinator, facts: Vec::new(), change });
    }

    /// Nothing is to be committed.
    pub(super) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// It is to be committed before it grows further.
    pub(super) fn is_full(&self) -> bool {
        self.writes.len() >= MOST_WRITES
    }
}

/// What a product can still promise, as far as its budget has counted.
pub(crate) fn funds(ledger: &Ledger, product: &ProductId) -> Funds {
    ledger.budget.as_ref().map_or_else(|| Funds::new(&Budget::new(product.clone())), Funds::new)
}

/// What is left of their reservations to runs that go on and have been charged something, and to those that have ended
/// and are not settled.
pub(crate) fn held(ledger: &Ledger, leased: &[Arc<Job>]) -> Vec<(RunKey, Usd)> {
    let charges: BTreeMap<RunKey, &Charge> = ledger.charges.iter().map(|charge| (charge.run(), charge)).collect();
    let kept = |run: &RunKey| ledger.budget.iter().flat_map(|budget| &budget.lost).any(|lost| lost.run == *run);
    let going_on = leased.iter().filter_map(|job| Some((job.id, job.run.as_ref()?)));
    let runs = ledger.uncounted.iter().map(|(job_id, run)| (*job_id, run)).chain(going_on);
    let left = runs.filter_map(|(job_id, run)| {
        let key = RunKey { job_id, epoch: run.epoch };
        let charge = charges.get(&key);
        let over = kept(&key) || charge.is_some_and(|charge| charge.settled);
        (!over).then(|| (key, reserved(run).minus(charge.map(|charge| charge.amount).unwrap_or_default())))
    });
    left.collect()
}
