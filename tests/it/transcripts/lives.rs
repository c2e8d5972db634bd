//! Each actor's life: activate, work, passivate, crash, restart, park.

use std::time::Duration;

use actors::Part;
use domain::job::Stage as JobStage;

use super::stage::{factory, play};

#[test]
fn a_job_is_activated_works_and_is_passivated() {
    play("job_life", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.live_jobs().await;
        stage.claim("f1").await;
        stage.live_jobs().await;
        stage.report(job, 1, JobStage::Building).await.unwrap();
        stage.report(job, 1, JobStage::Shipped).await.unwrap();
        stage.calm().await;
        stage.live_jobs().await;
        stage.act("a late report wakes it again");
        stage.report(job, 1, JobStage::Shipped).await.unwrap();
        stage.calm().await;
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn a_job_whose_actor_is_killed_goes_on_from_its_snapshot() {
    play("job_killed", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        stage.act("kill J");
        stage.product().await.restart(Part::Job(job));
        stage.calm().await;
        stage.report(job, 1, JobStage::Review).await.unwrap();
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn a_job_that_panics_while_it_is_leased_is_offered_again() {
    play("job_panics", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.store.poison.lock().unwrap().insert(job, 1);
        stage.claim("f1").await;
        stage.calm().await;
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn a_poison_job_is_parked_and_reported_and_its_lease_can_still_be_ended() {
    play("job_parked", |stage| async move {
        stage.beat("f1", 2).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        stage.store.poison.lock().unwrap().insert(job, 6);
        for _ in 0..6 {
            let outcome = stage.report(job, 1, JobStage::Building).await;
            assert!(outcome.is_err());
            stage.calm().await;
        }
        stage.act("parked now: the next report does not reach it");
        assert!(stage.report(job, 1, JobStage::Building).await.is_err());
        stage.act("others are not touched");
        let other = stage.submit("K").await;
        stage.claim("f1").await;
        stage.report(other, 1, JobStage::Shipped).await.unwrap();
        stage.act("its lease runs out all the same");
        stage.pass(Duration::from_secs(120)).await;
        stage.act("it is queued again, and offered to nobody");
        stage.claim("f1").await;
        stage.cancel(job).await;
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn a_factory_registers_beats_falls_silent_and_comes_back() {
    play("factory_life", |stage| async move {
        stage.beat_with("f1", Some(2), Some(Vec::new())).await;
        stage.act("a beat that changes nothing writes nothing");
        stage.beat_with("f1", Some(2), Some(Vec::new())).await;
        stage.beat_with("f1", Some(3), Some(Vec::new())).await;
        stage.pass(Duration::from_secs(200)).await;
        stage.act("a claim revives it");
        stage.claim("f1").await;
        stage.calm().await;
        stage.beat_with("f1", None, Some(Vec::new())).await;
        stage
    });
}

#[test]
fn a_factory_whose_actor_is_killed_keeps_its_card() {
    play("factory_killed", |stage| async move {
        stage.beat("f1", 2).await;
        stage.act("kill f1");
        stage.product().await.restart(Part::Factory(factory("f1")));
        stage.calm().await;
        stage.beat_with("f1", None, None).await;
        stage
    });
}

#[test]
fn a_dispatcher_that_is_killed_takes_its_product_down_and_both_come_back() {
    play("dispatcher_killed", |stage| async move {
        stage.beat("f1", 2).await;
        let leased = stage.submit("J").await;
        stage.submit("K").await;
        stage.claim("f1").await;
        stage.act("kill the dispatcher");
        stage.product().await.restart(Part::Dispatcher);
        stage.calm().await;
        stage.live_jobs().await;
        stage.report(leased, 1, JobStage::Building).await.unwrap();
        stage.claim("f1").await;
        stage.act("both seats are taken");
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn a_feed_that_is_killed_takes_its_product_down_and_both_come_back() {
    play("feed_killed", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.act("kill the feed");
        stage.product().await.restart(Part::Feed);
        stage.calm().await;
        let seen = stage.product().await.watch(job, 1, Duration::from_secs(10));
        stage.claim("f1").await;
        seen.await;
        stage.act("the watcher was woken");
        stage
    });
}

#[test]
fn a_product_that_is_killed_is_opened_again() {
    play("product_killed", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.claim("f1").await;
        stage.act("kill the product");
        stage.product().await.restart(Part::Product);
        stage.calm().await;
        stage.report(job, 1, JobStage::Shipped).await.unwrap();
        stage
    });
}
