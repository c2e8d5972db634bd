//! Urgent jobs and those that give way to them: signal, grace, eviction, the kept seat, the zombie, the resumed work.

use std::time::Duration;

use actors::store::Upset;
use actors::{Ask, Grant, NotDone, Switches};
use domain::job::state::{Checkpoint, Priority};
use domain::job::{RunResult, Spec, Stage as JobStage};
use domain::product::Command;
use domain::{Epoch, JobId};
use tokio::task::JoinHandle;

use crate::support::{job, order};

use super::stage::{Stage, ask, operator, play, play_with};

const ON: Switches = Switches { preemption: true, shadow: false };

async fn urgent(stage: &Stage, name: &str, priority: Priority) -> JobId {
    stage.submit_with(name, |spec| spec.priority = priority).await
}

/// The order to give a job of that name another priority.
fn reprioritized(name: &str, priority: Priority) -> domain::job::Command {
    order::edit(Spec { title: name.into(), priority, ..job::spec() }, &["priority"])
}

/// A heartbeat that lists this lease.
async fn beat(stage: &Stage, name: &str, job: JobId, epoch: u64) {
    stage.beat_with(name, None, Some(vec![(job, Epoch(epoch))])).await;
}

async fn saves(stage: &Stage, job: JobId, epoch: u64, commit: &str) {
    let checkpoint = Checkpoint { wip_branch: format!("wip/{commit}"), ..Checkpoint::default() };
    let told = |report: &mut actors::ReportOrder| {
        report.report.stage = Some(JobStage::Building);
        report.report.checkpoint = Some(checkpoint);
    };
    stage.report_with(job, epoch, told).await.unwrap();
}

#[test]
fn a_critical_job_evicts_the_right_one_and_the_victim_is_resumed_elsewhere() {
    play_with("preempted", ON, |stage| async move {
        for name in ["f1", "f2"] {
            stage.beat(name, 1).await;
        }
        let high = urgent(&stage, "High", Priority::High).await;
        let low = urgent(&stage, "Low", Priority::Low).await;
        stage.claim("f1").await;
        stage.claim("f2").await;
        saves(&stage, low, 1, "c1").await;
        stage.pass(Duration::from_secs(20)).await;
        let critical = urgent(&stage, "Critical", Priority::Critical).await;
        beat(&stage, "f1", high, 1).await;
        beat(&stage, "f2", low, 1).await;
        stage.pass(Duration::from_secs(15)).await;
        stage.act("the zombie reports too late");
        drop(stage.report(low, 1, JobStage::Review).await);
        stage.act("the seat is kept: the job that gave way does not get it");
        stage.claim("f2").await;
        assert_eq!(stage.report(critical, 1, JobStage::Shipped).await.unwrap().job.stage, JobStage::Shipped);
        stage.report(high, 1, JobStage::Shipped).await.unwrap();
        let grant = stage.claim("f1").await.unwrap();
        let resumes = grant.job.checkpoint.as_ref().map(|checkpoint| checkpoint.wip_branch.clone());
        stage.act(&format!("f1 resumes from {}", resumes.unwrap()));
        stage.report(low, 3, JobStage::Shipped).await.unwrap();
        stage
    });
}

#[test]
fn a_factory_that_heeds_the_signal_gives_way_within_the_grace() {
    play_with("preempted_heeded", ON, |stage| async move {
        stage.beat("f1", 1).await;
        let low = urgent(&stage, "Low", Priority::Low).await;
        stage.claim("f1").await;
        stage.pass(Duration::from_secs(20)).await;
        urgent(&stage, "Critical", Priority::Critical).await;
        beat(&stage, "f1", low, 1).await;
        stage.pass(Duration::from_secs(3)).await;
        saves(&stage, low, 1, "c1").await;
        stage.release_with(low, 1, RunResult::Preempted, None).await;
        stage.claim("f1").await;
        stage.pass(Duration::from_secs(30)).await;
        stage
    });
}

#[test]
fn two_critical_jobs_never_evict_each_other() {
    play_with("preempted_no_ping_pong", ON, |stage| async move {
        stage.beat("f1", 1).await;
        urgent(&stage, "Low", Priority::Low).await;
        stage.claim("f1").await;
        stage.pass(Duration::from_secs(20)).await;
        let first = urgent(&stage, "First", Priority::Critical).await;
        let second = urgent(&stage, "Second", Priority::Critical).await;
        stage.pass(Duration::from_secs(15)).await;
        stage.claim("f1").await;
        stage.act("five minutes later");
        for _ in 0..6 {
            stage.pass(Duration::from_secs(50)).await;
            stage.renew(first, 1).await;
        }
        stage.report(first, 1, JobStage::Shipped).await.unwrap();
        stage.claim("f1").await;
        stage.report(second, 1, JobStage::Shipped).await.unwrap();
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn without_the_switch_nobody_gives_way() {
    play("preempted_not_switched_on", |stage| async move {
        stage.beat("f1", 1).await;
        let low = urgent(&stage, "Low", Priority::Low).await;
        stage.claim_with("f1", |ask| ask.ttl_sec = 900).await;
        urgent(&stage, "Critical", Priority::Critical).await;
        stage.pass(Duration::from_secs(60)).await;
        beat(&stage, "f1", low, 1).await;
        stage.report(low, 1, JobStage::Shipped).await.unwrap();
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn an_eviction_that_cannot_be_written_is_ordered_again() {
    play_with("preempted_again", ON, |stage| async move {
        stage.beat("f1", 1).await;
        urgent(&stage, "Low", Priority::Low).await;
        stage.claim("f1").await;
        urgent(&stage, "Critical", Priority::Critical).await;
        stage.plan.upset(0, Upset::Unavailable);
        stage.pass(Duration::from_secs(17)).await;
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn a_waiting_claim_takes_the_seat_that_was_kept() {
    play_with("preempted_for_a_waiting_claim", ON, |stage| async move {
        stage.beat("f1", 2).await;
        for name in ["One", "Two"] {
            urgent(&stage, name, Priority::Normal).await;
            stage.claim("f1").await;
        }
        urgent(&stage, "Critical", Priority::Critical).await;
        urgent(&stage, "High", Priority::High).await;
        stage.pass(Duration::from_secs(16)).await;
        stage.claim_with("f1", |ask| ask.wait = Some(Duration::from_secs(20))).await;
        stage
    });
}

/// Two claims of a factory with one seat that wait; the first gets a job of low priority.
async fn two_wait(stage: &Stage) -> (JobId, [JoinHandle<Result<Vec<Grant>, NotDone>>; 2]) {
    stage.beat("f1", 1).await;
    let product = stage.product().await;
    stage.act("two claims of f1 wait");
    let waiting = [(); 2].map(|()| {
        let asked = Ask { wait: Some(Duration::from_secs(60)), ..ask("f1") };
        let product = product.clone();
        tokio::spawn(async move { product.claim(asked).await })
    });
    stage.calm().await;
    let low = urgent(stage, "Low", Priority::Low).await;
    stage.pass(Duration::from_secs(1)).await;
    (low, waiting)
}

#[test]
fn a_seat_that_an_eviction_frees_is_not_given_back_to_the_job_that_gave_way() {
    play_with("preempted_beside_a_waiting_claim", ON, |stage| async move {
        let (_, [first, second]) = two_wait(&stage).await;
        urgent(&stage, "Critical", Priority::Critical).await;
        stage.pass(Duration::from_secs(16)).await;
        stage.claimed("f1", &first.await.unwrap());
        stage.claimed("f1", &second.await.unwrap());
        stage
    });
}

#[test]
fn whoever_gets_room_gets_the_best_job_that_there_is() {
    play("claim_waits_for_room", |stage| async move {
        let (low, [first, second]) = two_wait(&stage).await;
        urgent(&stage, "Critical", Priority::Critical).await;
        stage.claimed("f1", &first.await.unwrap());
        stage.release(low, 1).await;
        stage.claimed("f1", &second.await.unwrap());
        stage
    });
}

#[test]
fn an_eviction_is_over_when_its_ground_is_gone() {
    play_with("preempted_no_more", ON, |stage| async move {
        stage.beat("f1", 1).await;
        let low = urgent(&stage, "Low", Priority::Low).await;
        stage.claim_with("f1", |ask| ask.ttl_sec = 900).await;
        let critical = urgent(&stage, "Critical", Priority::Critical).await;
        stage.pass(Duration::from_secs(10)).await;
        stage.act("the gate is closed");
        stage.product().await.set_gate(Command::Pause, operator()).await.unwrap();
        stage.pass(Duration::from_secs(10)).await;
        stage.act("and opened: the grace begins anew");
        stage.product().await.set_gate(Command::Resume, operator()).await.unwrap();
        stage.pass(Duration::from_secs(10)).await;
        beat(&stage, "f1", low, 1).await;
        stage.order(critical, reprioritized("Critical", Priority::High)).await;
        stage.pass(Duration::from_secs(10)).await;
        stage.order(critical, reprioritized("Critical", Priority::Critical)).await;
        stage.pass(Duration::from_secs(10)).await;
        stage.order(low, reprioritized("Low", Priority::Critical)).await;
        stage.pass(Duration::from_secs(30)).await;
        beat(&stage, "f1", low, 1).await;
        stage
    });
}

#[test]
fn an_eviction_begins_anew_after_a_restart() {
    play_with("preempted_after_a_restart", ON, |stage| async move {
        stage.beat("f1", 1).await;
        urgent(&stage, "Low", Priority::Low).await;
        stage.claim_with("f1", |ask| ask.ttl_sec = 900).await;
        urgent(&stage, "Critical", Priority::Critical).await;
        stage.pass(Duration::from_secs(10)).await;
        let stage = stage.restart().await;
        stage.act("the grace begins anew");
        stage.product().await;
        stage.pass(Duration::from_secs(10)).await;
        stage.pass(Duration::from_secs(6)).await;
        stage.claim("f1").await;
        stage
    });
}
