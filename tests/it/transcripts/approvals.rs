//! Approvals in the real actors: who counts, what a factory hears while some are missing, what a rejection leaves behind.

use domain::job::command::{Approve, Reject};
use domain::job::spec::Approvals;
use domain::job::{Command, Refusal, Stage as JobStage};
use domain::{By, JobId};

use actors::{NotDone, Order};

use super::stage::{Stage, play};

fn named(required: u32, reviewers: &[&str]) -> Approvals {
    Approvals { required, reviewers: reviewers.iter().map(ToString::to_string).collect() }
}

async fn approve(stage: &Stage, job: JobId, reviewer: &str) {
    let command = Command::Approve(Approve { reviewer: reviewer.into(), note: None });
    stage.act(&format!("{reviewer} approves {}", stage.journal.of(job)));
    let order = Order { command, by: By::Operator(reviewer.into()), if_rev: None };
    let done = stage.product().await.order(job, order).await.unwrap();
    let again = if done.repeated { ", repeated" } else { "" };
    stage.answer(&format!("by {:?}, {} missing{again}", done.job.approved_by, done.job.approvals_missing()));
}

#[test]
fn two_distinct_reviewers_of_those_that_are_named_have_to_approve() {
    play("approvals", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit_with("J", |spec| spec.approvals = named(2, &["ann", "bob", "cem"])).await;
        stage.claim("f1").await;
        stage.report(job, 1, JobStage::Review).await.unwrap();
        stage.release(job, 1).await;
        approve(&stage, job, "ann").await;
        stage.act("the same once more, and somebody who is not named");
        approve(&stage, job, "ann").await;
        approve(&stage, job, "eve").await;
        stage.order(job, Command::Ship).await;
        approve(&stage, job, "bob").await;
        stage.order(job, Command::Ship).await;
        stage
    });
}

#[test]
fn a_factory_that_ships_too_early_keeps_its_lease() {
    play("approvals_missing", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit_with("J", |spec| spec.approvals = named(1, &[])).await;
        stage.claim("f1").await;
        stage.report(job, 1, JobStage::Testing).await.unwrap();
        let refused = stage.report(job, 1, JobStage::Shipped).await;
        assert_eq!(refused, Err(NotDone::Refused(Refusal::ApprovalsMissing { missing: 1 })));
        stage.renew(job, 1).await;
        approve(&stage, job, "ann").await;
        stage.report(job, 1, JobStage::Shipped).await.unwrap();
        stage
    });
}

#[test]
fn a_rejection_goes_to_the_next_run_as_a_note_and_a_final_one_ends_the_job() {
    play("approvals_rejected", |stage| async move {
        stage.beat("f1", 1).await;
        let job = stage.submit_with("J", |spec| spec.approvals = named(1, &[])).await;
        stage.claim("f1").await;
        stage.report(job, 1, JobStage::Review).await.unwrap();
        stage.release(job, 1).await;
        approve(&stage, job, "ann").await;
        stage.order(job, Command::Reject(Reject { note: "the hinge is loose".into(), is_final: false })).await;
        let grant = stage.claim("f1").await.unwrap();
        let notes: Vec<_> = grant.job.notes.iter().map(|note| format!("{}: {}", note.by, note.text)).collect();
        stage.act(&format!("its notes: {notes:?}; {} approvals missing", grant.job.approvals_missing()));
        stage.report(job, 3, JobStage::Review).await.unwrap();
        stage.order(job, Command::Reject(Reject { note: "no door at all".into(), is_final: true })).await;
        stage.claim("f1").await;
        stage
    });
}
