//! Settings of a product: in line with its gate, under a revision, and after a failed commit.

use std::time::Duration;

use actors::store::Upset;
use domain::dispatch::{Term, Weight};
use domain::product::{Choices, Command, Settings};

use super::stage::{Stage, operator, play};
use crate::support::story::Actor;

fn limit(jobs: u32) -> Command {
    Command::Set(Choices { review_limit: Some(jobs), ..Choices::default() })
}

fn age(thousandths: u64) -> Command {
    Command::SetWeights([(Term::Age, Weight::of_thousandths(thousandths).unwrap())].into_iter().collect())
}

async fn set(stage: &Stage, command: Command, if_rev: Option<u64>) {
    stage.act(&format!("{}, expecting {if_rev:?}", Settings::said(&command)));
    match stage.product().await.set(command, operator(), if_rev).await {
        Ok(now) => stage.answer(&format!("v{}: {:?} in review, {:?}", now.rev, now.review_limit, now.weights)),
        Err(why) => stage.answer(&why.to_string()),
    }
}

#[test]
fn settings_are_changed_under_the_revision_that_was_seen() {
    play("settings", |stage| async move {
        set(&stage, limit(3), Some(0)).await;
        set(&stage, age(1), Some(0)).await;
        set(&stage, age(1), Some(1)).await;
        set(&stage, age(1), Some(2)).await;
        stage.plan.upset(0, Upset::Full);
        set(&stage, limit(2), None).await;
        set(&stage, limit(2), Some(2)).await;
        stage.act("a restart");
        stage.product().await.restart(actors::Part::Product);
        stage.calm().await;
        set(&stage, limit(2), Some(3)).await;
        stage
    });
}

#[test]
fn settings_wait_their_turn_behind_a_pause() {
    play("settings_behind_a_pause", |stage| async move {
        stage.beat("f1", 2).await;
        stage.submit("J").await;
        stage.act("a slow commit keeps J on offer while the product is paused");
        stage.plan.upset(0, Upset::Slow(Duration::from_secs(2)));
        let (claimer, pauser) = (stage.product().await, stage.product().await);
        let claiming = tokio::spawn(async move { claimer.claim(super::stage::ask("f1")).await });
        stage.calm().await;
        let pausing = tokio::spawn(async move { pauser.set_gate(Command::Pause, operator()).await });
        tokio::task::yield_now().await;
        set(&stage, limit(1), None).await;
        stage.answer(&format!("paused, v{}", pausing.await.unwrap().unwrap().rev));
        stage.claimed("f1", &claiming.await.unwrap());
        stage.submit("K").await;
        stage.act("the gate is still closed");
        stage.claim("f1").await;
        stage
    });
}
