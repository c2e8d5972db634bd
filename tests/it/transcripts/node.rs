//! The node as a whole: a restart rebuilds everything from rows, a stop answers those who wait, the brake holds.

use std::time::Duration;

use domain::job::Command;
use domain::job::Stage as JobStage;
use domain::job::command::{Answer, Requeue};

use super::stage::{ask, play};

#[test]
fn a_restart_rebuilds_leases_deadlines_and_the_ready_index() {
    play("restart", |stage| async move {
        stage.beat_with("f1", Some(2), Some(Vec::new())).await;
        let leased = stage.submit("J").await;
        stage.submit("K").await;
        stage.claim_with("f1", |ask| ask.ttl_sec = 20).await;
        stage.pass(Duration::from_secs(19)).await;
        let stage = stage.restart().await;
        stage.live_jobs().await;
        stage.act("one second before its end the lease got min(TTL, 3 heartbeats) more");
        stage.pass(Duration::from_secs(10)).await;
        stage.report(leased, 1, JobStage::Building).await.unwrap();
        stage.claim("f1").await;
        stage.pass(Duration::from_secs(15)).await;
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn a_stop_answers_the_claims_that_wait() {
    play("stop", |stage| async move {
        stage.beat("f1", 1).await;
        let product = stage.product().await;
        let mut asked = ask("f1");
        asked.wait = Some(Duration::from_secs(20));
        let waiting = tokio::spawn(async move { product.claim(asked).await });
        stage.calm().await;
        stage.act("stop");
        stage.node.stop().await;
        stage.claimed("f1", &waiting.await.unwrap());
        stage
    });
}

#[test]
fn the_reaper_brakes_when_a_third_of_all_leases_falls_due_at_once() {
    play("reaper_brake", |stage| async move {
        for name in ["f1", "f2", "f3"] {
            stage.beat(name, 10).await;
        }
        for at in 0..21 {
            stage.submit(&format!("J{at:02}")).await;
            stage.claim(["f1", "f2", "f3"][at % 3]).await;
        }
        stage.act("a minute of silence");
        stage.pass(Duration::from_secs(61)).await;
        stage.live_jobs().await;
        stage.act("and another one");
        stage.pass(Duration::from_secs(61)).await;
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn a_question_is_answered_and_the_job_goes_on() {
    play("question", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        let ask = |order: &mut actors::ReportOrder| {
            order.report.stage = Some(JobStage::Blocked);
            order.report.question = Some("which one?".into());
        };
        stage.report_with(job, 1, ask).await.unwrap();
        stage.order(job, Command::Answer(Answer { text: "the second".into() })).await;
        stage.claim("f1").await;
        stage.report(job, 2, JobStage::Review).await.unwrap();
        stage.release(job, 2).await;
        stage.order(job, Command::Ship).await;
        stage.order(job, Command::Requeue(Requeue { fresh: false, note: None })).await;
        stage
    });
}
