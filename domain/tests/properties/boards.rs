//! The board against its naive rival: same picks, same counts, and nobody waits beside a job that fits.

use std::sync::Arc;

use domain::dispatch::{Board, Claim, Needs, Standing, WaiterNo};
use domain::factory::{Beat, Card, Command, Descriptor, Factory, Health};
use domain::job::Stage;
use domain::job::state::Priority;
use domain::{FactoryId, JobId, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use crate::rival::{Rival, Spot};

const WORDS: [&str; 2] = ["gpu", "mac"];
const KEYS: [&str; 2] = ["door", "wall"];

/// Something that happens to a board.
#[derive(Clone, Debug)]
enum Move {
    Submit { priority: u8, words: u8, key: Option<(u8, u32)>, pause_ms: i64 },
    Claim { factory: u8, words: Option<u8> },
    Wait { factory: u8, words: Option<u8> },
    Leave,
    Lease { nth: usize },
    EndOffer { nth: usize },
    End { nth: usize, requeued: bool },
    Cancel { nth: usize },
    Card { factory: u8, words: u8, seats: u32, draining: bool },
    Pause(bool),
    Pass { ms: i64 },
    Reopen,
}

fn step() -> impl Strategy<Value = Move> {
    let words = || proptest::option::of(0_u8..4);
    let nth = || 0_usize..8;
    let key = proptest::option::of((0_u8..2, 1_u32..3));
    let pause_ms = prop_oneof![3 => Just(0), 1 => 1_i64..50];
    prop_oneof![
        5 => (0_u8..4, 0_u8..4, key, pause_ms)
            .prop_map(|(priority, words, key, pause_ms)| Move::Submit { priority, words, key, pause_ms }),
        5 => (0_u8..3, words()).prop_map(|(factory, words)| Move::Claim { factory, words }),
        3 => (0_u8..3, words()).prop_map(|(factory, words)| Move::Wait { factory, words }),
        1 => Just(Move::Leave),
        4 => nth().prop_map(|nth| Move::Lease { nth }),
        2 => nth().prop_map(|nth| Move::EndOffer { nth }),
        4 => (nth(), any::<bool>()).prop_map(|(nth, requeued)| Move::End { nth, requeued }),
        1 => nth().prop_map(|nth| Move::Cancel { nth }),
        2 => (0_u8..3, 0_u8..4, 0_u32..3, prop::bool::weighted(0.2))
            .prop_map(|(factory, words, seats, draining)| Move::Card { factory, words, seats, draining }),
        1 => any::<bool>().prop_map(Move::Pause),
        2 => (1_i64..40).prop_map(|ms| Move::Pass { ms }),
        1 => Just(Move::Reopen),
    ]
}

fn name(no: u8) -> FactoryId {
    format!("f{no}").parse().expect("given in a good form")
}

fn words(bits: u8) -> Vec<String> {
    let chosen = WORDS.iter().enumerate().filter(|(no, _)| bits & (1 << no) != 0);
    chosen.map(|(_, word)| (*word).to_owned()).collect()
}

fn factory(no: u8, bits: u8, seat_limit: u32, draining: bool) -> Arc<Factory> {
    let card = Card {
        factory_id: name(no),
        descriptor: Descriptor::default(),
        engines: Vec::new(),
        repos: Vec::new(),
        capabilities: words(bits),
        engine_classes: Vec::new(),
        health: Health::Ok,
        seat_limit,
        heartbeat_sec: 30,
    };
    let beat = Command::Beat(Box::new(Beat { card, load_permille: 0 }));
    let step = domain::factory::transition(None, &"p".parse().expect("given in a good form"), &beat, Timestamp(0));
    Arc::new(Factory { draining, ..step.next.expect("given in a good form") })
}

/// The board and its rival, side by side.
struct Pair {
    board: Board,
    rival: Rival,
    waiters: Vec<(WaiterNo, Claim)>,
    now: Timestamp,
    submitted: u128,
}

impl Pair {
    fn new() -> Self {
        let mut pair = Self {
            board: Board::default(),
            rival: Rival::default(),
            waiters: Vec::new(),
            now: Timestamp(0),
            submitted: 0,
        };
        for no in 0..2 {
            pair.card(factory(no, 3, 2, false));
        }
        pair
    }

    fn card(&mut self, card: Arc<Factory>) {
        self.rival.factories.retain(|old| old.id != card.id);
        self.rival.factories.push(card.clone());
        self.board.observe_factory(card);
    }

    /// The board sees the job as it was committed.
    fn observe(&mut self, job: Standing, spot: Option<Spot>) {
        self.board.observe(&job, self.now);
        self.rival.jobs.retain(|(old, _)| old.job != job.job);
        self.rival.jobs.extend(spot.map(|spot| (job, spot)));
    }

    /// The nth of the jobs in such a place.
    fn nth(&self, nth: usize, of: impl Fn(&Spot) -> bool) -> Option<(Standing, Spot)> {
        let fitting: Vec<_> = self.rival.jobs.iter().filter(|(_, spot)| of(spot)).collect();
        fitting.get(nth % fitting.len().max(1)).map(|job| (*job).clone())
    }

    fn play(&mut self, step: Move) -> Result<(), TestCaseError> {
        match step {
            Move::Submit { priority, words, key, pause_ms } => self.submit(priority, words, key, pause_ms),
            Move::Claim { factory, words } => drop(self.claim(&claim(factory, words))?),
            Move::Wait { factory, words } => {
                let claim = claim(factory, words);
                if self.claim(&claim)? == Ok(None) {
                    let no = self.board.park(claim.clone());
                    self.waiters.push((no, claim));
                }
            }
            Move::Leave => self.waiters.pop().into_iter().for_each(|(no, _)| self.board.unpark(no)),
            Move::Lease { nth } => {
                if let Some((job, Spot::Offered(by))) = self.nth(nth, |spot| matches!(spot, Spot::Offered(_))) {
                    let leased = Standing { stage: Stage::Assigned, holder: Some(by.clone()), not_before: None, ..job };
                    self.observe(leased, Some(Spot::Running(by)));
                }
            }
            Move::EndOffer { nth } => {
                if let Some((job, _)) = self.nth(nth, |spot| matches!(spot, Spot::Offered(_))) {
                    self.board.end_offer(job.job);
                    if let Some((_, spot)) = self.rival.spot(job.job) {
                        *spot = Spot::Ready;
                    }
                }
            }
            Move::End { nth, requeued } => self.end(nth, requeued),
            Move::Cancel { nth } => {
                if let Some((job, _)) = self.nth(nth, |_| true) {
                    self.observe(Standing { stage: Stage::Cancelled, holder: None, ..job }, None);
                }
            }
            Move::Card { factory: no, words, seats, draining } => self.card(factory(no, words, seats, draining)),
            Move::Pause(paused) => {
                self.board.set_paused(paused);
                self.rival.paused = paused;
            }
            Move::Pass { ms } => self.now = Timestamp(self.now.0 + ms),
            Move::Reopen => self.reopen(),
        }
        self.wake();
        self.serve()?;
        self.agree()
    }

    fn submit(&mut self, priority: u8, bits: u8, key: Option<(u8, u32)>, pause_ms: i64) {
        self.submitted += 1;
        // Ids do not follow the order of submission.
        let id = JobId(Uuid::from_u128(self.submitted * 7 % 61));
        let needs = Needs {
            capabilities: words(bits),
            engine_class: None,
            engines: Vec::new(),
            key: key.map(|(no, _)| KEYS[usize::from(no)].to_owned()),
            limit: key.map_or(1, |(_, limit)| limit),
        };
        let job = Standing {
            job: id,
            stage: Stage::Queued,
            blocked_reason: None,
            priority: [Priority::Low, Priority::Normal, Priority::High, Priority::Critical][usize::from(priority)],
            needs: Arc::new(needs),
            queued_at: self.now,
            not_before: (pause_ms > 0).then(|| Timestamp(self.now.0 + pause_ms)),
            holder: None,
            awaits: None,
        };
        let spot = if pause_ms > 0 { Spot::Delayed } else { Spot::Ready };
        self.observe(job, Some(spot));
    }

    /// The product is opened again: offers and waiting claims are gone, everything else is as it was committed.
    fn reopen(&mut self) {
        self.waiters.clear();
        self.board = Board::default();
        self.board.set_paused(self.rival.paused);
        self.rival.factories.iter().for_each(|card| self.board.observe_factory(card.clone()));
        let mut waiting = Vec::new();
        for (job, spot) in &mut self.rival.jobs {
            match spot {
                Spot::Running(_) => self.board.observe(job, self.now),
                Spot::Ready | Spot::Delayed | Spot::Offered(_) => waiting.push(job.clone()),
            }
            if matches!(spot, Spot::Offered(_)) {
                *spot = Spot::Ready;
            }
        }
        waiting.sort_by_key(|job| job.job);
        self.board.fill(&waiting, self.now);
    }

    fn end(&mut self, nth: usize, requeued: bool) {
        let Some((job, _)) = self.nth(nth, |spot| matches!(spot, Spot::Running(_))) else { return };
        if requeued {
            let job = Standing { stage: Stage::Queued, holder: None, queued_at: self.now, ..job };
            self.observe(job, Some(Spot::Ready));
        } else {
            self.observe(Standing { stage: Stage::Shipped, holder: None, ..job }, None);
        }
    }

    /// Both answer a claim; the answers are the same.
    fn claim(&mut self, claim: &Claim) -> Result<Result<Option<JobId>, domain::factory::Refusal>, TestCaseError> {
        let best = self.rival.best(claim);
        let pick = self.board.pick(claim).map(|pick| pick.map(|pick| pick.job));
        prop_assert_eq!(&pick, &best);
        if let Ok(Some(id)) = pick {
            self.offer(id, &claim.factory);
        }
        Ok(best)
    }

    fn offer(&mut self, id: JobId, to: &FactoryId) {
        if let Some((_, spot)) = self.rival.spot(id) {
            *spot = Spot::Offered(to.clone());
        }
    }

    fn wake(&mut self) {
        self.board.wake(self.now);
        for (job, spot) in &mut self.rival.jobs {
            if *spot == Spot::Delayed && job.not_before.is_none_or(|at| at <= self.now) {
                *spot = Spot::Ready;
            }
        }
    }

    /// Everything that is served may be served, and nobody is left beside a job that fits.
    fn serve(&mut self) -> Result<(), TestCaseError> {
        for (no, pick) in self.board.serve_waiters(|_| false) {
            let at = self.waiters.iter().position(|(waiter, _)| *waiter == no);
            prop_assert!(at.is_some(), "whoever is served was waiting, once");
            let (_, claim) = self.waiters.remove(at.unwrap_or_default());
            prop_assert_eq!(&pick.factory, &claim.factory);
            prop_assert!(!self.rival.paused);
            let card = self.rival.admit(&claim.factory);
            prop_assert!(card.is_ok(), "{:?}", card);
            let ready = self.rival.jobs.iter().find(|(job, spot)| job.job == pick.job && *spot == Spot::Ready);
            let fits = ready.is_some_and(|(job, _)| {
                self.rival.admit(&claim.factory).is_ok_and(|card| self.rival.fits(card, &claim, job))
            });
            prop_assert!(fits, "{:?} for {:?}", pick, claim);
            self.offer(pick.job, &claim.factory);
        }
        for (no, claim) in &self.waiters {
            let left = self.rival.best(claim);
            prop_assert!(!matches!(left, Ok(Some(_))), "waiter {:?} {:?} is left beside {:?}", no, claim, left);
        }
        Ok(())
    }

    fn agree(&self) -> Result<(), TestCaseError> {
        for card in &self.rival.factories {
            prop_assert_eq!(self.board.seats_used(&card.id), self.rival.used(&card.id));
            let claim = Claim { factory: card.id.clone(), capabilities: None, engine_classes: None };
            let fits = |(job, spot): &&(Standing, Spot)| *spot == Spot::Ready && self.rival.fits(card, &claim, job);
            let claimable = if self.rival.paused { 0 } else { self.rival.jobs.iter().filter(fits).count() };
            prop_assert_eq!(self.board.claimable(&card.id), claimable);
        }
        let ready = self.rival.jobs.iter().filter(|(_, spot)| *spot == Spot::Ready).count();
        let offered = self.rival.jobs.iter().filter(|(_, spot)| matches!(spot, Spot::Offered(_))).count();
        let next =
            self.rival.jobs.iter().filter(|(_, spot)| *spot == Spot::Delayed).filter_map(|(job, _)| job.not_before);
        prop_assert_eq!((self.board.ready(), self.board.offered(None) as usize), (ready, offered));
        prop_assert_eq!((self.board.waiting(), self.board.next_wake()), (self.waiters.len(), next.min()));
        Ok(())
    }
}

fn claim(no: u8, bits: Option<u8>) -> Claim {
    Claim { factory: name(no), capabilities: bits.map(words), engine_classes: None }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_board_agrees_with_its_naive_rival(steps in prop::collection::vec(step(), 1..60)) {
        let mut pair = Pair::new();
        for step in steps {
            pair.play(step)?;
        }
    }

    #[test]
    fn a_board_that_is_emptied_counts_nothing(steps in prop::collection::vec(step(), 1..60)) {
        let mut pair = Pair::new();
        for step in steps {
            pair.play(step)?;
        }
        for (job, _) in std::mem::take(&mut pair.rival.jobs) {
            pair.board.clear(job.job);
        }
        pair.agree()?;
    }
}
