//! Claims: waiting ones, repeated ones, ones whose caller has gone; gates that close.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actors::store::{Change, Receipt, ReceiptKind, Store, Write};
use domain::By;
use domain::dispatch::{Breakdown, Reason, Term, Weights};
use domain::job::command::Lease;
use domain::job::{Command, Decision, Stage as JobStage, transition};
use domain::product::Command as Gate;

use super::stage::{ask, factory, operator, play, product_id};

#[test]
fn a_waiting_claim_is_answered_the_moment_a_job_is_ready() {
    play("claim_waits", |stage| async move {
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
fn a_waiting_claim_ends_with_nothing_when_its_time_is_over() {
    play("claim_waits_in_vain", |stage| async move {
        stage.beat("f1", 1).await;
        stage.claim_with("f1", |ask| ask.wait = Some(Duration::from_secs(20))).await;
        stage
    });
}

#[test]
fn a_waiter_that_has_gone_is_never_granted() {
    play("claim_gone", |stage| async move {
        stage.beat("f1", 1).await;
        let product = stage.product().await;
        let mut asked = ask("f1");
        asked.wait = Some(Duration::from_secs(20));
        let waiting = tokio::spawn(async move { product.claim(asked).await });
        stage.pass(Duration::from_secs(1)).await;
        stage.act("its caller goes");
        waiting.abort();
        stage.calm().await;
        stage.submit("J").await;
        stage.calm().await;
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn a_grant_whose_caller_goes_during_the_commit_is_given_back() {
    play("claim_gone_during_commit", |stage| async move {
        stage.beat("f1", 1).await;
        stage.submit("J").await;
        stage.plan.upset(0, actors::store::Upset::Slow(Duration::from_secs(2)));
        let product = stage.product().await;
        stage.act("claim of f1");
        let claiming = tokio::spawn(async move { product.claim(ask("f1")).await });
        stage.pass(Duration::from_secs(1)).await;
        stage.act("its caller goes");
        claiming.abort();
        stage.pass(Duration::from_secs(2)).await;
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn a_repeated_claim_is_told_how_the_first_one_was_decided() {
    play("claim_repeated_decision", |stage| async move {
        stage.beat("f1", 1).await;
        let id = stage.submit("J").await;
        let breakdown = Breakdown { terms: [333_333; Term::COUNT], weights: Weights::default() };
        let filtered = BTreeMap::from([(Reason::Capabilities, 2)]);
        let decision = Decision::new(3, filtered, &breakdown);
        let stored = stage.store.job(&product_id(), id).await.unwrap().unwrap();
        let lease = Lease {
            factory: factory("f1"),
            run: domain::RunId(uuid::Uuid::from_u128(0x11)),
            engine: None,
            ttl_sec: 60,
            claim_id: Some("c1".into()),
            decision: Some(decision.clone()),
        };
        let (by, at) = (By::Factory(factory("f1")), stage.node.now());
        let step = transition(&stored.job, Command::Lease(lease), &by, at).unwrap();
        let (job, (epoch, rev)) = (Arc::new(step.next.clone()), (step.next.epoch, step.next.rev));
        let (kind, key, content_hash) = (ReceiptKind::Claim, "f1/c1".into(), String::new());
        let receipt = Some(Receipt { kind, key, job: id, epoch, rev, content_hash, at });
        let change = Change::Job { job, prev_seq: stored.last_seq, edited: false, ended: None, receipt };
        let facts = step.facts.into_iter().map(Into::into).collect();
        stage.store.commit(Write { product: product_id(), at, by, facts, change }).await.unwrap();
        for stage_now in [JobStage::Building, JobStage::Failed] {
            let grant = stage.claim_with("f1", |ask| ask.claim_id = Some("c1".into())).await.unwrap();
            assert_eq!(grant.decision.as_ref(), Some(&decision));
            stage.report(id, 1, stage_now).await.unwrap();
        }
        stage.pass(Duration::from_secs(60)).await;
        stage.act("another grant of the same job has a decision of its own");
        let grant = stage.claim_with("f1", |ask| ask.claim_id = Some("c2".into())).await.unwrap();
        assert!(grant.decision.is_some_and(|own| own != decision));
        let grant = stage.claim_with("f1", |ask| ask.claim_id = Some("c1".into())).await.unwrap();
        assert_eq!(grant.decision, Some(decision));
        stage
    });
}

#[test]
fn a_repeated_claim_gets_the_same_grant() {
    play("claim_repeated", |stage| async move {
        stage.beat("f1", 3).await;
        let job = stage.submit("J").await;
        stage.submit("K").await;
        stage.claim_with("f1", |ask| ask.claim_id = Some("c1".into())).await;
        stage.claim_with("f1", |ask| ask.claim_id = Some("c1".into())).await;
        stage.release(job, 1).await;
        stage.act("its lease has ended meanwhile");
        stage.claim_with("f1", |ask| ask.claim_id = Some("c1".into())).await;
        let stage = stage.restart().await;
        stage.claim_with("f1", |ask| ask.claim_id = Some("c1".into())).await;
        stage
    });
}

#[test]
fn a_claim_for_several_gets_what_its_seats_allow() {
    play("claim_max", |stage| async move {
        stage.beat("f1", 2).await;
        for name in ["J", "K", "L"] {
            stage.submit(name).await;
        }
        stage.claim_with("f1", |ask| ask.max = 5).await;
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn claims_that_may_not_be_made_say_why() {
    play("claim_refused", |stage| async move {
        stage.claim("nobody").await;
        stage.beat("f1", 1).await;
        stage.submit("J").await;
        stage.submit("K").await;
        stage.claim("f1").await;
        stage.claim("f1").await;
        stage.act("drain f1");
        let view = stage.product().await.drain(&factory("f1"), Some("maintenance".into()), operator()).await;
        stage.answer(&format!("{:?}", view.unwrap().factory.state()));
        stage.claim("f1").await;
        stage.act("resume f1");
        let view = stage.product().await.resume_factory(&factory("f1"), operator()).await;
        stage.answer(&format!("{:?}", view.unwrap().factory.state()));
        stage
    });
}

#[test]
fn a_pause_waits_for_what_is_on_offer_and_a_stop_ends_every_lease() {
    play("gate", |stage| async move {
        stage.beat("f1", 3).await;
        let (first, _) = (stage.submit("J").await, stage.submit("K").await);
        stage.claim("f1").await;
        stage.act("a slow commit keeps K on offer while the product is paused");
        stage.plan.upset(0, actors::store::Upset::Slow(Duration::from_secs(2)));
        let product = stage.product().await;
        let claiming = tokio::spawn(async move { product.claim(ask("f1")).await });
        stage.calm().await;
        let product = stage.product().await;
        let settings = product.set_gate(Gate::Pause, operator()).await.unwrap();
        stage.answer(&format!("paused={}", settings.paused));
        stage.claimed("f1", &claiming.await.unwrap());
        stage.submit("L").await;
        stage.claim("f1").await;
        stage.act("emergency stop");
        let settings = product.set_gate(Gate::Estop, operator()).await.unwrap();
        stage.answer(&format!("paused={}", settings.paused));
        stage.live_jobs().await;
        stage.act("resume");
        product.set_gate(Gate::Resume, operator()).await.unwrap();
        stage.claim("f1").await;
        assert!(stage.report(first, 1, domain::job::Stage::Shipped).await.is_err());
        stage
    });
}
