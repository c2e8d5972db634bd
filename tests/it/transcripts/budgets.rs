//! A product's money: the race for it, what becomes of reservations, lost runs, windows, orders, and the moment between a
//! run's end and its settlement.

use std::time::Duration;

use actors::store::Upset;
use actors::{BudgetCommand, BudgetView, NotDone, Part, ReportOrder, Switches};
use domain::budget::Window;
use domain::job::spec::JobBudget;
use domain::job::{RunResult, Stage as JobStage};
use domain::{JobId, Usd};

use super::stage::{Stage, operator, play_with, product_id};

const ON: Switches = Switches { preemption: false, shadow: false, budgets: true };
const HOUR: Duration = Duration::from_secs(3_600);

fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

fn said(outcome: &Result<BudgetView, NotDone>) -> String {
    match outcome {
        Ok(BudgetView { budget, reserved }) => {
            let ceiling = budget.ceiling.map_or_else(|| "no ceiling".to_owned(), |usd| format!("of {usd}"));
            let paused = budget.paused_by.map(|by| format!(", paused by {by:?}")).unwrap_or_default();
            format!("{} spent and {reserved} reserved {ceiling}{paused}, v{}", budget.spent, budget.rev)
        }
        Err(why) => why.to_string(),
    }
}

async fn order(stage: &Stage, command: BudgetCommand) {
    stage.act(&format!("{command:?} of the budget"));
    let outcome = stage.product().await.set_budget(command, operator(), None).await;
    stage.answer(&said(&outcome));
}

async fn ceiling(stage: &Stage, text: &str, window: Window) {
    order(stage, BudgetCommand::Set { ceiling: Some(usd(text)), window }).await;
}

async fn look(stage: &Stage) {
    stage.calm().await;
    stage.answer(&said(&stage.product().await.budget().await));
}

/// A job that may cost so much.
async fn submit(stage: &Stage, name: &str, text: &str) -> JobId {
    let budget = JobBudget { usd: Some(usd(text)), wall_sec: None };
    stage.submit_with(name, |spec| spec.budget = budget).await
}

/// A report that tells a cost, and a stage or none.
async fn costs(stage: &Stage, job: JobId, epoch: u64, text: &str, reached: Option<JobStage>) {
    let tell = |order: &mut ReportOrder| {
        order.report.insights.cost_usd = Some(usd(text));
        order.report.stage = reached;
    };
    drop(stage.report_with(job, epoch, tell).await);
    stage.calm().await;
}

#[test]
fn runs_reserve_and_settle_and_what_is_left_goes_on() {
    play_with("budget", ON, |stage| async move {
        stage.beat("f1", 9).await;
        ceiling(&stage, "5.5", Window::Total).await;
        let a = submit(&stage, "A", "2").await;
        let b = submit(&stage, "B", "2").await;
        let small = submit(&stage, "Small", "1").await;
        submit(&stage, "C", "2").await;
        for _ in 0..4 {
            stage.claim("f1").await;
        }
        look(&stage).await;
        stage.act("A costs less than it may, so C has its money");
        costs(&stage, a, 1, "0.5", None).await;
        look(&stage).await;
        costs(&stage, a, 1, "0.5", Some(JobStage::Shipped)).await;
        look(&stage).await;
        stage.claim("f1").await;
        stage.act("B says nothing of its cost: it is charged what it might have cost");
        drop(stage.report(b, 1, JobStage::Shipped).await);
        look(&stage).await;
        stage.act("Small is given back without a word: nothing is charged");
        stage.release(small, 1).await;
        look(&stage).await;
        stage.act("B's cost is told later, and exceeds the charge");
        costs(&stage, b, 1, "2.25", None).await;
        look(&stage).await;
        stage
    });
}

#[test]
fn a_hundred_factories_race_for_the_money_of_seven() {
    play_with("budget_race", ON, |stage| async move {
        let product = stage.product().await;
        ceiling(&stage, "3.5", Window::Total).await;
        stage.journal.silence(true);
        for no in 0..100 {
            stage.beat(&format!("f{no}"), 1).await;
            submit(&stage, &format!("J{no}"), "0.5").await;
        }
        let claims = (0..100).map(|no| {
            let product = product.clone();
            tokio::spawn(async move { product.claim(super::stage::ask(&format!("f{no}"))).await })
        });
        let claims: Vec<_> = claims.collect();
        let mut granted = 0;
        for claim in claims {
            granted += claim.await.unwrap().unwrap().len();
        }
        stage.journal.silence(false);
        stage.act(&format!("a hundred factories ask at once: {granted} grants"));
        assert_eq!(granted, 7);
        look(&stage).await;
        stage
    });
}

#[test]
fn at_the_ceiling_the_product_pauses_until_it_is_raised() {
    play_with("budget_ceiling", ON, |stage| async move {
        stage.beat("f1", 9).await;
        ceiling(&stage, "1", Window::Total).await;
        let a = stage.submit("A").await;
        let b = stage.submit("B").await;
        stage.claim("f1").await;
        costs(&stage, a, 1, "0.5", None).await;
        costs(&stage, a, 1, "1.25", Some(JobStage::Building)).await;
        look(&stage).await;
        stage.act("A goes on; B is not handed out");
        stage.claim("f1").await;
        order(&stage, BudgetCommand::Resume).await;
        ceiling(&stage, "2", Window::Total).await;
        stage.claim("f1").await;
        stage.act("an operator's pause is an operator's to lift");
        order(&stage, BudgetCommand::Pause).await;
        ceiling(&stage, "9", Window::Total).await;
        drop(stage.report(b, 1, JobStage::Shipped).await);
        stage.submit("C").await;
        stage.claim("f1").await;
        order(&stage, BudgetCommand::Resume).await;
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn a_lost_run_keeps_its_reservation_until_its_usage_comes_or_an_hour_has_passed() {
    play_with("budget_lost", ON, |stage| async move {
        for name in ["f1", "f2"] {
            stage.beat(name, 1).await;
        }
        ceiling(&stage, "4", Window::Total).await;
        let a = submit(&stage, "A", "2").await;
        let b = submit(&stage, "B", "2").await;
        stage.claim("f1").await;
        stage.claim("f2").await;
        stage.pass(Duration::from_secs(90)).await;
        look(&stage).await;
        stage.act("A's zombie says what it has cost; B's keeps silent");
        costs(&stage, a, 1, "0.75", Some(JobStage::Review)).await;
        costs(&stage, a, 1, "0.8", None).await;
        look(&stage).await;
        stage.cancel(b).await;
        stage.pass(HOUR).await;
        look(&stage).await;
        stage.act("usage that comes later charges only what exceeds that");
        costs(&stage, b, 1, "1.5", None).await;
        costs(&stage, b, 1, "2.5", None).await;
        look(&stage).await;
        stage
    });
}

/// The clock of a stage begins in 1970, on a Thursday.
fn window(name: &str, window: Window, end: Duration) {
    play_with(name, ON, |stage| async move {
        stage.beat("f1", 2).await;
        ceiling(&stage, "1", window).await;
        let a = stage.submit("A").await;
        stage.submit("B").await;
        stage.claim("f1").await;
        costs(&stage, a, 1, "1", Some(JobStage::Shipped)).await;
        stage.claim("f1").await;
        stage.pass(end.saturating_sub(Duration::from_millis(500))).await;
        look(&stage).await;
        stage.act("the window turns");
        stage.pass(Duration::from_secs(1)).await;
        look(&stage).await;
        stage.beat("f1", 2).await;
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn a_day_turns_at_midnight() {
    window("budget_daily", Window::Daily, 24 * HOUR);
}

#[test]
fn a_week_turns_on_monday() {
    window("budget_weekly", Window::Weekly, 4 * 24 * HOUR);
}

#[test]
fn a_month_turns_on_the_first() {
    window("budget_monthly", Window::Monthly, 31 * 24 * HOUR);
}

#[test]
fn another_window_begins_at_its_natural_start_with_what_was_charged_since() {
    play_with("budget_window", ON, |stage| async move {
        stage.beat("f1", 9).await;
        let a = stage.submit("A").await;
        stage.claim("f1").await;
        costs(&stage, a, 1, "3", Some(JobStage::Shipped)).await;
        stage.pass(25 * HOUR).await;
        stage.beat("f1", 9).await;
        let b = stage.submit("B").await;
        stage.claim("f1").await;
        costs(&stage, b, 1, "1", Some(JobStage::Shipped)).await;
        look(&stage).await;
        ceiling(&stage, "2", Window::Daily).await;
        ceiling(&stage, "2", Window::Weekly).await;
        ceiling(&stage, "9", Window::Total).await;
        stage
    });
}

#[test]
fn nothing_is_lost_or_doubled_between_a_runs_end_and_its_settlement() {
    play_with("budget_crash", ON, |stage| async move {
        stage.beat("f1", 9).await;
        ceiling(&stage, "4", Window::Total).await;
        let a = submit(&stage, "A", "2").await;
        let b = submit(&stage, "B", "2").await;
        submit(&stage, "C", "3").await;
        stage.claim("f1").await;
        stage.claim("f1").await;
        stage.act("A ends, and what it cost cannot be committed");
        stage.plan.upset(1, Upset::Unavailable);
        costs(&stage, a, 1, "0.5", Some(JobStage::Shipped)).await;
        look(&stage).await;
        stage.claim("f1").await;
        stage.act("the process ends before it is tried again");
        let stage = stage.restart().await;
        look(&stage).await;
        stage.act("the budget's actor dies, and the product is opened again");
        costs(&stage, b, 1, "0.25", None).await;
        stage.product().await.restart(Part::Budget);
        stage.pass(Duration::from_secs(2)).await;
        look(&stage).await;
        costs(&stage, b, 1, "0.5", Some(JobStage::Shipped)).await;
        look(&stage).await;
        stage.claim("f1").await;
        look(&stage).await;
        stage
    });
}

#[test]
fn an_order_that_narrows_waits_until_nothing_is_on_offer() {
    play_with("budget_narrowed", ON, |stage| async move {
        stage.beat("f1", 9).await;
        let a = submit(&stage, "A", "2").await;
        submit(&stage, "B", "2").await;
        stage.act("a grant is slow to commit while the ceiling is lowered");
        stage.plan.upset(0, Upset::Slow(Duration::from_secs(1)));
        let product = stage.product().await;
        let claim = tokio::spawn({
            let product = product.clone();
            async move { product.claim(super::stage::ask("f1")).await }
        });
        tokio::task::yield_now().await;
        ceiling(&stage, "3", Window::Total).await;
        stage.claimed("f1", &claim.await.unwrap());
        stage.claim("f1").await;
        stage.act("a pause that cannot be committed leaves everything as it was");
        stage.plan.upset(0, Upset::Unavailable);
        order(&stage, BudgetCommand::Pause).await;
        stage.release_with(a, 1, RunResult::Released, None).await;
        stage.calm().await;
        stage.claim("f1").await;
        look(&stage).await;
        stage
    });
}

#[test]
fn without_the_switch_there_is_no_budget() {
    play_with("budget_off", Switches::default(), |stage| async move {
        stage.beat("f1", 1).await;
        let a = submit(&stage, "A", "2").await;
        ceiling(&stage, "1", Window::Total).await;
        stage.claim("f1").await;
        costs(&stage, a, 1, "9", Some(JobStage::Building)).await;
        let charges = stage.node.store().charges(&product_id(), domain::budget::Day(0)).await.unwrap();
        stage.act(&format!("{} charges", charges.len()));
        stage
    });
}
