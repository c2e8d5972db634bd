//! What becomes ready goes to the waiting claim that it fits best; whoever gets room looks for the best job that there is.
//! Nobody is left waiting beside a job that fits.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Board, Entry};
use crate::dispatch::class::{self, Class, Rank};
use crate::dispatch::needs::Needs;
use crate::dispatch::score::{self, Score};
use crate::dispatch::sought::{Pick, Sought};
use crate::dispatch::supply::Supply;
use crate::dispatch::waiters::{WaiterNo, Waiters};
use crate::dispatch::weights::{SomeWeights, Term};
use crate::{JobId, Timestamp};

/// The order in which jobs are given away.
type Worth = (Reverse<Score>, Rank);

/// Claims of factories that got room, and the jobs that are to be given away.
///
/// Claims that bring the same and weigh the same stand in one line, for which only the first one asks; while some jobs are
/// kept from some factories, each stands alone.
struct Lines {
    alone: bool,
    numbers: BTreeMap<(Supply, SomeWeights), usize>,
    lines: Vec<VecDeque<WaiterNo>>,
    /// Lines whose first claim has asked for nothing.
    idle: BTreeSet<usize>,
    /// Jobs, and the lines that ask for them.
    queue: BTreeMap<Worth, Vec<usize>>,
}

impl Lines {
    fn new(alone: bool) -> Self {
        let (numbers, lines) = (BTreeMap::new(), Vec::new());
        Self { alone, numbers, lines, idle: BTreeSet::new(), queue: BTreeMap::new() }
    }

    fn enter(&mut self, no: WaiterNo, waiters: &Waiters) {
        let next = self.lines.len();
        let alike = waiters.placed(no).zip(waiters.get(no)).filter(|_| !self.alone);
        // Who may only take what a seat is kept for is like nobody else.
        let at = alike.map_or(next, |(supply, (claim, _))| {
            *self.numbers.entry((supply.clone(), claim.weights.clone())).or_insert(next)
        });
        if at == next {
            self.lines.push(VecDeque::new());
        }
        if self.lines[at].is_empty() {
            self.idle.insert(at);
        }
        if !self.lines[at].contains(&no) {
            self.lines[at].push_back(no);
        }
    }

    fn first(&self, at: usize) -> Option<WaiterNo> {
        self.lines[at].front().copied()
    }

    fn leave(&mut self, at: usize) {
        self.lines[at].pop_front();
    }
}

impl Board {
    /// Gives jobs to waiting claims, each of which stops waiting: what became ready, and the best job that there is for each
    /// claim of a factory that got room. The most urgent goes first, to whoever it fits best.
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
        let mut lines = Lines::new(self.excluding > 0);
        while self.shut().is_none() {
            // To serve somebody may give a kept seat back, or bring another job behind a key to the front.
            for seat in std::mem::take(&mut self.roomy) {
                self.waiters.of(seat).into_iter().filter(|no| !gone(*no)).for_each(|no| lines.enter(no, &self.waiters));
            }
            self.ask(&mut lines, now);
            for worth in self.index.take_fresh().into_iter().filter_map(|job| self.worth(job, now)) {
                lines.queue.entry(worth).or_default();
            }
            let Some(((_, Rank { job, .. }), askers)) = lines.queue.pop_first() else { break };
            let kept_for = askers.iter().filter_map(|at| lines.first(*at)).find(|no| self.keeps(*no, job));
            let given = match kept_for {
                Some(no) => self.give(no, now),
                None => self.serve_job(job, now, &gone),
            };
            // Whoever asked for it asks for another one. If it is there and nobody got it, they cannot have it after all.
            let is_left = self.ready_entry(job).is_some_and(|entry| self.is_open(entry.spot.lock));
            for at in askers {
                if is_left {
                    lines.leave(at);
                }
                lines.idle.insert(at);
            }
            served.extend(given);
        }
        served
    }

    /// Finds the best job for the first of each line that has not asked for one.
    fn ask(&self, lines: &mut Lines, now: Timestamp) {
        while let Some(at) = lines.idle.pop_first() {
            while let Some(no) = lines.first(at) {
                let best = self.waiters.get(no).and_then(|(claim, _)| self.preview(claim, now).ok()?.0);
                if let Some(worth) = best.and_then(|pick| self.worth(pick.job, now)) {
                    lines.queue.entry(worth).or_default().push(at);
                    break;
                }
                lines.leave(at);
            }
        }
    }

    /// A seat of the factory that the claim comes from is kept for the job.
    fn keeps(&self, no: WaiterNo, job: JobId) -> bool {
        self.waiters.get(no).is_some_and(|(_, seat)| self.evictions.seat_kept(job) == Some(seat))
    }

    /// Gives a waiting claim its best job.
    fn give(&mut self, no: WaiterNo, now: Timestamp) -> Option<(WaiterNo, Pick)> {
        let claim = self.waiters.get(no).map(|(claim, _)| claim.clone())?;
        let pick = self.pick(&claim, now).ok()??;
        self.waiters.take(no);
        Some((no, pick))
    }

    /// What a ready job is worth whoever gets it: higher scores first, then older ones.
    fn worth(&self, job: JobId, now: Timestamp) -> Option<Worth> {
        let Entry { class, spot, .. } = self.ready_entry(job)?;
        let merit = &self.index.class(class)?.kind.merit;
        let weights = &self.rules.weights;
        let mut head = class::head(weights, spot.rank, spot.due_at, now);
        for (term, value) in [
            (Term::Priority, score::priority(merit.priority)),
            (Term::CriticalPath, score::critical_path(self.index.class(class)?.kind.waiting)),
            (Term::Retry, score::retry(merit.attempt, merit.max_attempts)),
            (Term::Cost, score::cost(merit.estimate.unwrap_or(self.rules.estimate))),
        ] {
            head.score = head.score.plus(Score::of(weights, term, value));
        }
        Some((Reverse(head.score), spot.rank))
    }

    fn serve_job(&mut self, job: JobId, now: Timestamp, gone: &impl Fn(WaiterNo) -> bool) -> Option<(WaiterNo, Pick)> {
        let Entry { class, spot, .. } = self.ready_entry(job)?;
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

    /// The waiting claim that a job of the class fits best: the first of each group, or one of whoever holds its
    /// checkpoint.
    fn best_waiter(
        &self,
        class: &Class,
        needs: &Needs,
        now: Timestamp,
        gone: &impl Fn(WaiterNo) -> bool,
    ) -> Option<WaiterNo> {
        let takes = |no: &WaiterNo| {
            let of = self.waiters.get(*no);
            !gone(*no) && of.is_some_and(|(_, seat)| !self.excludes(class, seat, now))
        };
        let groups = self.waiters.groups().filter(|(supply, _)| supply.rejects(needs).is_none());
        let firsts = groups.filter_map(|(_, mut waiters)| waiters.find(takes));
        let holder = class.kind.merit.saved_by.as_ref().and_then(|id| self.seats.known(id));
        let holders = holder.map(|seat| self.waiters.of(seat)).unwrap_or_default().into_iter();
        let may = |no: &WaiterNo| self.waiters.placed(*no).is_some_and(|supply| supply.rejects(needs).is_none());
        let scored = firsts.chain(holders.filter(|no| may(no) && takes(no))).filter_map(|no| {
            let (claim, seat) = self.waiters.get(no)?;
            let card = self.seats.card(&claim.factory)?;
            let bid = super::bid::Bid { weights: self.rules.weights, ..self.bid(seat, card, claim, now) };
            Some((bid.base(&class.kind, needs), Reverse(no)))
        });
        let best: Option<(Score, Reverse<WaiterNo>)> = scored.max();
        best.map(|(_, Reverse(no))| no)
    }
}
