//! The best job for a claim.
//! Looks at one candidate of each class that the factory may have; counts the one that is taken as offered.

use super::bid::Bid;
use super::{Board, Entry, Place};
use crate::dispatch::class::{self, Class, Head};
use crate::dispatch::needs::Needs;
use crate::dispatch::reason::Reason;
use crate::dispatch::sought::{MOST_TOP, Pick, Sought};
use crate::dispatch::supply::Claim;
use crate::factory::Refusal;
use crate::{FactoryId, JobId, Timestamp};

/// The best head so far, and where it stands.
struct Best<'a> {
    head: Head,
    class: &'a Class,
    needs: &'a Needs,
}

impl Board {
    /// Takes the best job for a claim off the index and counts it as offered. None: nothing fits.
    ///
    /// Refuses a factory that may not claim at all.
    pub fn pick(&mut self, claim: &Claim, now: Timestamp) -> Result<Option<Pick>, Refusal> {
        let (pick, _) = self.preview(claim, now)?;
        Ok(pick.inspect(|pick| self.offer(pick, now)))
    }

    /// As `pick`, and changes nothing. Where there is no job, says what stands in the way of those that are ready.
    pub fn preview(&self, claim: &Claim, now: Timestamp) -> Result<(Option<Pick>, Sought), Refusal> {
        let kept = self.kept_for(&claim.factory);
        let (seat, card) = self.seats.admit(&claim.factory, !kept.is_empty())?;
        if let Some(reason) = self.shut() {
            let mut sought = Sought { considered: self.ready(), ..Sought::default() };
            sought.filter(reason, self.ready());
            return Ok((None, sought));
        }
        let bid = self.bid(seat, &card, claim, now);
        let keeps = !kept.is_empty();
        let kept = kept.into_iter().filter_map(|job| self.kept_pick(&bid, job));
        let rank = |pick: &Pick| (pick.breakdown.score(), std::cmp::Reverse(pick.job));
        if let Some(pick) = kept.max_by_key(rank) {
            let sought = pick.sought.clone();
            return Ok((Some(pick), sought));
        }
        if keeps {
            // The seats that are kept are for others.
            self.seats.admit(&claim.factory, false)?;
        }
        Ok(self.best(&bid))
    }

    fn best(&self, bid: &Bid<'_>) -> (Option<Pick>, Sought) {
        let mut sought = Sought { considered: self.ready(), ..Sought::default() };
        let (mut best, mut others) = (None::<Best<'_>>, Vec::new());
        for demand in self.index.demands() {
            let rejected = bid.supply.rejects(&demand.needs);
            for (_, class) in self.index.classes(demand).filter(|(_, class)| class.ready > 0) {
                sought.filter(Reason::ConcurrencyKey, class.shut);
                let open = class.ready - class.shut;
                if let Some(reason) = rejected {
                    sought.filter(reason, open);
                    continue;
                }
                let Some(mut head) = class.head(&bid.weights, bid.now) else { continue };
                if self.excludes(class, bid.seat, bid.now) {
                    sought.filter(Reason::Excluded, open);
                    continue;
                }
                let base = bid.base(&class.kind, &demand.needs);
                head.score = head.score.plus(base);
                if self.rules.keeps_top {
                    let front = class.front(&bid.weights, bid.now, MOST_TOP + 1);
                    others.extend(front.iter().map(|other| (other.rank.job, other.score.plus(base))));
                }
                if best.as_ref().is_none_or(|best| head.beats(&best.head)) {
                    best = Some(Best { head, class, needs: &demand.needs });
                }
            }
        }
        let Some(best) = best else { return (None, sought) };
        others.retain(|(job, _)| *job != best.head.rank.job);
        sought.keep_top(others);
        let pick = picked(bid, &best, sought.clone());
        (Some(pick), sought)
    }

    /// The ready jobs that seats of the factory are kept for.
    fn kept_for(&self, factory: &FactoryId) -> Vec<JobId> {
        let kept = self.seats.known(factory).into_iter().flat_map(|seat| self.evictions.kept(seat));
        kept.filter(|job| self.ready_entry(*job).is_some()).collect()
    }

    fn kept_pick(&self, bid: &Bid<'_>, job: JobId) -> Option<Pick> {
        let Entry { class, spot, .. } = self.ready_entry(job)?;
        let class = self.index.class(class)?;
        let needs = self.index.needs(class)?;
        if !self.is_open(spot.lock) || bid.supply.rejects(needs).is_some() {
            return None;
        }
        let head = class::head(&bid.weights, spot.rank, spot.due_at, bid.now);
        let sought = Sought { considered: 1, ..Sought::default() };
        Some(picked(bid, &Best { head, class, needs }, sought))
    }

    /// Counts a picked job as offered.
    pub(super) fn offer(&mut self, pick: &Pick, now: Timestamp) {
        let seat = self.seats.number(&pick.factory);
        let Some(entry) = self.entries.get(pick.job) else { return };
        self.unsettle(&entry, now);
        self.placed(pick.job, now);
        self.settle(Entry { place: Place::Offered(seat), ..entry }, now);
    }

    /// How many ready jobs the factory could run.
    pub fn claimable(&self, factory: &FactoryId, now: Timestamp) -> usize {
        let Some((seat, card)) = self.seats.known(factory).zip(self.seats.card(factory)) else { return 0 };
        if self.shut().is_some() {
            return 0;
        }
        let supply = self.seats.supply(card, &Claim::plain(factory.clone()), now);
        let met = self.index.demands().filter(|demand| supply.rejects(&demand.needs).is_none());
        let classes = met.flat_map(|demand| self.index.classes(demand));
        let open = classes.filter(|(_, class)| class.ready > class.shut && !self.excludes(class, seat, now));
        open.map(|(_, class)| class.ready - class.shut).sum()
    }
}

/// A head as a pick.
fn picked(bid: &Bid<'_>, best: &Best<'_>, sought: Sought) -> Pick {
    Pick {
        job: best.head.rank.job,
        factory: bid.factory.clone(),
        engine: bid.supply.engine(best.needs),
        breakdown: bid.breakdown(&best.class.kind, best.needs, &best.head),
        sought,
    }
}
