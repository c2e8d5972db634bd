//! Corners that were sharp once: each of these lost a job, a lease or a promise before it was mended.

use std::time::Duration;

use actors::Part;
use actors::store::{Store, Upset};
use domain::job::command::{Cancel, Requeue};
use domain::job::{Command, RunResult, Stage as JobStage};
use domain::product::Command as Gate;
use domain::{Epoch, Usd};

use super::stage::{ask, factory, operator, play, product_id};

const REQUEUE: Command = Command::Requeue(Requeue { fresh: false, note: None });
const CANCEL: Command = Command::Cancel(Cancel { reason: None });

#[test]
fn a_job_that_could_not_be_read_is_offered_again() {
    play("corner_blind_offer", |stage| async move {
        stage.beat("f1", 1).await;
        stage.submit("J").await;
        stage.store.blind.lock().unwrap().insert("job", 1);
        stage.claim("f1").await;
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn a_parked_job_that_was_queued_is_offered_again_after_a_requeue() {
    play("corner_unparked", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.store.poison.lock().unwrap().insert(job, 6);
        for _ in 0..6 {
            stage.claim("f1").await;
            stage.calm().await;
        }
        stage.act("parked");
        stage.claim("f1").await;
        stage.order(job, REQUEUE).await;
        stage.calm().await;
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn a_job_that_dies_of_its_verdict_is_told_again() {
    play("corner_verdict_dies", |stage| async move {
        stage.beat("f1", 1).await;
        let first = stage.submit("J").await;
        let second = stage.submit_with("K", |spec| spec.depends_on = vec![first]).await;
        stage.claim("f1").await;
        stage.store.poison.lock().unwrap().insert(second, 1);
        stage.report(first, 1, JobStage::Shipped).await.unwrap();
        stage.calm().await;
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn dependencies_that_could_not_be_read_are_read_again() {
    play("corner_blind_stages", |stage| async move {
        stage.beat("f1", 1).await;
        let first = stage.submit("J").await;
        let second = stage.submit_with("K", |spec| spec.depends_on = vec![first]).await;
        stage.order(second, CANCEL).await;
        stage.claim("f1").await;
        stage.report(first, 1, JobStage::Shipped).await.unwrap();
        stage.store.blind.lock().unwrap().insert("stages", 1);
        stage.order(second, REQUEUE).await;
        stage.pass(Duration::from_secs(2)).await;
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn a_claim_for_several_gets_no_more_than_it_asked_for_when_one_is_refused() {
    play("corner_max_refused", |stage| async move {
        stage.beat("f1", 9).await;
        let doomed = stage.submit("J").await;
        for name in ["K", "L", "M", "N", "O"] {
            stage.submit(name).await;
        }
        stage.act("J is cancelled while it is on offer");
        stage.plan.upset(0, Upset::Slow(Duration::from_secs(1)));
        let product = stage.product().await;
        let order = actors::Order { command: CANCEL, by: operator(), if_rev: None };
        let cancelling = tokio::spawn(async move { product.order(doomed, order).await });
        tokio::task::yield_now().await;
        stage
            .claim_with("f1", |ask| {
                ask.max = 3;
                ask.wait = Some(Duration::from_secs(5));
            })
            .await;
        cancelling.await.unwrap().unwrap();
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn a_claim_that_was_told_nothing_is_not_granted_later_under_its_id() {
    play("corner_named_claim_over", |stage| async move {
        stage.beat("f1", 1).await;
        let product = stage.product().await;
        stage.act("claim of f1, waiting 2 s");
        let mut asked = ask("f1");
        asked.wait = Some(Duration::from_secs(2));
        asked.claim_id = Some("c1".into());
        let waiting = tokio::spawn(async move { product.claim(asked).await });
        stage.pass(Duration::from_millis(1_900)).await;
        stage.plan.upset(1, Upset::Slow(Duration::from_secs(1)));
        stage.submit("J").await;
        stage.claimed("f1", &waiting.await.unwrap());
        stage.pass(Duration::from_secs(2)).await;
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn a_resume_waits_its_turn_behind_an_emergency_stop() {
    play("corner_gates_in_order", |stage| async move {
        stage.beat("f1", 2).await;
        stage.submit("J").await;
        stage.claim("f1").await;
        let (stop, resume) = (stage.product().await, stage.product().await);
        stage.act("emergency stop, and at once a resume");
        let stopping = tokio::spawn(async move { stop.set_gate(Gate::Estop, operator()).await });
        tokio::task::yield_now().await;
        let resumed = resume.set_gate(Gate::Resume, operator()).await.unwrap();
        stage.answer(&format!("resumed, v{}", resumed.rev));
        stage.answer(&format!("stopped, v{}", stopping.await.unwrap().unwrap().rev));
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn a_drain_that_is_under_way_is_not_undone_by_a_heartbeat() {
    play("corner_drain_and_beat", |stage| async move {
        stage.beat("f1", 3).await;
        stage.submit("J").await;
        stage.submit("K").await;
        stage.plan.upset(0, Upset::Slow(Duration::from_secs(1)));
        let (claimer, drainer) = (stage.product().await, stage.product().await);
        stage.act("claim of f1, slow to commit; drain f1 meanwhile");
        let claiming = tokio::spawn(async move { claimer.claim(ask("f1")).await });
        stage.calm().await;
        let draining = tokio::spawn(async move { drainer.drain(&factory("f1"), None, operator()).await });
        stage.calm().await;
        stage.beat("f1", 4).await;
        stage.claim("f1").await;
        stage.claimed("f1", &claiming.await.unwrap());
        stage.answer(&format!("{:?}", draining.await.unwrap().unwrap().factory.state()));
        stage
    });
}

#[test]
fn a_factory_that_dies_while_it_is_drained_can_still_claim() {
    play("corner_drain_dies", |stage| async move {
        stage.beat("f1", 3).await;
        stage.submit("J").await;
        stage.submit("K").await;
        stage.plan.upset(0, Upset::Slow(Duration::from_secs(1)));
        let (claimer, drainer) = (stage.product().await, stage.product().await);
        stage.act("claim of f1, slow to commit; drain f1 meanwhile, and kill it");
        let claiming = tokio::spawn(async move { claimer.claim(ask("f1")).await });
        stage.calm().await;
        let draining = tokio::spawn(async move { drainer.drain(&factory("f1"), None, operator()).await });
        stage.calm().await;
        stage.product().await.restart(Part::Factory(factory("f1")));
        stage.answer(&format!("{:?}", draining.await.unwrap().map(|view| view.factory.state())));
        stage.claimed("f1", &claiming.await.unwrap());
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn a_holder_that_ended_its_own_run_is_not_fenced_by_the_next_one() {
    play("corner_own_end", |stage| async move {
        stage.beat("f1", 1).await;
        stage.beat("f2", 1).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        stage.report_with(job, 1, |order| order.report.result = Some(RunResult::Quota)).await.unwrap();
        stage.claim("f2").await;
        stage.release(job, 1).await;
        stage.renew(job, 1).await;
        stage.beat_with("f1", None, Some(vec![(job, Epoch(1))])).await;
        stage
    });
}

#[test]
fn usage_that_comes_with_a_repeat_is_charged() {
    play("corner_late_usage", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        stage.report(job, 1, JobStage::Shipped).await.unwrap();
        let dear = |order: &mut actors::ReportOrder| {
            order.report.stage = Some(JobStage::Shipped);
            order.report.insights.cost_usd = Some(Usd(9_000_000));
        };
        stage.report_with(job, 1, dear).await.unwrap();
        let runs = stage.store.runs(&product_id(), job).await.unwrap();
        stage.act(&format!("the run has cost {:?}", runs[0].insights.cost_usd.map(|usd| usd.to_string())));
        stage
    });
}

#[test]
fn a_beat_that_changes_the_card_renews_before_that_is_committed() {
    play("corner_slow_beat", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        stage.pass(Duration::from_secs(59)).await;
        stage.plan.upset(0, Upset::Slow(Duration::from_secs(3)));
        stage.beat_with("f1", Some(2), Some(vec![(job, Epoch(1))])).await;
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn a_grant_that_reached_nobody_is_taken_back_though_the_first_try_fails() {
    play("corner_reclaim_again", |stage| async move {
        stage.beat("f1", 1).await;
        stage.submit("J").await;
        stage.plan.upset(0, Upset::Slow(Duration::from_secs(1)));
        stage.plan.upset(1, Upset::Unavailable);
        let product = stage.product().await;
        stage.act("claim of f1, whose caller goes during the commit");
        let claiming = tokio::spawn(async move { product.claim(ask("f1")).await });
        stage.calm().await;
        claiming.abort();
        stage.pass(Duration::from_secs(3)).await;
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn a_parked_job_keeps_its_seat_and_is_reported_once() {
    play("corner_parked_once", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.submit("K").await;
        stage.claim_with("f1", |ask| ask.ttl_sec = 30).await;
        stage.store.poison.lock().unwrap().insert(job, 9);
        for _ in 0..6 {
            assert!(stage.report(job, 1, JobStage::Building).await.is_err());
            stage.calm().await;
        }
        stage.act("its seat is still taken");
        stage.claim("f1").await;
        stage.act("its end is asked for once a minute, and it is reported no more");
        stage.pass(Duration::from_secs(240)).await;
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn a_holder_that_was_evicted_is_fenced_whatever_it_sends() {
    play("corner_evicted", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        stage.act("emergency stop");
        stage.product().await.set_gate(Gate::Estop, operator()).await.unwrap();
        stage.renew(job, 1).await;
        stage.release(job, 1).await;
        assert!(stage.report(job, 1, JobStage::Review).await.is_err());
        stage
    });
}

#[test]
fn a_factory_that_was_heard_by_a_claim_is_missed_again() {
    play("corner_missed_again", |stage| async move {
        stage.beat("f1", 1).await;
        stage.pass(Duration::from_secs(1_801)).await;
        stage.act("offline by now");
        stage.claim("f1").await;
        stage.pass(Duration::from_secs(901)).await;
        stage
    });
}

#[test]
fn an_epoch_that_was_never_granted_leaves_no_event() {
    play("corner_invented_epoch", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.renew(job, 0).await;
        assert!(stage.report(job, 0, JobStage::Review).await.is_err());
        stage
    });
}

#[test]
fn what_one_factory_gave_back_is_lost_to_another() {
    play("corner_given_back_by_another", |stage| async move {
        stage.beat("f1", 1).await;
        stage.beat("f2", 1).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        stage.release(job, 1).await;
        stage.beat_with("f1", None, Some(vec![(job, Epoch(1))])).await;
        stage.beat_with("f2", None, Some(vec![(job, Epoch(1))])).await;
        stage
    });
}
