//! Whatever happens: nobody gives way to a job that is not more urgent or while a seat is free, each urgent job evicts
//! one at a time, and no seat that was kept is lost.

use std::collections::BTreeMap;

use domain::dispatch::{Board, Candidate, Claim, Cost, Merit, Order, Rules, Standing, Tenure, select_with_preemption};
use domain::job::Stage;
use domain::job::state::Priority;
use domain::{Epoch, FactoryId, JobId, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use crate::boards::tenure;
use crate::shapes::{self, CardShape, JobShape, name};

/// Something that happens to a product with three factories of one seat or two.
#[derive(Clone, Debug)]
enum Move {
    Submit { priority: u8 },
    Claim { factory: u8 },
    End { nth: usize },
    Save { nth: usize },
    Cancel { nth: usize },
    Drain { factory: u8, draining: bool },
    Edit { nth: usize, priority: u8 },
    Gate { paused: bool },
    Pass { sec: u32 },
}

fn step() -> impl Strategy<Value = Move> {
    prop_oneof![
        5 => (0_u8..4).prop_map(|priority| Move::Submit { priority }),
        5 => (0_u8..3).prop_map(|factory| Move::Claim { factory }),
        1 => (0_usize..8).prop_map(|nth| Move::End { nth }),
        1 => (0_usize..8).prop_map(|nth| Move::Save { nth }),
        1 => (0_usize..8).prop_map(|nth| Move::Cancel { nth }),
        1 => (0_u8..3, prop::bool::weighted(0.2)).prop_map(|(factory, draining)| Move::Drain { factory, draining }),
        1 => (0_usize..8, 0_u8..4).prop_map(|(nth, priority)| Move::Edit { nth, priority }),
        1 => prop::bool::weighted(0.3).prop_map(|paused| Move::Gate { paused }),
        5 => (1_u32..40).prop_map(|sec| Move::Pass { sec }),
    ]
}

struct House {
    board: Board,
    jobs: BTreeMap<JobId, Standing>,
    now: Timestamp,
    submitted: u128,
    evicted: usize,
    rules: Rules,
}

impl House {
    fn new(preemption: bool) -> Self {
        let mut board = Board::default();
        let now = Timestamp(1_000_000_000);
        let rules = Rules { preemption, ..Rules::default() };
        board.set_rules(rules.clone(), now);
        let mut house = Self { board, jobs: BTreeMap::new(), now, submitted: 0, evicted: 0, rules };
        (0..3).for_each(|no| house.card(no, false));
        house
    }

    fn card(&mut self, no: u8, draining: bool) {
        let seats = 1 + u32::from(no == 2);
        let card = CardShape { seats, draining, ..CardShape::plain(no) }.card(self.now);
        self.board.observe_factory(card, self.now);
    }

    fn observe(&mut self, job: Standing) {
        self.board.observe(&job, self.now);
        self.jobs.insert(job.job, job);
    }

    fn nth(&self, nth: usize, of: impl Fn(&Standing) -> bool) -> Option<Standing> {
        let fitting: Vec<_> = self.jobs.values().filter(|job| of(job)).collect();
        fitting.get(nth % fitting.len().max(1)).map(|job| (*job).clone())
    }

    fn play(&mut self, step: &Move) -> Result<(), TestCaseError> {
        let runs = |job: &Standing| job.tenure.is_some();
        match *step {
            Move::Submit { priority } => {
                self.submitted += 1;
                let shape = JobShape { priority, ..plain_job() };
                self.observe(shape.standing(JobId(Uuid::from_u128(self.submitted)), self.now));
            }
            Move::Claim { factory } => self.claim(&name(factory)),
            Move::End { nth } => {
                if let Some(job) = self.nth(nth, runs) {
                    self.observe(Standing { stage: Stage::Shipped, tenure: None, ..job });
                }
            }
            Move::Save { nth } => {
                if let Some(job) = self.nth(nth, runs) {
                    let tenure = job.tenure.clone().map(|tenure| Tenure { saved_at: self.now, ..tenure });
                    self.observe(Standing { tenure, ..job });
                }
            }
            Move::Cancel { nth } => {
                if let Some(job) = self.nth(nth, |job| !job.stage.is_terminal()) {
                    self.observe(Standing { stage: Stage::Cancelled, tenure: None, ..job });
                }
            }
            Move::Drain { factory, draining } => self.card(factory, draining),
            Move::Edit { nth, priority } => {
                if let Some(job) = self.nth(nth, |job| !job.stage.is_terminal()) {
                    let merit = Merit { priority: shapes::priority(priority), ..job.merit.clone() };
                    self.observe(Standing { merit, ..job });
                }
            }
            Move::Gate { paused } => {
                self.rules.paused = paused;
                self.board.set_rules(self.rules.clone(), self.now);
            }
            Move::Pass { sec } => self.now = self.now.plus_secs(sec.into()),
        }
        self.board.wake(self.now);
        let due = self.board.follow_evictions(self.now);
        self.board.begin_evictions(self.now);
        self.evicted += due.len();
        due.iter().try_for_each(|order| self.judge(*order))?;
        due.into_iter().for_each(|order| self.evict(order));
        Ok(())
    }

    fn claim(&mut self, factory: &FactoryId) {
        let Ok(Some(pick)) = self.board.pick(&Claim::plain(factory.clone()), self.now) else { return };
        let Some(job) = self.jobs.get(&pick.job).cloned() else { return };
        let epoch = Epoch(self.submitted as u64 * 1_000 + self.now.0 as u64 % 1_000);
        let tenure = Some(Tenure { epoch, preempted: job.merit.attempt, ..tenure(factory.clone(), self.now) });
        self.observe(Standing { stage: Stage::Building, tenure, ..job });
    }

    /// The eviction is right.
    fn judge(&self, order: Order) -> Result<(), TestCaseError> {
        let (victim, by) = (self.jobs[&order.evict].clone(), &self.jobs[&order.by]);
        prop_assert_eq!((by.stage, by.merit.priority), (Stage::Queued, Priority::Critical));
        prop_assert!(!self.rules.paused, "{:?} gives way while nothing is handed out", victim);
        prop_assert!(victim.merit.priority < by.merit.priority, "{:?} gives way to {:?}", victim, by);
        prop_assert_eq!(victim.tenure.as_ref().map(|tenure| tenure.epoch), Some(order.epoch));
        for no in 0..3 {
            // A seat that is free is kept for another job, or was kept for this one for too long.
            if self.now.ms_since(by.queued_at) > 60_000 {
                continue;
            }
            if let Ok((Some(pick), _)) = self.board.preview(&Claim::plain(name(no)), self.now) {
                prop_assert!(pick.job != order.by, "f{} has a free seat", no);
            }
        }
        Ok(())
    }

    /// The eviction is committed.
    fn evict(&mut self, order: Order) {
        let victim = self.jobs[&order.evict].clone();
        let mut job = Standing { stage: Stage::Queued, tenure: None, ..victim };
        // The attempt stands in for the count of preemptions, which a standing that nobody holds does not show.
        job.merit.attempt += 1;
        self.observe(job);
    }
}

fn plain_job() -> JobShape {
    JobShape {
        priority: 1,
        words: 0,
        engines: 0,
        key: None,
        pause_ms: 0,
        repo: None,
        due_in: None,
        cents: None,
        attempt: 0,
        saved_by: None,
        failed_on: 0,
        dependents: 0,
    }
}

fn cost() -> impl Strategy<Value = Cost> {
    let priority =
        prop_oneof![Just(Priority::Low), Just(Priority::Normal), Just(Priority::High), Just(Priority::Critical)];
    (priority, 0_u32..4, 0_u64..7_200_000, 0_u64..7_200_000)
        .prop_map(|(priority, preempted, unsaved_ms, running_ms)| Cost { priority, preempted, unsaved_ms, running_ms })
}

/// A seat is kept for a job that needs a word. Whoever claims without that word, or for others, gets nothing in its
/// place; whoever has it gets the job.
pub(crate) fn keeps_its_seat((others, urgency, waits): (u8, u8, bool)) -> Result<(), TestCaseError> {
    let mut house = House::new(true);
    [1, 2].into_iter().for_each(|no| house.card(no, true));
    house.play(&Move::Submit { priority: 0 })?;
    house.play(&Move::Claim { factory: 0 })?;
    let urgent = JobId(Uuid::from_u128(1_000));
    house.observe(JobShape { priority: 3, words: 1, ..plain_job() }.standing(urgent, house.now));
    for _ in 0..others {
        house.play(&Move::Submit { priority: urgency })?;
    }
    house.play(&Move::Pass { sec: 1 })?;
    house.play(&Move::Pass { sec: 15 })?;
    house.board.follow_evictions(house.now);
    prop_assert_eq!(house.evicted, 1);
    let wordless = Claim { capabilities: Some(Vec::new()), ..Claim::plain(name(0)) };
    if waits {
        house.board.park(wordless, house.now);
        let served = house.board.serve_waiters(house.now, |_| false);
        prop_assert!(served.is_empty(), "a waiting claim got {:?}", served);
    } else {
        let pick = house.board.preview(&wordless, house.now).map(|(pick, _)| pick);
        prop_assert!(!matches!(pick, Ok(Some(_))), "a claim got {:?}", pick);
    }
    let pick = house.board.pick(&Claim::plain(name(0)), house.now);
    prop_assert_eq!(pick.ok().flatten().map(|pick| pick.job), Some(urgent));
    Ok(())
}

/// How many others wait, how urgent they are, and whether the claim is one that waits.
pub(crate) fn others() -> impl Strategy<Value = (u8, u8, bool)> {
    (1_u8..4, 0_u8..3, any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn evictions_are_right_and_no_seat_is_lost(steps in prop::collection::vec(step(), 1..80)) {
        let mut house = House::new(true);
        for step in &steps {
            house.play(step)?;
        }
        // Everybody goes, and the seats are all there again.
        for job in house.jobs.clone().into_values() {
            house.observe(Standing { stage: Stage::Cancelled, tenure: None, ..job });
        }
        (0..3).for_each(|no| house.card(no, false));
        house.play(&Move::Gate { paused: false })?;
        house.play(&Move::Pass { sec: 120 })?;
        for _ in 0..4 {
            house.play(&Move::Submit { priority: 1 })?;
        }
        for no in [0, 1, 2, 2] {
            house.claim(&name(no));
        }
        prop_assert_eq!([0, 1, 2].map(|no| house.board.seats_used(&name(no))), [1, 1, 2]);
    }

    #[test]
    fn without_the_switch_nobody_is_evicted(steps in prop::collection::vec(step(), 1..80)) {
        let mut house = House::new(false);
        for step in &steps {
            house.play(step)?;
            let told = (0..3).any(|no| !house.board.to_give_way(&name(no), house.now).is_empty());
            prop_assert!(!told && house.evicted == 0);
        }
    }

    #[test]
    fn a_kept_seat_is_for_its_job(others in others()) {
        keeps_its_seat(others)?;
    }

    /// Every urgent job gets a seat while less urgent ones have them, if the factories ask and nothing ends by itself.
    #[test]
    fn an_urgent_job_always_gets_a_seat(urgent in 1_u8..5, low in 4_u8..8) {
        let mut house = House::new(true);
        for _ in 0..low {
            house.play(&Move::Submit { priority: 0 })?;
        }
        [0, 1, 2, 2].into_iter().try_for_each(|factory| house.play(&Move::Claim { factory }))?;
        for _ in 0..urgent {
            house.play(&Move::Submit { priority: 3 })?;
        }
        for _ in 0..40 {
            house.play(&Move::Pass { sec: 8 })?;
            [0, 1, 2].into_iter().try_for_each(|factory| house.play(&Move::Claim { factory }))?;
        }
        let critical = house.jobs.values().filter(|job| job.merit.priority == Priority::Critical);
        prop_assert!(critical.clone().all(|job| job.tenure.is_some()), "{:?}", Vec::from_iter(critical));
        prop_assert_eq!(house.evicted, usize::from(urgent.min(4)));
    }

    /// The cheapest of those that are less urgent: by looking at all of them.
    #[test]
    fn the_cheapest_gives_way(costs in prop::collection::vec(cost(), 0..8), high in any::<bool>()) {
        let priority = if high { Priority::High } else { Priority::Critical };
        let candidates: Vec<Candidate> = costs.iter().enumerate().map(|(no, cost)| Candidate {
            job: JobId(Uuid::from_u128(no as u128)),
            epoch: Epoch(1),
            factory: name(0),
            cost: *cost,
        }).collect();
        let chosen = select_with_preemption(priority, candidates.clone());
        let may_go = |one: &&Candidate| one.cost.priority < priority && one.cost.protected_ms() == 0;
        for other in candidates.iter().filter(may_go) {
            let chosen = chosen.as_ref().map(|chosen| chosen.breakdown);
            prop_assert!(chosen.is_some_and(|chosen| chosen <= other.cost), "{:?} before {:?}", chosen, other);
        }
        prop_assert!(chosen.is_none_or(|chosen| may_go(&&chosen.evict)));
    }
}
