//! Urgent jobs and those that give way to them: signal, grace, eviction, the kept seat, the zombie, the resumed work.

use std::time::Duration;

use actors::Switches;
use actors::store::Upset;
use domain::job::state::{Checkpoint, Priority};
use domain::job::{RunResult, Stage as JobStage};
use domain::{Epoch, JobId};

use super::stage::{Stage, play, play_with};

const ON: Switches = Switches { preemption: true, shadow: false };

async fn urgent(stage: &Stage, name: &str, priority: Priority) -> JobId {
    stage.submit_with(name, |spec| spec.priority = priority).await
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
