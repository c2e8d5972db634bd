//! What becomes ready goes to the waiting claim that it fits best; what gets room takes the best job for itself.

use super::{Board, Entry};
use crate::dispatch::class::{self, Class};
use crate::dispatch::needs::Needs;
use crate::dispatch::score::{self, Score};
use crate::dispatch::sought::{Pick, Sought};
use crate::dispatch::waiters::WaiterNo;
use crate::dispatch::weights::Term;
use crate::{JobId, Timestamp};

impl Board {
    /// Gives what became ready, the most urgent first, to the waiting claims that fit best; each of them stops waiting.
    ///
    /// Who fits best is told by the score under the product's weights, which differs by affinity, capabilities and load;
    /// among equals it is the one that waits longest. `gone` tells which waiting claims nobody listens to any more; they
    /// get nothing.
    pub fn serve_waiters(&mut self, now: Timestamp, gone: impl Fn(WaiterNo) -> bool) -> Vec<(WaiterNo, Pick)> {
        let mut served = Vec::new();
        if self.waiters.len() == 0 {
            self.index.watch(false);
            self.roomy.clear();
            return served;
        }
        while self.shut().is_none() {
            let fresh = self.by_urgency(now);
            if fresh.is_empty() {
                break;
            }
            fresh.into_iter().for_each(|job| served.extend(self.serve_job(job, now, &gone)));
        }
        for seat in std::mem::take(&mut self.roomy) {
            for no in self.waiters.of(seat) {
                let Some(claim) = self.waiters.get(no).filter(|_| !gone(no)).map(|(claim, _)| claim.clone()) else {
                    continue;
                };
                let Ok(pick) = self.pick(&claim, now) else { break };
                let Some(pick) = pick else { continue };
                self.waiters.take(no);
                served.push((no, pick));
            }
        }
        served
    }

    /// The jobs that became candidates, in the order of what their score is whoever gets them.
    fn by_urgency(&mut self, now: Timestamp) -> Vec<JobId> {
        let weights = self.rules.weights;
        let mut fresh = Vec::new();
        for job in self.index.take_fresh() {
            let Some(Entry { class, spot, .. }) = self.ready_entry(job).copied() else { continue };
            let Some(class) = self.index.class(class) else { continue };
            let (merit, estimate) = (&class.kind.merit, self.rules.estimate);
            let mut head = class::head(&weights, spot.rank, spot.due_at, now);
            for (term, value) in [
                (Term::Priority, score::priority(merit.priority)),
                (Term::CriticalPath, score::critical_path(class.kind.waiting)),
                (Term::Retry, score::retry(merit.attempt, merit.max_attempts)),
                (Term::Cost, score::cost(merit.estimate.unwrap_or(estimate))),
            ] {
                head.score = head.score.plus(Score::of(&weights, term, value));
            }
            fresh.push(head);
        }
        fresh.sort_by(|a, b| b.score.cmp(&a.score).then(a.rank.cmp(&b.rank)));
        fresh.into_iter().map(|head| head.rank.job).collect()
    }

    fn serve_job(&mut self, job: JobId, now: Timestamp, gone: &impl Fn(WaiterNo) -> bool) -> Option<(WaiterNo, Pick)> {
        let Entry { class, spot, .. } = *self.ready_entry(job)?;
        let class = self.index.class(class)?;
        let needs = self.index.needs(class)?;
        if !self.is_open(spot.lock) {
            return None;
        }
        let no = self.best_waiter(class, needs, now, gone)?;
        let (claim, seat) = self.waiters.get(no)?;
        let card = self.seats.card(&claim.factory)?;
        let bid = self.bid(seat, card, claim, now);
        let head = class::head(&bid.weights, spot.rank, spot.due_at, now);
        let pick = Pick {
            job,
            factory: claim.factory.clone(),
            engine: bid.supply.engine(needs),
            breakdown: bid.breakdown(&class.kind, needs, &head),
            sought: Sought { considered: 1, ..Sought::default() },
        };
        self.waiters.take(no);
        self.offer(&pick, now);
        Some((no, pick))
    }

    /// The waiting claim that a job of the class fits best: in each group the first, and those of whoever holds its
    /// checkpoint.
    fn best_waiter(
        &self,
        class: &Class,
        needs: &Needs,
        now: Timestamp,
        gone: &impl Fn(WaiterNo) -> bool,
    ) -> Option<WaiterNo> {
        let holder = class.kind.merit.saved_by.as_ref().and_then(|id| self.seats.known(id));
        let mut best: Option<(Score, std::cmp::Reverse<WaiterNo>)> = None;
        for (supply, waiters) in self.waiters.groups() {
            if supply.rejects(needs).is_some() {
                continue;
            }
            let mut first = true;
            for no in waiters {
                let Some((claim, seat)) = self.waiters.get(no) else { continue };
                if !first && holder != Some(seat) || gone(no) || self.excludes(class, seat, now) {
                    continue;
                }
                first = false;
                let Some(card) = self.seats.card(&claim.factory) else { continue };
                let bid = super::bid::Bid { weights: self.rules.weights, ..self.bid(seat, card, claim, now) };
                best = best.max(Some((bid.base(&class.kind, needs), std::cmp::Reverse(no))));
                if holder.is_none() {
                    break;
                }
            }
        }
        best.map(|(_, std::cmp::Reverse(no))| no)
    }
}
