//! Random walks of a budget: what holds after every order, whatever was spent before.

use std::collections::{BTreeMap, BTreeSet};

use domain::budget::command::{Lapse, Note, Set, Usage};
use domain::budget::{
    Budget, Charge, Command, Fact, Mark, PausedBy, Reason, Refusal, RunKey, Step, Window, apply, transition,
};
use domain::job::RunResult;
use domain::{Epoch, JobId, Timestamp, Usd};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

pub(crate) const RESULTS: [RunResult; 11] = [
    RunResult::Succeeded,
    RunResult::NoChanges,
    RunResult::Failed,
    RunResult::TimedOut,
    RunResult::OverBudget,
    RunResult::NeedsInput,
    RunResult::Quota,
    RunResult::Lost,
    RunResult::Cancelled,
    RunResult::Preempted,
    RunResult::Released,
];

pub(crate) fn budget() -> Budget {
    Budget::new("p".parse().expect("given in a good form"))
}

/// The runs of two jobs under a few epochs.
pub(crate) fn run(no: u8) -> RunKey {
    RunKey { job_id: JobId(Uuid::from_u128(u128::from(no % 2))), epoch: Epoch(u64::from(no / 2)) }
}

/// What happens next in a walk.
#[derive(Clone, Debug)]
enum Draft {
    Note { no: u8, reserved: u64, cost: Option<u64>, result: Option<RunResult> },
    Again,
    Set { ceiling: Option<u64>, window: Window },
    Pause,
    Resume,
    Wait { ms: u64 },
    Look,
    Crash,
}

fn draft() -> impl Strategy<Value = Draft> {
    let result = prop::option::weighted(0.4, prop::sample::select(RESULTS.to_vec()));
    let note = (0_u8..8, 0_u64..30, prop::option::of(0_u64..40), result);
    let window = prop::sample::select(vec![Window::Total, Window::Daily, Window::Weekly, Window::Monthly]);
    let wait = prop_oneof![0_u64..2_000, 0_u64..7_200_000, 0_u64..90_000_000, 0_u64..4_000_000_000];
    prop_oneof![
        10 => note.prop_map(|(no, reserved, cost, result)| Draft::Note { no, reserved, cost, result }),
        2 => Just(Draft::Again),
        2 => (prop::option::weighted(0.9, 0_u64..120), window).prop_map(|(ceiling, window)| Draft::Set { ceiling, window }),
        1 => Just(Draft::Pause),
        1 => Just(Draft::Resume),
        3 => wait.prop_map(|ms| Draft::Wait { ms }),
        2 => Just(Draft::Look),
        1 => Just(Draft::Crash),
    ]
}

/// A budget on its walk, with everything that is needed to judge it.
struct Walk {
    budget: Budget,
    /// A new budget with nothing but every fact since then applied to it.
    replayed: Budget,
    charges: BTreeMap<RunKey, Charge>,
    now: Timestamp,
    seq: u64,
    last: Option<Usage>,
    /// The largest cost and reservation that were ever told of a run.
    told: BTreeMap<RunKey, (u64, u64)>,
    /// Warnings since the last change of ceiling or window.
    warned: BTreeSet<Mark>,
    moves: BTreeSet<(&'static str, &'static str, &'static str)>,
}

fn standing(budget: &Budget) -> &'static str {
    match budget.paused_by {
        None => "active",
        Some(PausedBy::Operator) => "operator",
        Some(PausedBy::Ceiling) => "ceiling",
    }
}

fn name(command: &Command) -> &'static str {
    match command {
        Command::Set(_) => "set",
        Command::Pause => "pause",
        Command::Resume => "resume",
        Command::Note(_) => "note",
        Command::Turn => "turn",
        Command::Lapse(_) => "lapse",
    }
}

impl Walk {
    fn new() -> Self {
        Self {
            budget: budget(),
            replayed: budget(),
            charges: BTreeMap::new(),
            now: Timestamp(0),
            seq: 0,
            last: None,
            told: BTreeMap::new(),
            warned: BTreeSet::new(),
            moves: BTreeSet::new(),
        }
    }

    fn step(&mut self, draft: &Draft) -> Result<(), TestCaseError> {
        match draft.clone() {
            Draft::Note { no, reserved, cost, result } => {
                let usage = Usage { run: run(no), engine: None, reserved: Usd(reserved), cost: cost.map(Usd), result };
                self.seq += 1;
                self.last = Some(usage.clone());
                self.note(Some(self.seq), usage)
            }
            Draft::Again => self.again(),
            Draft::Set { ceiling, window } => {
                let recount = self.sum(window.start(self.now));
                self.order(&Command::Set(Set { ceiling: ceiling.map(Usd), window, recount }))
            }
            Draft::Pause => self.order(&Command::Pause),
            Draft::Resume => self.order(&Command::Resume),
            Draft::Wait { ms } => {
                self.now = self.now.plus_ms(ms);
                Ok(())
            }
            Draft::Look => self.look(),
            Draft::Crash => {
                let saved = serde_json::to_string(&self.budget).expect("a snapshot is written");
                prop_assert_eq!(&serde_json::from_str::<Budget>(&saved).expect("and read"), &self.budget);
                self.again()
            }
        }
    }

    /// The same news again: under its place in the log, and as if it had none.
    fn again(&mut self) -> Result<(), TestCaseError> {
        let Some(usage) = self.last.clone() else { return Ok(()) };
        self.turn()?;
        let before = (self.budget.clone(), self.charges.clone());
        self.note(Some(self.seq), usage.clone())?;
        prop_assert_eq!(&before, &(self.budget.clone(), self.charges.clone()), "counted already");
        // To hear of a lost run's end once more is no usage; usage that is repeated after it is.
        if self.budget.lost.iter().all(|lost| lost.run != usage.run) || usage.result.is_some() {
            self.note(None, usage)?;
            prop_assert_eq!(before.0.spent, self.budget.spent);
            prop_assert_eq!(before, (self.budget.clone(), self.charges.clone()), "known already");
        }
        Ok(())
    }

    fn note(&mut self, seq: Option<u64>, usage: Usage) -> Result<(), TestCaseError> {
        let prior = self.charges.get(&usage.run).cloned();
        self.order(&Command::Note(Box::new(Note { seq, usage, prior })))
    }

    fn turn(&mut self) -> Result<(), TestCaseError> {
        self.order(&Command::Turn)
    }

    /// Acts on deadlines until none is due.
    fn look(&mut self) -> Result<(), TestCaseError> {
        while let Some((at, reason)) = self.budget.deadline().filter(|(at, _)| *at <= self.now) {
            match reason {
                Reason::Turn => self.turn()?,
                Reason::Lapse(run) => {
                    let prior = self.charges.get(&run).cloned();
                    self.order(&Command::Lapse(Lapse { run, prior }))?;
                }
            }
            prop_assert!(self.budget.deadline() != Some((at, reason)), "a deadline is acted on");
        }
        Ok(())
    }

    fn sum(&self, start: Timestamp) -> Usd {
        self.charges.values().fold(Usd(0), |sum, charge| sum.plus(charge.since(start)))
    }

    fn order(&mut self, command: &Command) -> Result<(), TestCaseError> {
        if !matches!(command, Command::Turn) {
            self.turn()?;
        }
        match transition(&self.budget, command, self.now) {
            Ok(step) => self.take(command, step)?,
            Err(Refusal::CeilingReached { spent, ceiling }) => {
                prop_assert!(matches!(command, Command::Resume) && spent >= ceiling);
                prop_assert_eq!(self.budget.paused_by, Some(PausedBy::Ceiling));
            }
        }
        self.holds()
    }

    fn take(&mut self, command: &Command, step: Step) -> Result<(), TestCaseError> {
        if let Command::Note(note) = command {
            let told = self.told.entry(note.usage.run).or_default();
            *told = (told.0.max(note.usage.cost.unwrap_or_default().0), told.1.max(note.usage.reserved.0));
        }
        let before = std::mem::replace(&mut self.budget, step.next);
        prop_assert_eq!(self.budget.rev, before.rev + u64::from(!step.facts.is_empty()));
        if step.facts.is_empty() {
            prop_assert_eq!(&Budget { cursor: self.budget.cursor, ..before.clone() }, &self.budget);
        }
        let (was, is) = (standing(&before), standing(&self.budget));
        if was != is {
            self.moves.insert((was, is, name(command)));
        }
        let (mut budget, mut charged) = (before, Usd(0));
        for fact in &step.facts {
            self.judge(&budget, fact)?;
            if let Fact::Settled { charged_usd, .. } = fact {
                charged = charged.plus(*charged_usd);
            }
            budget = apply(budget, fact);
            self.replayed = apply(self.replayed.clone(), fact);
        }
        let old = step.charge.as_ref().and_then(|charge| self.charges.get(&charge.run()));
        let old = old.map_or(Usd(0), |charge| charge.amount);
        let new = step.charge.as_ref().map_or(old, |charge| charge.amount);
        prop_assert_eq!(new, old.plus(charged), "the facts say what is charged");
        if let Some(charge) = step.charge {
            self.charges.insert(charge.run(), charge);
        }
        Ok(())
    }

    fn judge(&mut self, before: &Budget, fact: &Fact) -> Result<(), TestCaseError> {
        match fact {
            Fact::Set { ceiling_usd, window_start, window, spent_usd } => {
                if (before.ceiling, before.window_start) != (*ceiling_usd, *window_start) {
                    self.warned.clear();
                }
                prop_assert!(before.window != *window || before.spent == *spent_usd);
            }
            Fact::Turned { window_start, closed_usd } => {
                self.warned.clear();
                prop_assert!(*window_start > before.window_start && *closed_usd == before.spent);
            }
            Fact::Warned { percent, .. } => {
                prop_assert!(self.warned.insert(*percent), "{:?} is warned of once", percent);
            }
            Fact::Paused { by } => prop_assert!(before.paused_by != Some(*by), "it is paused once"),
            Fact::Resumed {} => prop_assert!(before.paused_by.is_some()),
            Fact::Reserved { until, .. } => prop_assert!(until.is_some(), "a grant is not the budget's to tell"),
            Fact::Settled { .. } => {}
        }
        Ok(())
    }

    /// What holds of every budget.
    fn holds(&self) -> Result<(), TestCaseError> {
        let budget = &self.budget;
        prop_assert_eq!(budget.spent, self.sum(budget.window_start), "what is spent is the sum of the charges");
        prop_assert_eq!(&Budget { rev: budget.rev, cursor: budget.cursor, ..self.replayed.clone() }, budget);
        let is_spent = budget.ceiling.is_some_and(|ceiling| budget.spent >= ceiling);
        prop_assert!(budget.paused_by == Some(PausedBy::Operator) || is_spent == budget.paused_by.is_some());
        if let Some(ceiling) = budget.ceiling.filter(|_| budget.spent > Usd(0)) {
            for mark in Mark::EVERY {
                let is_due = budget.spent.0 * 100 >= ceiling.0 * u64::from(mark.percent());
                prop_assert_eq!(is_due, budget.warned >= Some(mark), "{:?} in {:?}", mark, budget);
            }
        }
        for (run, charge) in &self.charges {
            let (cost, reserved) = self.told.get(run).copied().unwrap_or_default();
            let parts = charge.days.values().fold(Usd(0), |sum, part| sum.plus(*part));
            prop_assert_eq!(parts, charge.amount);
            prop_assert!(cost <= charge.amount.0 && charge.amount.0 <= cost.max(reserved));
        }
        for (run, (cost, _)) in &self.told {
            prop_assert!(*cost == 0 || self.charges.contains_key(run), "no cost is forgotten");
        }
        prop_assert!(budget.lost.is_sorted_by_key(|lost| lost.until));
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_budget_keeps_its_promises(drafts in prop::collection::vec(draft(), 1..80)) {
        let mut walk = Walk::new();
        for draft in &drafts {
            walk.step(draft)?;
        }
    }

    #[test]
    fn totals_are_charged_once_in_whatever_order_they_come(
        totals in prop::collection::vec((0_u8..4, 0_u64..100), 1..30),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        let mut walk = Walk::new();
        let mut most = BTreeMap::new();
        for (no, cost) in totals.iter().chain(again.iter().map(|index| index.get(&totals))) {
            let most: &mut u64 = most.entry(*no).or_default();
            *most = (*most).max(*cost);
            walk.step(&Draft::Note { no: *no, reserved: 0, cost: Some(*cost), result: None })?;
        }
        prop_assert_eq!(walk.budget.spent.0, most.values().sum::<u64>());
    }

    #[test]
    fn a_crash_loses_nothing_and_doubles_nothing(
        notes in prop::collection::vec((0_u8..6, 0_u64..30, prop::option::of(0_u64..40),
            prop::option::of(prop::sample::select(RESULTS.to_vec()))), 1..30),
        crashes in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let note = |walk: &mut Walk, at: usize| {
            let (no, reserved, cost, result) = notes[at];
            let usage = Usage { run: run(no), engine: None, reserved: Usd(reserved), cost: cost.map(Usd), result };
            let prior = walk.charges.get(&usage.run).cloned();
            let note = Note { seq: Some(at as u64 + 1), usage, prior };
            let step = transition(&walk.budget, &Command::Note(Box::new(note)), walk.now).expect("money is not refused");
            walk.budget = step.next;
            if let Some(charge) = step.charge {
                walk.charges.insert(charge.run(), charge);
            }
            !step.facts.is_empty()
        };
        let (mut calm, mut shaken) = (Walk::new(), Walk::new());
        let mut saved = (shaken.budget.clone(), shaken.charges.clone());
        for at in 0..notes.len() {
            note(&mut calm, at);
            // Nothing is saved without a fact, so the log is read again from an older place.
            if note(&mut shaken, at) {
                saved = (shaken.budget.clone(), shaken.charges.clone());
            }
            if crashes.iter().any(|crash| crash.index(notes.len()) == at) {
                (shaken.budget, shaken.charges) = saved.clone();
                (0..=at).for_each(|at| { note(&mut shaken, at); });
            }
        }
        prop_assert_eq!((calm.budget, calm.charges), (shaken.budget, shaken.charges));
    }
}

/// The moves that the diagram of the aggregate shows.
fn drawn() -> BTreeSet<(String, String, String)> {
    let mut moves = BTreeSet::new();
    for line in include_str!("../../src/budget/mod.rs").lines() {
        let Some((from, rest)) = line.trim_start_matches("//!").split_once("-->") else { continue };
        let Some((to, orders)) = rest.split_once(':') else { continue };
        for order in orders.split(',') {
            moves.insert((from.trim().to_owned(), to.trim().to_owned(), order.trim().to_owned()));
        }
    }
    moves
}

#[test]
fn the_walks_make_every_move_that_is_drawn_and_no_other() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..1_000 {
        let drafts = prop::collection::vec(draft(), 80).new_tree(&mut runner).expect("given in a good form").current();
        let mut walk = Walk::new();
        for draft in &drafts {
            walk.step(draft).expect("the promises are kept");
        }
        seen.extend(walk.moves);
    }
    let seen: BTreeSet<_> = seen.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
    assert_eq!(seen, drawn());
}
