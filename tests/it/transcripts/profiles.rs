//! Profiles: published in turn, read before a grant, and kept by the run though a newer version comes.

use std::time::Duration;

use actors::store::Upset;
use domain::profile::{Defaults, Snapshot};

use super::stage::{Stage, operator, play};

fn saying(persona: &str) -> Snapshot {
    Snapshot { persona: Some(persona.into()), defaults: Defaults::default() }
}

async fn publish(stage: &Stage, persona: &str) {
    stage.act(&format!("publish careful: {persona}"));
    let published = stage.product().await.publish("careful".parse().unwrap(), saying(persona), operator()).await;
    match published {
        Ok(done) => stage.answer(&format!("{}, new: {}", done.profile.pinned(), done.is_new)),
        Err(why) => stage.answer(&why.to_string()),
    }
}

async fn careful(stage: &Stage, job: &str, version: u32) {
    stage.submit_with(job, |spec| spec.profile = Some(format!("careful@{version}"))).await;
}

async fn claim(stage: &Stage) {
    if let Some(grant) = stage.claim("f1").await {
        let profile = grant.profile.map(|profile| format!("{} {:?}", profile.pinned(), profile.snapshot.persona));
        stage.answer(&format!("the run names {:?} and goes by {profile:?}", grant.run.profile));
    }
}

#[test]
fn two_publications_at_once_get_two_versions_in_turn() {
    play("profiles_at_once", |stage| async move {
        publish(&stage, "one").await;
        stage.act("two at once, over a slow commit");
        stage.plan.upset(0, Upset::Slow(Duration::from_secs(2)));
        let (first, second) = (stage.product().await, stage.product().await);
        let name = || "careful".parse().unwrap();
        let first = tokio::spawn(async move { first.publish(name(), saying("two"), operator()).await });
        let second = tokio::spawn(async move { second.publish(name(), saying("three"), operator()).await });
        for published in [first.await, second.await] {
            stage.answer(&published.unwrap().unwrap().profile.pinned().to_string());
        }
        publish(&stage, "three").await;
        stage.plan.upset(0, Upset::Full);
        publish(&stage, "four").await;
        publish(&stage, "four").await;
        stage.plan.upset(0, Upset::LostWritten);
        publish(&stage, "five").await;
        stage.calm().await;
        publish(&stage, "five").await;
        stage
    });
}

#[test]
fn a_run_keeps_its_profile_though_there_is_a_newer_version() {
    play("profiles_of_runs", |stage| async move {
        publish(&stage, "one").await;
        stage.beat("f1", 4).await;
        careful(&stage, "J", 1).await;
        stage.submit("K").await;
        publish(&stage, "two").await;
        claim(&stage).await;
        stage.act("a job without a profile reads none");
        claim(&stage).await;
        careful(&stage, "L", 2).await;
        careful(&stage, "M", 1).await;
        stage.act("a version that was read once is not read again");
        claim(&stage).await;
        claim(&stage).await;
        stage
    });
}

#[test]
fn nothing_is_granted_while_the_profile_cannot_be_read() {
    play("profiles_unread", |stage| async move {
        publish(&stage, "one").await;
        stage.beat("f1", 1).await;
        careful(&stage, "J", 1).await;
        stage.store.blind.lock().unwrap().insert("profile", 1);
        claim(&stage).await;
        claim(&stage).await;
        stage
    });
}
