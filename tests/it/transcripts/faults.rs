//! The world fails: nothing written, no space, nobody can say, a crash.

use std::time::Duration;

use actors::store::Upset;
use domain::job::Stage as JobStage;

use super::stage::play;

#[test]
fn what_was_not_written_changes_nothing_and_the_actors_live_on() {
    play("fault_not_written", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit("J").await;
        stage.plan.upset(0, Upset::Unavailable);
        stage.claim("f1").await;
        stage.claim("f1").await;
        stage.plan.upset(0, Upset::Full);
        assert!(stage.report(job, 1, JobStage::Building).await.is_err());
        stage.report(job, 1, JobStage::Building).await.unwrap();
        stage.plan.upset(0, Upset::Full);
        stage.submit("K").await;
        stage
    });
}

#[test]
fn an_expiry_that_was_not_written_is_ordered_again() {
    play("fault_at_expiry", |stage| async move {
        stage.beat("f1", 1).await;
        stage.submit("J").await;
        stage.claim("f1").await;
        stage.plan.upset(0, Upset::Unavailable);
        stage.pass(Duration::from_secs(65)).await;
        stage
    });
}

#[test]
fn a_return_that_was_not_written_is_told_by_the_next_sign_of_life() {
    play("fault_at_return", |stage| async move {
        stage.beat("f1", 1).await;
        stage.act("stale after three of its intervals, offline after six");
        stage.pass(Duration::from_secs(1_801)).await;
        stage.plan.upset(0, Upset::Full);
        stage.claim("f1").await;
        stage.calm().await;
        stage.claim("f1").await;
        stage.calm().await;
        stage.act("and once only");
        stage.claim("f1").await;
        stage.calm().await;
        stage
    });
}

#[test]
fn a_lost_store_ends_the_product_which_finds_out_what_was_written() {
    play("fault_lost", |stage| async move {
        stage.beat("f1", 2).await;
        let job = stage.submit("J").await;
        stage.plan.upset(0, Upset::LostWritten);
        stage.claim("f1").await;
        stage.calm().await;
        stage.live_jobs().await;
        stage.act("the grant was written: its holder may report");
        stage.report(job, 1, JobStage::Building).await.unwrap();
        stage.plan.upset(0, Upset::LostUnwritten);
        assert!(stage.report(job, 1, JobStage::Shipped).await.is_err());
        stage.calm().await;
        stage.act("the report was not written: it is made again");
        stage.report(job, 1, JobStage::Shipped).await.unwrap();
        stage.act("a submit whose outcome is lost");
        stage.plan.upset(0, Upset::LostWritten);
        stage.submit("K").await;
        stage.calm().await;
        stage.live_jobs().await;
        stage
    });
}
