//! Leases over time: renewals, expiries, limits, zombies, heartbeats that leave something out.

use std::time::Duration;

use actors::CardPatch;
use domain::Epoch;
use domain::factory::EngineState;
use domain::job::{RunResult, Stage as JobStage};

use super::stage::{factory, play};
use crate::support::factory::engine;

#[test]
fn renewals_write_nothing_until_they_are_flushed_together() {
    play("renewals", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        for _ in 0..3 {
            stage.pass(Duration::from_secs(25)).await;
            stage.renew(job, 1).await;
        }
        stage.pass(Duration::from_secs(50)).await;
        stage.report(job, 1, JobStage::Shipped).await.unwrap();
        stage
    });
}

#[test]
fn a_lease_that_runs_out_is_lost_and_its_late_report_is_fenced_once() {
    play("lease_lost", |stage| async move {
        stage.beat("f1", 1).await;
        stage.beat("f2", 1).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        stage.pass(Duration::from_secs(61)).await;
        stage.pass(Duration::from_secs(40)).await;
        stage.claim("f2").await;
        stage.act("the zombie reports twice: one event");
        assert!(stage.report(job, 1, JobStage::Shipped).await.is_err());
        assert!(stage.report(job, 1, JobStage::Shipped).await.is_err());
        stage.renew(job, 1).await;
        stage.report(job, 3, JobStage::Shipped).await.unwrap();
        stage
    });
}

#[test]
fn delivered_work_keeps_its_stage_when_its_lease_runs_out() {
    play("lease_lost_after_review", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        stage.report(job, 1, JobStage::Review).await.unwrap();
        stage.pass(Duration::from_secs(61)).await;
        stage.act("a repeat of the report is a repeat");
        stage.report(job, 1, JobStage::Review).await.unwrap();
        stage
    });
}

#[test]
fn a_run_that_takes_too_long_is_ended_by_the_coordinator() {
    play("run_limit", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit_with("J", |spec| spec.timeout_sec = Some(30)).await;
        stage.claim("f1").await;
        stage.pass(Duration::from_secs(40)).await;
        stage.renew(job, 1).await;
        stage.pass(Duration::from_secs(21)).await;
        stage
    });
}

#[test]
fn a_plain_client_that_ships_releases_and_renews_is_never_told_stale() {
    play("plain_client", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        stage.report(job, 1, JobStage::Shipped).await.unwrap();
        stage.release(job, 1).await;
        stage.renew(job, 1).await;
        stage.report(job, 1, JobStage::Shipped).await.unwrap();
        stage
    });
}

#[test]
fn a_grant_that_two_heartbeats_do_not_list_is_taken_back() {
    play("unlisted", |stage| async move {
        stage.beat("f1", 2).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        stage.beat_with("f1", None, Some(vec![(job, Epoch(1))])).await;
        stage.beat_with("f1", None, Some(Vec::new())).await;
        stage.beat_with("f1", None, Some(Vec::new())).await;
        stage.calm().await;
        stage.beat_with("f1", None, Some(vec![(job, Epoch(1))])).await;
        stage
    });
}

#[test]
fn an_engine_at_its_limit_gets_no_work_until_its_factory_says_otherwise() {
    play("engine_limited", |stage| async move {
        let claude = || CardPatch { engines: Some(vec![engine("claude", EngineState::Available)]), ..<_>::default() };
        stage.beat_card("f1", claude(), None).await;
        let job = stage.submit_with("J", |spec| spec.engines = vec!["claude".into()]).await;
        stage.claim("f1").await;
        let until = stage.node.now().plus_secs(3_600);
        stage.release_with(job, 1, RunResult::Quota, Some(until)).await;
        stage.calm().await;
        stage.claim("f1").await;
        let card = stage.product().await.factory(&factory("f1")).await.unwrap().factory;
        assert_eq!((card.engines[0].state, card.engines[0].resets_at), (EngineState::Unavailable, Some(until)));
        stage.act("the same again: nothing new");
        stage.release_with(job, 1, RunResult::Quota, Some(until)).await;
        stage.calm().await;
        stage.beat_card("f1", claude(), None).await;
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn a_cancelled_lease_is_told_with_the_next_heartbeat() {
    play("cancelled", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        stage.cancel(job).await;
        stage.beat_with("f1", None, Some(vec![(job, Epoch(1))])).await;
        stage
    });
}
