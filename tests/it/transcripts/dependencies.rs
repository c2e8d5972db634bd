//! Dependencies: blocked and unblocked, also across a crash.

use actors::store::Upset;
use actors::{NotDone, Order};
use domain::JobId;
use domain::job::command::Edit;
use domain::job::spec::{DepsMode, OnDepFailure};
use domain::job::{Command, Spec, Stage as JobStage};

use super::stage::{Stage, operator, play};
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

/// The edit that makes a job wait for these.
async fn depends(stage: &Stage, job: JobId, depends_on: &[JobId]) -> Order {
    use actors::store::Store;
    let stored = stage.store.inner.job(&super::stage::product_id(), job).await.unwrap().unwrap().job;
    let spec = Spec { depends_on: depends_on.to_vec(), ..(*stored.spec).clone() };
    let edit = Edit { spec, changed: vec!["dependsOn".into()], deps_met: false };
    Order { command: Command::Edit(Box::new(edit)), by: operator(), if_rev: Some(stored.rev) }
}

async fn edit(stage: &Stage, job: JobId, depends_on: &[JobId]) -> Result<(), NotDone> {
    let order = depends(stage, job, depends_on).await;
    let names: Vec<String> = depends_on.iter().map(|dep| stage.journal.of(*dep)).collect();
    stage.act(&format!("{} is to wait for [{}]", stage.journal.of(job), names.join(", ")));
    let done = stage.product().await.order(job, order).await;
    stage.answer(
        &done.as_ref().map_or_else(ToString::to_string, |done| format!("{} v{}", done.job.stage, done.job.rev)),
    );
    stage.calm().await;
    done.map(drop)
}

#[test]
fn an_edit_stops_a_queued_job_and_the_last_dependency_taken_away_queues_it_once() {
    play("dependency_edited", |stage| async move {
        stage.beat("f1", 2).await;
        let [first, second] = [stage.submit("J").await, stage.submit("K").await];
        let third = stage.submit("L").await;
        edit(&stage, third, &[first, second]).await.unwrap();
        stage.claim_with("f1", |ask| ask.max = 3).await;
        stage.report(first, 1, JobStage::Shipped).await.unwrap();
        stage.calm().await;
        edit(&stage, third, &[first]).await.unwrap();
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn what_a_dependency_came_to_says_nothing_of_others_that_an_edit_gave_meanwhile() {
    play("dependency_edited_meanwhile", |stage| async move {
        stage.beat("f1", 2).await;
        let [first, second] = [stage.submit("J").await, stage.submit("K").await];
        let third = stage.submit_with("L", |spec| spec.depends_on = vec![first]).await;
        stage.claim("f1").await;
        stage.plan.upset(0, Upset::Slow(std::time::Duration::from_secs(1)));
        let edited = async {
            stage.calm().await;
            edit(&stage, third, &[second]).await
        };
        let (shipped, edited) = tokio::join!(stage.report(first, 1, JobStage::Shipped), edited);
        assert!(shipped.is_ok() && edited.is_ok());
        stage.pass(std::time::Duration::from_secs(2)).await;
        stage.claim("f1").await;
        stage.report(second, 1, JobStage::Shipped).await.unwrap();
        stage.calm().await;
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn of_two_edits_that_would_close_a_circle_exactly_one_passes() {
    play("dependency_circle_of_two_edits", |stage| async move {
        let [first, second] = [stage.submit("J").await, stage.submit("K").await];
        let orders = [depends(&stage, first, &[second]).await, depends(&stage, second, &[first]).await];
        stage.act("J is to wait for K, and K for J, at once");
        let product = stage.product().await;
        let [one, other] = orders;
        let (one, other) = tokio::join!(product.order(first, one), product.order(second, other));
        let circles = [&one, &other].into_iter().filter(|done| matches!(done, Err(NotDone::Cycle { .. }))).count();
        let passed = [&one, &other].into_iter().filter(|done| done.is_ok()).count();
        assert_eq!((passed, circles), (1, 1), "{one:?} {other:?}");
        stage.calm().await;
        stage.act("nor does the other pass afterwards");
        let late = if one.is_ok() { (second, first) } else { (first, second) };
        assert!(matches!(edit(&stage, late.0, &[late.1]).await, Err(NotDone::Cycle { .. })));
        stage
    });
}

#[test]
fn a_circle_over_a_job_that_was_cancelled_is_refused_too() {
    play("dependency_circle_over_a_cancelled_job", |stage| async move {
        let first = stage.submit("J").await;
        let second = stage.submit_with("K", |spec| spec.depends_on = vec![first]).await;
        stage.cancel(second).await;
        stage.calm().await;
        let refused = edit(&stage, first, &[second]).await.unwrap_err();
        assert_eq!(refused, NotDone::Cycle { path: vec![first, second, first] });
        let unknown = JobId(uuid::Uuid::from_u128(7));
        assert_eq!(edit(&stage, first, &[unknown]).await, Err(NotDone::UnknownDependency { ids: vec![unknown] }));
        assert_eq!(edit(&stage, first, &[first]).await, Err(NotDone::Cycle { path: vec![first, first] }));
        stage
    });
}
