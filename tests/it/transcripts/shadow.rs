//! Shadow mode: everything is decided, nothing is granted.

use std::time::Duration;

use actors::Switches;

use super::stage::{ask, play_with};

#[test]
fn what_would_be_granted_is_recorded_once_and_nothing_is_granted() {
    play_with("shadow", Switches { preemption: false, shadow: true }, |stage| async move {
        stage.beat("f1", 1).await;
        stage.submit("J").await;
        stage.claim("f1").await;
        stage.claim("f1").await;
        stage.submit_with("K", |spec| spec.priority = domain::job::state::Priority::High).await;
        stage.claim("f1").await;
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn a_waiting_claim_runs_out_of_time_in_shadow_mode() {
    play_with("shadow_waits", Switches { preemption: false, shadow: true }, |stage| async move {
        stage.beat("f1", 1).await;
        let product = stage.product().await;
        stage.act("claim of f1, waiting 20 s");
        let mut asked = ask("f1");
        asked.wait = Some(Duration::from_secs(20));
        let waiting = tokio::spawn(async move { product.claim(asked).await });
        stage.pass(Duration::from_secs(5)).await;
        stage.submit("J").await;
        stage.claimed("f1", &waiting.await.unwrap());
        stage
    });
}

#[test]
fn a_job_is_chosen_for_one_waiting_claim_and_each_choice_is_recorded_once() {
    play_with("shadow_once", Switches { preemption: false, shadow: true }, |stage| async move {
        let product = stage.product().await;
        let mut waiting = Vec::new();
        for name in ["f1", "f2"] {
            stage.beat(name, 2).await;
            let asked = actors::Ask { wait: Some(Duration::from_secs(20)), ..ask(name) };
            let product = product.clone();
            waiting.push(tokio::spawn(async move { product.claim(asked).await }));
            stage.calm().await;
        }
        stage.submit("J").await;
        stage.pass(Duration::from_secs(21)).await;
        for (name, waiting) in ["f1", "f2"].iter().zip(waiting) {
            stage.claimed(name, &waiting.await.unwrap());
        }
        stage.submit("K").await;
        stage.act("a claim for two at once");
        for _ in 0..2 {
            stage.claim_with("f2", |ask| ask.max = 2).await;
        }
        stage
    });
}
