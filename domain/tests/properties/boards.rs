//! The board against its naive rival: same picks by the same scores, same counts, and nobody waits beside a job that fits.

use domain::dispatch::{Board, Claim, Pick, Rules, Standing, Tenure, WaiterNo, Weights};
use domain::factory::Refusal;
use domain::job::Stage;
use domain::{Epoch, FactoryId, JobId, Timestamp, Usd};
use proptest::prelude::*;
use uuid::Uuid;

use crate::rival::{Known, Rival, Spot};
use crate::shapes::{self, CardShape, ClaimShape, FACTORIES, JobShape, STEP_MS, name};

/// Something that happens to a board.
#[derive(Clone, Debug)]
pub(crate) enum Move {
    Submit(JobShape),
    Claim(ClaimShape),
    Wait(ClaimShape),
    Leave,
    Lease { nth: usize },
    EndOffer { nth: usize },
    Review { nth: usize },
    End { nth: usize, requeued: bool },
    Cancel { nth: usize },
    Weigh { nth: usize, dependents: u8 },
    Card(CardShape),
    Load { factory: u8, permille: u16 },
    Rules { paused: bool, review_limit: Option<u32>, cents: u64, weights: Vec<(u8, u16)> },
    Pass { ms: i64 },
    Reopen,
}

fn step() -> impl Strategy<Value = Move> {
    let nth = || 0_usize..8;
    let some = || proptest::option::weighted(0.3, 0_u32..3);
    let weights = prop_oneof![1 => Just(Vec::new()), 1 => prop::collection::vec((0_u8..9, 0_u16..300), 1..5)];
    prop_oneof![
        6 => shapes::job().prop_map(Move::Submit),
        5 => shapes::claim().prop_map(Move::Claim),
        4 => shapes::claim().prop_map(Move::Wait),
        1 => Just(Move::Leave),
        4 => nth().prop_map(|nth| Move::Lease { nth }),
        2 => nth().prop_map(|nth| Move::EndOffer { nth }),
        1 => nth().prop_map(|nth| Move::Review { nth }),
        4 => (nth(), any::<bool>()).prop_map(|(nth, requeued)| Move::End { nth, requeued }),
        1 => nth().prop_map(|nth| Move::Cancel { nth }),
        1 => (nth(), 0_u8..11).prop_map(|(nth, dependents)| Move::Weigh { nth, dependents }),
        3 => shapes::card().prop_map(Move::Card),
        1 => (0..FACTORIES, 0_u16..1_001).prop_map(|(factory, permille)| Move::Load { factory, permille }),
        2 => (prop::bool::weighted(0.3), some(), 0_u64..1_500, weights)
            .prop_map(|(paused, review_limit, cents, weights)| Move::Rules { paused, review_limit, cents, weights }),
        3 => (1_i64..3 * STEP_MS).prop_map(|ms| Move::Pass { ms }),
        1 => Just(Move::Reopen),
    ]
}

/// The board and its rival, side by side.
pub(crate) struct Pair {
    pub(crate) board: Board,
    pub(crate) rival: Rival,
    pub(crate) waiters: Vec<(WaiterNo, Claim)>,
    pub(crate) now: Timestamp,
    submitted: u128,
}

impl Pair {
    pub(crate) fn new() -> Self {
        let mut pair = Self {
            board: Board::default(),
            rival: Rival::default(),
            waiters: Vec::new(),
            now: Timestamp(100 * STEP_MS),
            submitted: 0,
        };
        for no in 0..2 {
            pair.card(&CardShape::plain(no));
        }
        pair
    }

    pub(crate) fn card(&mut self, shape: &CardShape) {
        let card = shape.card(self.now);
        self.rival.factories.retain(|old| old.id != card.id);
        self.rival.factories.push(card.clone());
        self.board.observe_factory(card, self.now);
    }

    /// The board sees the job as it was committed.
    fn observe(&mut self, job: Standing, spot: Option<Spot>) {
        self.board.observe(&job, self.now);
        let dependents = self.rival.known(job.job).map_or(0, |known| known.dependents);
        self.rival.jobs.retain(|known| known.job.job != job.job);
        self.rival.reviewing.retain(|id| *id != job.job);
        if job.stage == Stage::Review {
            self.rival.reviewing.push(job.job);
        }
        self.rival.jobs.extend(spot.map(|spot| Known { job, spot, dependents }));
    }

    /// The nth of the jobs in such a place.
    fn nth(&self, nth: usize, of: impl Fn(&Spot) -> bool) -> Option<Known> {
        let fitting: Vec<_> = self.rival.jobs.iter().filter(|known| of(&known.spot)).collect();
        fitting.get(nth % fitting.len().max(1)).map(|known| (*known).clone())
    }

    pub(crate) fn play(&mut self, step: Move) -> Result<(), TestCaseError> {
        match step {
            Move::Submit(shape) => self.submit(&shape),
            Move::Claim(shape) => drop(self.claim(&shape.claim())?),
            Move::Wait(shape) => {
                let claim = shape.claim();
                if self.claim(&claim)? == Ok(None) {
                    let no = self.board.park(claim.clone(), self.now);
                    self.waiters.push((no, claim));
                }
            }
            Move::Leave => self.waiters.pop().into_iter().for_each(|(no, _)| self.board.unpark(no)),
            Move::Lease { nth } => {
                if let Some(Known { job, spot: Spot::Offered(by), .. }) =
                    self.nth(nth, |spot| matches!(spot, Spot::Offered(_)))
                {
                    let tenure = Some(tenure(by.clone(), self.now));
                    let leased = Standing { stage: Stage::Assigned, tenure, not_before: None, ..job };
                    self.observe(leased, Some(Spot::Running(by)));
                }
            }
            Move::EndOffer { nth } => {
                if let Some(Known { job, .. }) = self.nth(nth, |spot| matches!(spot, Spot::Offered(_))) {
                    self.board.end_offer(job.job, self.now);
                    if let Some(known) = self.rival.known(job.job) {
                        known.spot = Spot::Ready;
                    }
                }
            }
            Move::Review { nth } => {
                if let Some(Known { job, spot, .. }) = self.nth(nth, |spot| matches!(spot, Spot::Running(_))) {
                    self.observe(Standing { stage: Stage::Review, ..job }, Some(spot));
                }
            }
            Move::End { nth, requeued } => self.end(nth, requeued),
            Move::Cancel { nth } => {
                if let Some(Known { job, .. }) = self.nth(nth, |_| true) {
                    self.observe(Standing { stage: Stage::Cancelled, tenure: None, ..job }, None);
                }
            }
            Move::Weigh { nth, dependents } => {
                if let Some(Known { job, .. }) = self.nth(nth, |_| true) {
                    self.weigh(job.job, dependents);
                }
            }
            Move::Card(shape) => self.card(&shape),
            Move::Load { factory, permille } => {
                self.board.soften_factory(&name(factory), permille, self.now);
                self.rival.loads.retain(|(id, _)| *id != name(factory));
                self.rival.loads.push((name(factory), permille));
            }
            Move::Rules { paused, review_limit, cents, weights } => {
                let weights = Weights::default().with(&shapes::weights(&weights));
                let estimate = Usd(cents * 10_000);
                let rules = Rules { paused, review_limit, weights, estimate, keeps_top: true, ..Rules::default() };
                self.board.set_rules(rules.clone(), self.now);
                self.rival.rules = rules;
            }
            Move::Pass { ms } => self.now = Timestamp(self.now.0 + ms),
            Move::Reopen => self.reopen(),
        }
        self.wake();
        self.serve()?;
        self.agree()
    }

    pub(crate) fn submit(&mut self, shape: &JobShape) {
        self.submitted += 1;
        // Ids do not follow the order of submission.
        let id = JobId(Uuid::from_u128(self.submitted * 7 % 61));
        let spot = if shape.pause_ms > 0 { Spot::Delayed } else { Spot::Ready };
        self.observe(shape.standing(id, self.now), Some(spot));
        self.weigh(id, shape.dependents);
    }

    fn weigh(&mut self, job: JobId, dependents: u8) {
        self.board.set_dependents(job, dependents, self.now);
        self.rival.known(job).into_iter().for_each(|known| known.dependents = dependents);
    }

    /// The product is opened again: offers and waiting claims are gone, everything else is as it was committed.
    fn reopen(&mut self) {
        self.waiters.clear();
        self.rival.loads.clear();
        self.board = Board::default();
        self.board.set_rules(self.rival.rules.clone(), self.now);
        self.board.set_reviewing(self.rival.reviewing.iter().copied());
        self.rival.factories.iter().for_each(|card| self.board.observe_factory(card.clone(), self.now));
        let mut waiting = Vec::new();
        for known in &mut self.rival.jobs {
            match known.spot {
                Spot::Running(_) => self.board.observe(&known.job, self.now),
                Spot::Ready | Spot::Delayed | Spot::Offered(_) => waiting.push(known.job.clone()),
            }
            if matches!(known.spot, Spot::Offered(_)) {
                known.spot = Spot::Ready;
            }
        }
        waiting.sort_by_key(|job| job.job);
        self.board.fill(&waiting, self.now);
        for known in &self.rival.jobs {
            self.board.set_dependents(known.job.job, known.dependents, self.now);
        }
    }

    fn end(&mut self, nth: usize, requeued: bool) {
        let Some(Known { job, .. }) = self.nth(nth, |spot| matches!(spot, Spot::Running(_))) else { return };
        if requeued {
            let job = Standing { stage: Stage::Queued, tenure: None, queued_at: self.now, ..job };
            self.observe(job, Some(Spot::Ready));
        } else {
            self.observe(Standing { stage: Stage::Shipped, tenure: None, ..job }, None);
        }
    }

    /// Both answer a claim; the answers are the same, and so are the scores.
    fn claim(&mut self, claim: &Claim) -> Result<Result<Option<JobId>, Refusal>, TestCaseError> {
        let best = self.rival.best(claim, self.now);
        let seen = self.board.preview(claim, self.now).map(|(pick, _)| pick);
        let pick = self.board.pick(claim, self.now);
        prop_assert_eq!(&seen, &pick);
        if let Ok(Some(pick)) = &pick
            && self.rival.rules.keeps_top
        {
            prop_assert_eq!(Ok(pick.sought.top.clone()), self.rival.runners_up(claim, self.now));
        }
        let scored = pick.map(|pick| pick.map(|Pick { job, breakdown, .. }| (job, breakdown.score())));
        prop_assert_eq!(&scored, &best);
        let answer = best.map(|best| best.map(|(job, _)| job));
        if let Ok(Some(id)) = answer {
            self.offer(id, &claim.factory);
        }
        Ok(answer)
    }

    fn offer(&mut self, id: JobId, to: &FactoryId) {
        if let Some(known) = self.rival.known(id) {
            known.spot = Spot::Offered(to.clone());
        }
    }

    fn wake(&mut self) {
        self.board.wake(self.now);
        for known in &mut self.rival.jobs {
            if known.spot == Spot::Delayed && known.job.not_before.is_none_or(|at| at <= self.now) {
                known.spot = Spot::Ready;
            }
        }
    }

    /// Everything that is served may be served, nobody is left beside a job that fits, and no job is passed over that
    /// comes before another one for everybody.
    fn serve(&mut self) -> Result<(), TestCaseError> {
        let mut served = Vec::new();
        for (no, pick) in self.board.serve_waiters(self.now, |_| false) {
            let at = self.waiters.iter().position(|(waiter, _)| *waiter == no);
            prop_assert!(at.is_some(), "whoever is served was waiting, once");
            let (_, claim) = self.waiters.remove(at.unwrap_or_default());
            prop_assert_eq!(&pick.factory, &claim.factory);
            prop_assert!(!self.rival.is_shut());
            let ready = self.rival.jobs.iter().any(|known| known.job.job == pick.job && known.spot == Spot::Ready);
            let fit = self.rival.fit(&claim, pick.job, self.now);
            prop_assert!(ready && fit.is_some(), "{:?} for {:?}", pick, claim);
            self.offer(pick.job, &claim.factory);
            served.push((claim, pick.job));
        }
        for (claim, job) in &served {
            let better = self.rival.passed_over(claim, *job, self.now);
            prop_assert!(better.is_none(), "{:?} got {:?} and {:?} is left", claim, job, better);
        }
        for (no, claim) in &self.waiters {
            let left = self.rival.best(claim, self.now);
            prop_assert!(!matches!(left, Ok(Some(_))), "waiter {:?} {:?} is left beside {:?}", no, claim, left);
        }
        Ok(())
    }

    fn agree(&self) -> Result<(), TestCaseError> {
        for card in &self.rival.factories {
            prop_assert_eq!(self.board.seats_used(&card.id), self.rival.used(&card.id));
            let claim = Claim::plain(card.id.clone());
            let fits =
                |known: &&Known| known.spot == Spot::Ready && self.rival.fits(card, &claim, &known.job, self.now);
            let claimable = if self.rival.is_shut() { 0 } else { self.rival.jobs.iter().filter(fits).count() };
            prop_assert_eq!(self.board.claimable(&card.id, self.now), claimable);
        }
        let ready = self.rival.jobs.iter().filter(|known| known.spot == Spot::Ready).count();
        let offered = self.rival.jobs.iter().filter(|known| matches!(known.spot, Spot::Offered(_))).count();
        prop_assert_eq!((self.board.ready(), self.board.offered(None) as usize), (ready, offered));
        prop_assert_eq!(self.board.waiting(), self.waiters.len());
        let next = self.rival.jobs.iter().filter(|known| known.spot == Spot::Delayed);
        let next = next.filter_map(|known| known.job.not_before).min();
        prop_assert!(next.is_none_or(|next| self.board.next_wake().is_some_and(|wake| wake <= next)));
        let waits: usize = self.board.waits(self.now).values().sum();
        let delayed = self.rival.jobs.iter().filter(|known| known.spot == Spot::Delayed).count();
        prop_assert_eq!(waits, ready + delayed, "every waiting job waits for one reason");
        Ok(())
    }
}

pub(crate) fn tenure(holder: FactoryId, now: Timestamp) -> Tenure {
    Tenure { holder, epoch: Epoch(1), since: now, saved_at: now, preempted: 0 }
}

/// What happens to a board, one after the other.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Move>> {
    prop::collection::vec(step(), 1..60)
}

/// The board does what its rival does, whatever happens.
pub(crate) fn agrees(steps: Vec<Move>) -> Result<(), TestCaseError> {
    let mut pair = Pair::new();
    steps.into_iter().try_for_each(|step| pair.play(step))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_board_agrees_with_its_naive_rival(steps in steps()) {
        agrees(steps)?;
    }

    #[test]
    fn a_board_that_is_emptied_counts_nothing(steps in steps()) {
        let mut pair = Pair::new();
        for step in steps {
            pair.play(step)?;
        }
        for known in std::mem::take(&mut pair.rival.jobs) {
            pair.board.clear(known.job.job, pair.now);
        }
        pair.rival.reviewing.clear();
        pair.agree()?;
    }
}
