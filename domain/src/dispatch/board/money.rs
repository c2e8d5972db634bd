//! Money: a job is handed out only if what it is taken to cost fits into what the product can still promise.
//!
//! Jobs of a class cost the same, so a class fits or does not. A blocked or delayed job is looked at once it is ready.

use super::Board;
use crate::budget::{self, Funds, RunKey};
use crate::dispatch::class::Class;
use crate::dispatch::standing::{Merit, Tenure};
use crate::mutant::Mutant;
use crate::{JobId, Timestamp, Usd};

/// What a product can still promise, while its money is kept at all.
#[derive(Debug)]
pub(super) struct Purse {
    funds: Funds,
    /// Nothing is promised ahead of a commit that narrows it.
    closing: bool,
}

impl Board {
    /// Keeps the product's money from now on. To be called before any job is observed.
    pub fn set_funds(&mut self, funds: Funds) {
        self.purse = Some(Purse { funds, closing: false });
    }

    /// So much of its reservation is left to a run, whether it goes on or waits to be settled.
    pub fn hold_funds(&mut self, run: RunKey, left: Usd) {
        if let Some(purse) = &mut self.purse {
            purse.funds.grant(run, left);
        }
    }

    /// Follows the facts of the budget as they were committed.
    pub fn tell_funds<'a>(&mut self, facts: impl IntoIterator<Item = &'a budget::Fact>) {
        self.spend(|funds| facts.into_iter().for_each(|fact| funds.tell(fact)));
    }

    /// Promises nothing more, ahead of a commit.
    pub fn close_funds(&mut self) {
        if let Some(purse) = &mut self.purse {
            purse.closing = true;
            self.pressed = true;
        }
    }

    /// The commit has been made, or came to nothing.
    pub fn reopen_funds(&mut self) {
        let Some(purse) = &mut self.purse else { return };
        purse.closing = false;
        self.loosened();
    }

    /// What is promised to offered, running and lost runs.
    pub fn reserved(&self) -> Usd {
        self.purse.as_ref().map(|purse| purse.funds.reserved()).unwrap_or_default()
    }

    /// Nothing can be promised to anybody.
    pub(super) fn is_broke(&self) -> bool {
        let broke = |purse: &Purse| purse.closing || purse.funds.room() == 0;
        self.purse.as_ref().is_some_and(broke) && !Mutant::CeilingIgnored.is_planted()
    }

    /// The money for a job of the class can be promised.
    pub(super) fn affords(&self, class: &Class) -> bool {
        let Some(purse) = self.purse.as_ref().filter(|_| !Mutant::CeilingIgnored.is_planted()) else { return true };
        !purse.closing && purse.funds.fits(self.estimate(&class.kind.merit))
    }

    /// What a job of the class is kept with its grant, where money is kept.
    pub(super) fn reserves(&self, class: &Class) -> Option<Usd> {
        let estimate = self.estimate(&class.kind.merit);
        self.purse.as_ref().map(|_| estimate).filter(|usd| *usd > Usd(0))
    }

    /// What a job is taken to cost.
    pub(super) fn estimate(&self, merit: &Merit) -> Usd {
        merit.estimate.unwrap_or(self.rules.estimate)
    }

    /// Counts a job as offered.
    pub(super) fn promise(&mut self, job: JobId, estimate: Usd) {
        if !Mutant::OfferedMoneyFree.is_planted() {
            self.spend(|funds| funds.offer(job, estimate));
        }
    }

    /// Its offer has ended.
    pub(super) fn withdraw(&mut self, job: JobId) {
        self.spend(|funds| funds.withdraw(job));
    }

    /// It was granted: its reservation is kept until the budget has settled the run.
    pub(super) fn reserve(&mut self, job_id: JobId, tenure: &Tenure) {
        let run = RunKey { job_id, epoch: tenure.epoch };
        self.spend(|funds| funds.grant(run, tenure.reserved));
    }

    /// Takes a look at everybody who waits, if there is more to be promised than before.
    fn spend(&mut self, change: impl FnOnce(&mut Funds)) {
        let Some(purse) = &mut self.purse else { return };
        let before = purse.funds.room();
        change(&mut purse.funds);
        if purse.funds.room() > before {
            self.loosened();
        }
    }

    fn loosened(&mut self) {
        self.pressed = true;
        if self.index.ready() > 0 {
            self.roomy.extend(self.waiters.seats());
        }
    }

    /// The estimate of jobs without a budget of their own has changed: what was on offer stays as it was promised.
    pub(super) fn repriced(&mut self, now: Timestamp) {
        if self.purse.is_some() {
            self.look_at_all(now);
        }
    }
}
