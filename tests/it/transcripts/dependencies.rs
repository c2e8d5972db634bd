//! Dependencies: blocked and unblocked, also across a crash.

use actors::store::Upset;
use domain::job::Stage as JobStage;
use domain::job::spec::{DepsMode, OnDepFailure};

use super::stage::{Stage, play};
use crate::support::order::requeue;

const POLICIES: [(&str, OnDepFailure); 3] =
    [("block", OnDepFailure::Block), ("fail", OnDepFailure::Fail), ("ignore", OnDepFailure::Ignore)];

/// Submits a job for each mode and policy, all of which wait for the same two: `all-block`, `any-fail`, …
async fn waiting_for_two(stage: &Stage) -> [domain::JobId; 2] {
    let two = [stage.submit("A").await, stage.submit("B").await];
    for (mode, deps_mode) in [("all", DepsMode::All), ("any", DepsMode::Any)] {
        for (policy, on_dep_failure) in POLICIES {
            stage
                .submit_with(&format!("{mode}-{policy}"), |spec| {
                    spec.depends_on = two.to_vec();
                    (spec.deps_mode, spec.on_dep_failure) = (deps_mode, on_dep_failure);
                })
                .await;
        }
    }
    two
}

#[test]
fn a_blocked_job_is_ready_once_its_dependency_has_shipped() {
    play("dependency_met", |stage| async move {
        stage.beat("f1", 1).await;
        let first = stage.submit("J").await;
        stage.submit_with("K", |spec| spec.depends_on = vec![first]).await;
        stage.claim("f1").await;
        stage.report(first, 1, JobStage::Shipped).await.unwrap();
        stage.calm().await;
        stage.claim("f1").await;
        stage.act("a dependency that has shipped already blocks nothing");
        stage.submit_with("L", |spec| spec.depends_on = vec![first]).await;
        stage
    });
}

#[test]
fn a_failed_dependency_means_what_the_job_says() {
    play("dependency_failed", |stage| async move {
        let first = stage.submit("J").await;
        for (name, policy) in POLICIES {
            stage
                .submit_with(name, |spec| {
                    spec.depends_on = vec![first];
                    spec.on_dep_failure = policy;
                })
                .await;
        }
        stage.cancel(first).await;
        stage.calm().await;
        stage
    });
}

#[test]
fn one_of_two_dependencies_fails_and_the_other_ships() {
    play("dependency_failed_of_two", |stage| async move {
        let [a, b] = waiting_for_two(&stage).await;
        stage.cancel(a).await;
        stage.calm().await;
        stage.beat("f1", 1).await;
        stage.claim("f1").await;
        stage.report(b, 1, JobStage::Shipped).await.unwrap();
        stage.calm().await;
        stage
    });
}

#[test]
fn neither_of_two_dependencies_ships() {
    play("dependencies_failed", |stage| async move {
        let [a, b] = waiting_for_two(&stage).await;
        stage.cancel(a).await;
        stage.calm().await;
        stage.cancel(b).await;
        stage.calm().await;
        stage
    });
}

#[test]
fn a_job_that_a_failed_dependency_blocks_is_ready_when_that_ships_after_all() {
    play("dependency_ships_after_all", |stage| async move {
        let first = stage.submit("J").await;
        stage.submit_with("K", |spec| spec.depends_on = vec![first]).await;
        stage.cancel(first).await;
        stage.calm().await;
        stage.order(first, requeue(false, None)).await;
        stage.calm().await;
        stage.beat("f1", 1).await;
        stage.claim("f1").await;
        stage.report(first, 2, JobStage::Shipped).await.unwrap();
        stage.calm().await;
        stage
    });
}

#[test]
fn an_unblocking_that_could_not_be_written_is_told_again() {
    play("dependency_met_after_fault", |stage| async move {
        stage.beat("f1", 1).await;
        let first = stage.submit("J").await;
        stage.submit_with("K", |spec| spec.depends_on = vec![first]).await;
        stage.claim("f1").await;
        stage.plan.upset(1, Upset::Unavailable);
        stage.report(first, 1, JobStage::Shipped).await.unwrap();
        stage.pass(std::time::Duration::from_secs(2)).await;
        stage
    });
}

#[test]
fn a_restart_between_shipping_and_unblocking_loses_nothing() {
    play("dependency_met_across_restart", |stage| async move {
        stage.beat("f1", 1).await;
        let first = stage.submit("J").await;
        stage.submit_with("K", |spec| spec.depends_on = vec![first]).await;
        stage.claim("f1").await;
        stage.plan.upset(1, Upset::Unavailable);
        stage.report(first, 1, JobStage::Shipped).await.unwrap();
        let stage = stage.restart().await;
        stage.calm().await;
        stage.live_jobs().await;
        stage
    });
}

#[test]
fn an_unknown_dependency_is_refused() {
    play("dependency_unknown", |stage| async move {
        stage.submit_with("J", |spec| spec.depends_on = vec![domain::JobId(uuid::Uuid::from_u128(7))]).await;
        stage
    });
}
