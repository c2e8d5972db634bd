//! Claims race for a product's money while the budget counts behind them: no grant past the ceiling, and the bound.

use std::collections::{BTreeMap, VecDeque};

use domain::budget::command::{Lapse, Note, Set, Usage};
use domain::budget::{Budget, Charge, Command, Fact, Funds, Reason, RunKey, Window, transition};
use domain::job::RunResult;
use domain::{Epoch, JobId, Timestamp, Usd};
use proptest::prelude::*;
use uuid::Uuid;

use crate::budget::{RESULTS, budget};

const CEILING: u64 = 100;

/// What happens next in a race. Costs are what the run adds to its total.
#[derive(Clone, Debug)]
enum Draft {
    Ask { job: usize, estimate: u64 },
    Withdraw { job: usize },
    Grant { job: usize },
    Report { job: usize, cost: u64 },
    End { job: usize, cost: Option<u64>, result: RunResult },
    Late { job: usize, cost: u64 },
    Count,
    Wait { ms: u64 },
    Reload,
}

fn draft() -> impl Strategy<Value = Draft> {
    let job = || 0_usize..6;
    let end = (job(), prop::option::of(0_u64..40), prop::sample::select(RESULTS.to_vec()));
    prop_oneof![
        8 => (job(), 0_u64..60).prop_map(|(job, estimate)| Draft::Ask { job, estimate }),
        1 => job().prop_map(|job| Draft::Withdraw { job }),
        6 => job().prop_map(|job| Draft::Grant { job }),
        4 => (job(), 0_u64..30).prop_map(|(job, cost)| Draft::Report { job, cost }),
        4 => end.prop_map(|(job, cost, result)| Draft::End { job, cost, result }),
        2 => (job(), 0_u64..30).prop_map(|(job, cost)| Draft::Late { job, cost }),
        6 => Just(Draft::Count),
        2 => prop_oneof![0_u64..60_000, 0_u64..5_000_000].prop_map(|ms| Draft::Wait { ms }),
        1 => Just(Draft::Reload),
    ]
}

/// A run, running or ended.
#[derive(Clone, Debug)]
struct Ran {
    usage: Usage,
    cost: u64,
    is_over: bool,
    /// It has been heard of after its end.
    is_heard: bool,
}

struct Race {
    budget: Budget,
    charges: BTreeMap<RunKey, Charge>,
    funds: Funds,
    now: Timestamp,
    /// Committed, not counted yet.
    log: VecDeque<Usage>,
    offered: BTreeMap<usize, u64>,
    runs: BTreeMap<usize, Vec<Ran>>,
    /// What is still reserved, reckoned apart.
    left: BTreeMap<RunKey, u64>,
    /// What was charged beyond that in this window.
    beyond: u64,
    /// Nothing is reported after a reservation was given back.
    is_tidy: bool,
}

fn id(job: usize) -> JobId {
    JobId(Uuid::from_u128(job as u128))
}

impl Race {
    fn new(window: Window, is_tidy: bool) -> Self {
        let set = Command::Set(Set { ceiling: Some(Usd(CEILING)), window, recount: Usd(0) });
        let budget = transition(&budget(), &set, Timestamp(0)).expect("a ceiling is not refused").next;
        Self {
            funds: Funds::new(&budget),
            budget,
            charges: BTreeMap::new(),
            now: Timestamp(0),
            log: VecDeque::new(),
            offered: BTreeMap::new(),
            runs: BTreeMap::new(),
            left: BTreeMap::new(),
            beyond: 0,
            is_tidy,
        }
    }

    fn last(&mut self, job: usize) -> Option<&mut Ran> {
        self.runs.get_mut(&job)?.last_mut()
    }

    fn running(&mut self, job: usize) -> Option<&mut Ran> {
        self.last(job).filter(|ran| !ran.is_over)
    }

    /// Money that is spent or promised, as far as it is counted.
    fn taken(&self) -> u64 {
        self.budget.spent.0 + self.left.values().sum::<u64>() + self.offered.values().sum::<u64>()
    }

    fn step(&mut self, draft: &Draft) -> Result<(), TestCaseError> {
        match *draft {
            Draft::Ask { job, estimate } => self.ask(job, estimate)?,
            Draft::Withdraw { job } => {
                self.offered.remove(&job);
                self.funds.withdraw(id(job));
            }
            Draft::Grant { job } => self.grant(job),
            Draft::Report { job, cost } => {
                let told = self.running(job).map(|ran| ran.said(Some(cost)));
                self.log.extend(told);
            }
            Draft::End { job, cost, result } => {
                let told = self.running(job).map(|ran| {
                    ran.is_over = true;
                    ran.usage.result = Some(result);
                    ran.said(cost)
                });
                self.log.extend(told);
            }
            Draft::Late { job, cost } => self.late(job, cost),
            Draft::Count => self.count()?,
            Draft::Wait { ms } => {
                self.now = self.now.plus_ms(ms);
                self.look()?;
            }
            Draft::Reload => self.reload()?,
        }
        self.holds()
    }

    /// A claim asks for a job's money.
    fn ask(&mut self, job: usize, estimate: u64) -> Result<(), TestCaseError> {
        if self.running(job).is_some() || self.offered.contains_key(&job) || !self.funds.fits(Usd(estimate)) {
            return Ok(());
        }
        prop_assert!(self.taken() < CEILING, "nothing is promised at the ceiling");
        prop_assert!(self.taken() + estimate <= CEILING, "nothing is promised past it");
        self.offered.insert(job, estimate);
        self.funds.offer(id(job), Usd(estimate));
        Ok(())
    }

    fn grant(&mut self, job: usize) {
        let Some(reserved) = self.offered.remove(&job) else { return };
        let runs = self.runs.entry(job).or_default();
        let run = RunKey { job_id: id(job), epoch: Epoch(runs.len() as u64 + 1) };
        let usage = Usage { run, engine: None, reserved: Usd(reserved), cost: None, result: None };
        runs.push(Ran { usage, cost: 0, is_over: false, is_heard: false });
        self.left.insert(run, reserved);
        self.funds.grant(run, Usd(reserved));
    }

    /// Usage after the end: in a tidy race once, and only of a lost run.
    fn late(&mut self, job: usize, cost: u64) {
        let is_tidy = self.is_tidy;
        let Some(ran) = self.last(job).filter(|ran| ran.is_over) else { return };
        if is_tidy && (ran.is_heard || ran.usage.result != Some(RunResult::Lost)) {
            return;
        }
        ran.is_heard = true;
        let told = Usage { result: None, ..ran.said(Some(cost)) };
        self.log.push_back(told);
    }

    fn count(&mut self) -> Result<(), TestCaseError> {
        let Some(usage) = self.log.pop_front() else { return Ok(()) };
        let prior = self.charges.get(&usage.run).cloned();
        self.order(&Command::Note(Box::new(Note { seq: None, usage, prior })))
    }

    fn look(&mut self) -> Result<(), TestCaseError> {
        while let Some((at, reason)) = self.budget.deadline().filter(|(at, _)| *at <= self.now) {
            let command = match reason {
                Reason::Turn => Command::Turn,
                Reason::Lapse(run) => Command::Lapse(Lapse { run, prior: self.charges.get(&run).cloned() }),
            };
            self.order(&command)?;
            prop_assert!(self.budget.deadline() != Some((at, reason)), "a deadline is acted on");
        }
        Ok(())
    }

    fn order(&mut self, command: &Command) -> Result<(), TestCaseError> {
        let step = transition(&self.budget, command, self.now).expect("nothing here is refused");
        self.budget = step.next;
        if let Some(charge) = step.charge {
            self.charges.insert(charge.run(), charge);
        }
        for fact in &step.facts {
            if let Fact::Settled { run, charged_usd, ended, .. } = fact {
                let left = self.left.remove(run).unwrap_or_default();
                self.beyond += charged_usd.0.saturating_sub(left);
                if !ended {
                    self.left.insert(*run, left.saturating_sub(charged_usd.0));
                }
            }
            if let Fact::Turned { .. } = fact {
                self.beyond = 0;
            }
            self.funds.tell(fact);
        }
        Ok(())
    }

    /// The dispatcher begins anew, after the budget has counted everything.
    fn reload(&mut self) -> Result<(), TestCaseError> {
        while !self.log.is_empty() {
            self.count()?;
        }
        let mut funds = Funds::new(&self.budget);
        for ran in self.runs.values().flatten().filter(|ran| !ran.is_over) {
            let charged = self.charges.get(&ran.usage.run).map(|charge| charge.amount).unwrap_or_default();
            funds.grant(ran.usage.run, ran.usage.reserved.minus(charged));
        }
        for (job, estimate) in &self.offered {
            funds.offer(id(*job), Usd(*estimate));
        }
        prop_assert_eq!(&funds, &self.funds);
        Ok(())
    }

    fn holds(&self) -> Result<(), TestCaseError> {
        let promised = self.taken() - self.budget.spent.0;
        prop_assert_eq!(self.funds.reserved().0, promised);
        prop_assert!(promised <= CEILING);
        prop_assert!(self.taken() <= CEILING + self.beyond, "{} > {CEILING} + {}", self.taken(), self.beyond);
        if self.is_tidy && self.budget.window == Window::Total {
            let over = |ran: &Ran| ran.cost.saturating_sub(ran.usage.reserved.0);
            let overrun = self.runs.values().flatten().map(over).sum::<u64>();
            prop_assert!(self.budget.spent.0 <= CEILING + overrun, "what runs cost beyond their reservations");
        }
        Ok(())
    }
}

impl Ran {
    /// What it says once it has used so much more; None: it does not say what it costs.
    fn said(&mut self, more: Option<u64>) -> Usage {
        if let Some(more) = more {
            self.cost += more;
            self.usage.cost = Some(Usd(self.cost));
        }
        self.usage.clone()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_race_promises_more_than_the_ceiling(
        window in prop::sample::select(vec![Window::Total, Window::Daily]),
        is_tidy in any::<bool>(),
        drafts in prop::collection::vec(draft(), 1..150),
    ) {
        let mut race = Race::new(window, is_tidy);
        for draft in &drafts {
            race.step(draft)?;
        }
        race.reload()?;
        race.holds()?;
    }

    #[test]
    fn without_a_ceiling_everything_fits_unless_it_is_paused(estimates in prop::collection::vec(any::<u64>(), 0..9)) {
        let mut funds = Funds::new(&budget());
        for (job, estimate) in estimates.iter().enumerate() {
            prop_assert!(funds.fits(Usd(*estimate)));
            funds.offer(id(job), Usd(*estimate));
        }
        let sum = estimates.iter().fold(Usd(0), |sum, estimate| sum.plus(Usd(*estimate)));
        prop_assert_eq!(funds.reserved(), sum);
        let paused = transition(&budget(), &Command::Pause, Timestamp(0)).expect("a pause is not refused").next;
        prop_assert!(!Funds::new(&paused).fits(Usd(0)));
    }
}
