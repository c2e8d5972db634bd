//! What a budget does, order by order.

use uuid::Uuid;

use super::command::{Lapse, Note, Set, Usage};
use super::*;
use crate::job::RunResult;
use crate::{Epoch, JobId, Timestamp, Usd};

const HOUR: u64 = 3_600;
const USD: u64 = 1_000_000;

fn run(no: u128) -> RunKey {
    RunKey { job_id: JobId(Uuid::from_u128(no)), epoch: Epoch(1) }
}

fn usage(no: u128, reserved: u64, cost: Option<u64>, result: Option<RunResult>) -> Usage {
    Usage { run: run(no), engine: Some("mock".into()), reserved: Usd(reserved), cost: cost.map(Usd), result }
}

/// A budget with its charges, driven as its actor would.
struct Desk {
    budget: Budget,
    charges: Vec<Charge>,
    now: Timestamp,
}

impl Desk {
    fn new(ceiling: u64, window: Window) -> Self {
        let budget = Budget::new("p".parse().unwrap());
        let mut desk = Self { budget, charges: Vec::new(), now: Timestamp(0) };
        desk.set(Some(ceiling), window);
        desk
    }

    fn does(&mut self, command: &Command) -> Result<Vec<String>, Refusal> {
        let step = transition(&self.budget, command, self.now)?;
        self.budget = step.next;
        if let Some(charge) = step.charge {
            self.charges.retain(|other| other.run() != charge.run());
            self.charges.push(charge);
        }
        Ok(step.facts.iter().map(|fact| format!("{} {}", fact.kind(), serde_json::json!(fact))).collect())
    }

    fn prior(&self, run: RunKey) -> Option<Charge> {
        self.charges.iter().find(|charge| charge.run() == run).cloned()
    }

    fn note(&mut self, usage: Usage) -> Vec<String> {
        let prior = self.prior(usage.run);
        self.does(&Command::Note(Box::new(Note { seq: None, usage, prior }))).unwrap()
    }

    fn set(&mut self, ceiling: Option<u64>, window: Window) -> Vec<String> {
        let start = window.start(self.now);
        let recount = self.charges.iter().fold(Usd(0), |sum, charge| sum.plus(charge.since(start)));
        self.does(&Command::Set(Set { ceiling: ceiling.map(Usd), window, recount })).unwrap()
    }

    fn lapse(&mut self, no: u128) -> Vec<String> {
        let lapse = Lapse { run: run(no), prior: self.prior(run(no)) };
        self.does(&Command::Lapse(lapse)).unwrap()
    }

    fn kinds(&mut self, command: &Command) -> Vec<String> {
        kinds(&self.does(command).unwrap())
    }
}

fn kinds(told: &[String]) -> Vec<String> {
    told.iter().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn facts_are_told_with_amounts_as_text() {
    let mut desk = Desk::new(2 * USD, Window::Daily);
    let told = desk.note(usage(1, USD, Some(1_500_000), Some(RunResult::Succeeded)));
    let id = run(1).job_id;
    assert_eq!(
        told,
        [
            format!(
                r#"budget.settled {{"chargedUsd":"1.5","ended":true,"engine":"mock","epoch":1,"estimated":false,"jobId":"{id}","totalUsd":"1.5"}}"#
            ),
            r#"budget.warned {"percent":50,"spentUsd":"1.5"}"#.to_owned(),
        ]
    );
    let told = desk.set(None, Window::Daily);
    assert_eq!(told, [r#"budget.set {"ceilingUsd":null,"spentUsd":"1.5","window":"daily","windowStart":0}"#]);
    desk.now = Timestamp(86_400_000);
    let told = desk.does(&Command::Turn).unwrap();
    assert_eq!(told, [r#"budget.turned {"closedUsd":"1.5","windowStart":86400000}"#]);
}

#[test]
fn a_cost_is_charged_as_it_comes_and_settled_at_the_end() {
    let mut desk = Desk::new(10 * USD, Window::Total);
    desk.note(usage(1, 3, Some(1), None));
    assert_eq!(desk.note(usage(1, 3, Some(1), None)), Vec::<String>::new(), "a repeated total is no news");
    desk.note(usage(1, 3, Some(2), None));
    desk.note(usage(1, 3, None, Some(RunResult::Succeeded)));
    let charge = desk.prior(run(1)).unwrap();
    assert_eq!((desk.budget.spent, charge.amount, charge.estimated, charge.settled), (Usd(2), Usd(2), false, true));
}

#[test]
fn an_unknown_cost_is_charged_by_the_reservation_or_not_at_all() {
    let charged = [RunResult::Succeeded, RunResult::NoChanges, RunResult::Failed, RunResult::TimedOut];
    for result in charged.into_iter().chain([RunResult::OverBudget]) {
        let mut desk = Desk::new(USD, Window::Total);
        desk.note(usage(1, 7, None, Some(result)));
        assert_eq!((desk.budget.spent, desk.prior(run(1)).unwrap().estimated), (Usd(7), true), "{result:?}");
        desk.note(usage(1, 7, Some(5), None));
        assert_eq!((desk.budget.spent, desk.prior(run(1)).unwrap().estimated), (Usd(7), true), "nothing is given back");
        desk.note(usage(1, 7, Some(9), None));
        assert_eq!((desk.budget.spent, desk.prior(run(1)).unwrap().estimated), (Usd(9), false), "the rest is charged");
    }
    let free = [RunResult::Released, RunResult::Preempted, RunResult::Quota, RunResult::NeedsInput];
    for result in free.into_iter().chain([RunResult::Cancelled]) {
        let mut desk = Desk::new(USD, Window::Total);
        let told = desk.note(usage(1, 7, None, Some(result)));
        assert_eq!((desk.budget.spent, kinds(&told)), (Usd(0), vec!["budget.settled".to_owned()]), "{result:?}");
        desk.note(usage(2, 7, Some(3), Some(result)));
        assert_eq!(desk.budget.spent, Usd(3), "a known cost is charged");
        desk.note(usage(1, 7, Some(4), None));
        assert_eq!(desk.budget.spent, Usd(7), "usage that comes late is charged");
    }
}

#[test]
fn a_lost_run_keeps_its_reservation_for_an_hour() {
    let mut desk = Desk::new(USD, Window::Total);
    desk.note(usage(1, 7, Some(2), None));
    let told = desk.note(usage(1, 7, Some(2), Some(RunResult::Lost)));
    assert_eq!(kinds(&told), ["budget.reserved"]);
    assert_eq!(desk.note(usage(1, 7, Some(2), Some(RunResult::Lost))), Vec::<String>::new());
    assert_eq!(desk.note(usage(1, 7, Some(1), None)), Vec::<String>::new(), "an older total is no news");
    assert_eq!(desk.budget.deadline(), Some((Timestamp(0).plus_secs(HOUR), Reason::Lapse(run(1)))));
    assert_eq!(desk.lapse(1), Vec::<String>::new(), "not yet");
    desk.now = Timestamp(0).plus_secs(HOUR);
    desk.lapse(1);
    let charge = desk.prior(run(1)).unwrap();
    assert_eq!((desk.budget.spent, charge.amount, charge.estimated), (Usd(7), Usd(7), true));
    assert_eq!((desk.budget.deadline(), desk.lapse(1)), (None, Vec::new()));
    desk.note(usage(1, 7, Some(8), None));
    assert_eq!(desk.budget.spent, Usd(8));
}

#[test]
fn the_usage_of_a_lost_run_ends_the_wait() {
    let mut desk = Desk::new(USD, Window::Total);
    desk.note(usage(1, 7, None, Some(RunResult::Lost)));
    desk.note(usage(1, 7, Some(3), None));
    assert_eq!((desk.budget.spent, desk.budget.deadline()), (Usd(3), None));
    desk.note(usage(2, 7, Some(2), None));
    desk.note(usage(2, 7, Some(2), Some(RunResult::Lost)));
    assert_eq!(kinds(&desk.note(usage(2, 7, Some(2), None))), ["budget.settled"], "it has cost no more than was known");
    assert_eq!((desk.budget.spent, desk.budget.deadline()), (Usd(5), None));
    desk.note(usage(3, 7, None, Some(RunResult::Lost)));
    desk.note(usage(3, 7, Some(0), None));
    assert_eq!((desk.budget.spent, desk.budget.deadline()), (Usd(5), None), "nothing is a cost too");
    desk.now = Timestamp(0).plus_secs(HOUR);
    assert_eq!(desk.lapse(1), Vec::<String>::new());
}

#[test]
fn there_is_room_for_so_many_lost_runs() {
    let mut desk = Desk::new(USD, Window::Total);
    for no in 0..=MAX_LOST as u128 {
        desk.note(usage(no, 1, None, Some(RunResult::Lost)));
    }
    assert_eq!((desk.budget.lost.len(), desk.budget.spent), (MAX_LOST, Usd(1)));
    assert!(desk.prior(run(MAX_LOST as u128)).unwrap().estimated);
}

#[test]
fn the_ceiling_pauses_once_and_warns_of_itself() {
    let mut desk = Desk::new(100, Window::Total);
    assert_eq!(kinds(&desk.note(usage(1, 0, Some(49), None))), ["budget.settled"]);
    assert_eq!(kinds(&desk.note(usage(1, 0, Some(50), None))), ["budget.settled", "budget.warned"]);
    assert_eq!(kinds(&desk.note(usage(1, 0, Some(79), None))), ["budget.settled"]);
    let told = kinds(&desk.note(usage(1, 0, Some(100), None)));
    assert_eq!(told, ["budget.settled", "budget.warned", "budget.warned", "budget.paused"]);
    assert_eq!(kinds(&desk.note(usage(1, 0, Some(101), None))), ["budget.settled"]);
    let refused = desk.does(&Command::Resume);
    assert_eq!(refused, Err(Refusal::CeilingReached { spent: Usd(101), ceiling: Usd(100) }));
    assert_eq!(desk.budget.status(), Status::Paused);
}

#[test]
fn a_higher_ceiling_resumes_what_the_ceiling_paused() {
    let mut desk = Desk::new(100, Window::Total);
    desk.note(usage(1, 0, Some(100), None));
    let told = kinds(&desk.set(Some(120), Window::Total));
    assert_eq!(told, ["budget.set", "budget.warned", "budget.warned", "budget.resumed"]);
    assert_eq!(kinds(&desk.set(Some(90), Window::Total)).last().map(String::as_str), Some("budget.paused"));
    assert_eq!(kinds(&desk.set(None, Window::Total)), ["budget.set", "budget.resumed"]);
    assert_eq!(desk.set(None, Window::Total), Vec::<String>::new());
    desk.does(&Command::Pause).unwrap();
    desk.set(Some(1_000), Window::Total);
    assert_eq!(desk.budget.paused_by, Some(PausedBy::Operator));
}

#[test]
fn an_operators_pause_is_an_operators() {
    let mut desk = Desk::new(100, Window::Daily);
    assert_eq!(kinds(&desk.does(&Command::Pause).unwrap()), ["budget.paused"]);
    assert_eq!(desk.does(&Command::Pause), Ok(Vec::new()));
    desk.note(usage(1, 0, Some(100), None));
    assert_eq!(desk.budget.paused_by, Some(PausedBy::Operator));
    assert_eq!(desk.kinds(&Command::Resume), ["budget.resumed", "budget.paused"]);
    assert_eq!(desk.budget.paused_by, Some(PausedBy::Ceiling));
    assert_eq!(desk.kinds(&Command::Pause), ["budget.paused"]);
    desk.now = Timestamp(0).plus_secs(24 * HOUR);
    assert_eq!(desk.kinds(&Command::Turn), ["budget.turned"]);
    assert_eq!((desk.budget.spent, desk.budget.paused_by), (Usd(0), Some(PausedBy::Operator)));
    assert_eq!(desk.kinds(&Command::Resume), ["budget.resumed"]);
}

#[test]
fn the_windows_turn_resumes_and_every_order_turns_it() {
    let mut desk = Desk::new(100, Window::Daily);
    desk.note(usage(1, 0, Some(100), None));
    desk.now = Timestamp(0).plus_secs(25 * HOUR);
    let told = kinds(&desk.note(usage(1, 0, Some(180), Some(RunResult::Succeeded))));
    let expected =
        ["budget.turned", "budget.resumed", "budget.settled", "budget.warned", "budget.warned"].map(str::to_owned);
    assert_eq!(told, expected);
    let charge = desk.prior(run(1)).unwrap();
    assert_eq!(
        (desk.budget.spent, charge.since(desk.budget.window_start), charge.amount),
        (Usd(80), Usd(80), Usd(180))
    );
    desk.set(Some(100), Window::Weekly);
    assert_eq!(desk.budget.spent, Usd(180), "the week has seen both days");
    assert_eq!(desk.budget.window_start, Timestamp(-3 * 86_400_000));
}

#[test]
fn nothing_may_be_spent_under_a_ceiling_of_nothing() {
    let mut desk = Desk::new(0, Window::Daily);
    assert_eq!((desk.budget.status(), desk.budget.warned), (Status::Paused, None));
    assert!(!Funds::new(&desk.budget).fits(Usd(0)));
    desk.now = Timestamp(0).plus_secs(24 * HOUR);
    assert_eq!(desk.kinds(&Command::Turn), ["budget.turned"]);
}

#[test]
fn what_is_counted_is_not_counted_again() {
    let mut desk = Desk::new(100, Window::Total);
    let usage = usage(1, 9, None, Some(RunResult::Released));
    let note = Command::Note(Box::new(Note { seq: Some(5), usage, prior: None }));
    assert_eq!(desk.kinds(&note), ["budget.settled"]);
    assert_eq!((desk.budget.cursor, desk.does(&note)), (5, Ok(Vec::new())));
    let rev = desk.budget.rev;
    desk.budget = desk.budget.counted(9).counted(7);
    assert_eq!((desk.budget.cursor, desk.budget.rev), (9, rev));
}

#[test]
fn funds_keep_a_reservation_until_it_is_settled() {
    let mut funds = Funds::new(&Desk::new(100, Window::Total).budget);
    assert!(funds.fits(Usd(100)) && !funds.fits(Usd(101)));
    funds.offer(run(1).job_id, Usd(60));
    assert!(funds.fits(Usd(40)) && !funds.fits(Usd(41)));
    funds.grant(run(1), Usd(60));
    assert_eq!(funds.reserved(), Usd(60));
    let settled = |charged_usd, total_usd, ended| Fact::Settled {
        run: run(1),
        engine: None,
        charged_usd: Usd(charged_usd),
        total_usd: Usd(total_usd),
        estimated: false,
        ended,
    };
    funds.tell(&settled(20, 20, false));
    assert_eq!((funds.reserved(), funds.fits(Usd(40)), funds.fits(Usd(41))), (Usd(40), true, false));
    funds.tell(&settled(5, 25, true));
    assert_eq!((funds.reserved(), funds.fits(Usd(75)), funds.fits(Usd(76))), (Usd(0), true, false));
    funds.offer(run(2).job_id, Usd(75));
    assert!(!funds.fits(Usd(0)), "everything is promised");
    funds.withdraw(run(2).job_id);
    assert!(funds.fits(Usd(0)));
    funds.tell(&Fact::Paused { by: PausedBy::Operator });
    assert!(!funds.fits(Usd(0)));
}

#[test]
fn a_burndown_sums_days_jobs_and_engines() {
    let mut desk = Desk::new(USD, Window::Daily);
    desk.note(usage(1, 9, None, Some(RunResult::Failed)));
    desk.note(usage(2, 0, Some(1), None));
    desk.now = Timestamp(0).plus_secs(24 * HOUR);
    desk.note(Usage { engine: None, ..usage(2, 0, Some(5), None) });
    desk.note(Usage { engine: None, ..usage(3, 0, Some(7), None) });
    let sums = burndown(&desk.charges, Day(0)..=Day(1));
    assert_eq!((sums.total, sums.estimated), (Usd(21), Usd(9)));
    assert_eq!(sums.days.into_iter().collect::<Vec<_>>(), [(Day(0), Usd(10)), (Day(1), Usd(11))]);
    assert_eq!(sums.jobs.into_values().collect::<Vec<_>>(), [Usd(9), Usd(5), Usd(7)]);
    assert_eq!(sums.engines.into_iter().collect::<Vec<_>>(), [(None, Usd(7)), (Some("mock".into()), Usd(14))]);
    assert_eq!(burndown(&desk.charges, Day(1)..=Day(1)).total, Usd(11));
    assert_eq!(burndown(&desk.charges, Day(1)..=Day(0)), Burndown::default());
}

#[test]
fn snapshots_keep_whole_numbers() {
    let mut desk = Desk::new(100, Window::Monthly);
    desk.note(usage(1, 9, Some(60), Some(RunResult::Failed)));
    desk.note(usage(2, 9, None, Some(RunResult::Lost)));
    let id = |no| run(no).job_id;
    let expected = serde_json::json!({
        "product": "p", "ceiling": 100, "window": "monthly", "windowStart": 0, "spent": 60, "warned": 50,
        "lost": [{"run": {"jobId": id(2), "epoch": 1}, "engine": "mock", "reserved": 9, "until": 3_600_000}],
        "cursor": 0, "rev": 3,
    });
    assert_eq!(serde_json::to_value(&desk.budget).unwrap(), expected);
    assert_eq!(serde_json::from_value::<Budget>(expected).unwrap(), desk.budget);
    let expected = serde_json::json!({
        "jobId": id(1), "epoch": 1, "engine": "mock", "amount": 60, "estimated": false, "settled": true,
        "days": {"0": 60},
    });
    assert_eq!(serde_json::to_value(&desk.charges[0]).unwrap(), expected);
    assert_eq!(serde_json::from_value::<Charge>(expected).unwrap(), desk.charges[0]);
}
