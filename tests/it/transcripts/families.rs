//! Parents and children in the real actors: made as one, unblocked once, cancelled together, whatever dies meanwhile.

use actors::store::Upset;
use actors::{Adoption, Family, NotDone, Submission};
use domain::job::command::Fence;
use domain::job::spec::OnDepFailure;
use domain::job::{RunResult, Spec, Stage as JobStage};
use domain::{Epoch, JobId};
use uuid::Uuid;

use super::stage::{Stage, operator, play};
use crate::support::job;
use crate::support::order::requeue;

fn id(no: u128) -> JobId {
    JobId(Uuid::from_u128(2_000 + no))
}

fn child(of: JobId, name: &str, depends_on: &[JobId]) -> Spec {
    Spec { title: name.into(), parent: Some(of), depends_on: depends_on.to_vec(), ..job::spec() }
}

/// Submits a parent P with the children A and B, which waits for A.
async fn family(stage: &Stage, change: impl FnOnce(&mut Spec)) -> Result<[JobId; 3], NotDone> {
    let [parent, a, b] = [id(0), id(1), id(2)];
    for (id, name) in [(parent, "P"), (a, "A"), (b, "B")] {
        stage.name(id, name);
    }
    stage.act("submit P with A and B, which waits for A");
    let mut spec = Spec { title: "P".into(), ..job::spec() };
    change(&mut spec);
    let children = vec![(a, child(parent, "A", &[])), (b, child(parent, "B", &[a]))];
    let family = Family { parent: Submission { id: parent, spec, by: operator() }, children };
    let submitted = stage.product().await.submit(family).await;
    stage.calm().await;
    submitted.map(|_| [parent, a, b])
}

async fn ship(stage: &Stage, job: JobId) {
    stage.claim("f1").await;
    stage.report(job, 1, JobStage::Shipped).await.unwrap();
    stage.calm().await;
}

#[test]
fn a_family_is_made_as_one_and_its_parent_is_the_last_to_be_claimed() {
    play("family", |stage| async move {
        stage.beat("f1", 1).await;
        let [parent, a, b] = family(&stage, |_| {}).await.unwrap();
        ship(&stage, a).await;
        ship(&stage, b).await;
        ship(&stage, parent).await;
        stage
    });
}

#[test]
fn a_parent_that_completes_by_itself_ships_with_its_last_child() {
    play("family_by_itself", |stage| async move {
        stage.beat("f1", 1).await;
        let [_, a, b] = family(&stage, |spec| spec.auto_complete = true).await.unwrap();
        ship(&stage, a).await;
        ship(&stage, b).await;
        stage
    });
}

#[test]
fn a_family_that_cannot_be_written_leaves_nothing_behind() {
    play("family_refused", |stage| async move {
        stage.beat("f1", 1).await;
        stage.plan.upset(0, Upset::Full);
        assert_eq!(family(&stage, |_| {}).await.unwrap_err(), NotDone::Full);
        assert!(stage.claim("f1").await.is_none());
        let [parent, a, b] = family(&stage, |_| {}).await.unwrap();
        for job in [a, b, parent] {
            ship(&stage, job).await;
        }
        stage
    });
}

#[test]
fn a_circle_is_refused_with_its_path() {
    play("family_circle", |stage| async move {
        let [parent, a, b] = [id(0), id(1), id(2)];
        for (id, name) in [(parent, "P"), (a, "A"), (b, "B")] {
            stage.name(id, name);
        }
        let children = vec![(a, child(parent, "A", &[b])), (b, child(parent, "B", &[parent]))];
        let submission = Submission { id: parent, spec: job::spec(), by: operator() };
        let refused = stage.product().await.submit(Family { parent: submission, children }).await;
        let NotDone::Cycle { path } = refused.unwrap_err() else { panic!("no circle") };
        assert_eq!(path.first(), path.last());
        stage
    });
}

#[test]
fn cancelling_a_parent_cancels_what_is_unfinished_below_it() {
    play("family_cancelled", |stage| async move {
        stage.beat("f1", 1).await;
        let [parent, a, _] = family(&stage, |_| {}).await.unwrap();
        stage.claim("f1").await;
        stage.cancel(parent).await;
        stage.calm().await;
        drop(stage.report(a, 1, JobStage::Shipped).await);
        stage
    });
}

#[test]
fn what_a_restart_falls_into_is_made_up_for() {
    play("family_restarted", |stage| async move {
        stage.beat("f1", 1).await;
        let [parent, a, b] = family(&stage, |_| {}).await.unwrap();
        ship(&stage, a).await;
        stage.act("the parent cannot be told, then the node is restarted");
        stage.claim("f1").await;
        stage.plan.upset(1, Upset::Unavailable);
        stage.report(b, 1, JobStage::Shipped).await.unwrap();
        let stage = stage.restart().await;
        stage.product().await;
        stage.calm().await;
        ship(&stage, parent).await;
        stage
    });
}

async fn fail(stage: &Stage, job: JobId, epoch: u64) {
    let report = stage.report_with(job, epoch, |report| {
        report.report.stage = Some(JobStage::Failed);
        report.report.retryable = false;
    });
    report.await.unwrap();
    stage.calm().await;
}

/// One child fails, the other ships, though an operator has to help it.
async fn one_of_two_fails(stage: Stage, policy: OnDepFailure) -> Stage {
    stage.beat("f1", 1).await;
    let [_, a, b] = family(&stage, |spec| spec.on_dep_failure = policy).await.unwrap();
    stage.claim("f1").await;
    fail(&stage, a, 1).await;
    stage.order(b, requeue(false, None)).await;
    stage.claim("f1").await;
    stage.report(b, 2, JobStage::Shipped).await.unwrap();
    stage.calm().await;
    stage
}

#[test]
fn a_child_that_does_not_ship_blocks_its_parent() {
    play("family_blocked_by_a_child", |stage| one_of_two_fails(stage, OnDepFailure::Block));
}

#[test]
fn a_child_that_does_not_ship_fails_its_parent_if_that_says_so() {
    play("family_failed_by_a_child", |stage| one_of_two_fails(stage, OnDepFailure::Fail));
}

#[test]
fn a_child_that_does_not_ship_is_ignored_by_its_parent_if_that_says_so() {
    play("family_ignores_a_child", |stage| one_of_two_fails(stage, OnDepFailure::Ignore));
}

#[test]
fn a_parent_that_a_failed_child_blocks_is_ready_when_that_ships_after_all() {
    play("family_ships_after_all", |stage| async move {
        stage.beat("f1", 1).await;
        let [parent, a, b] = family(&stage, |_| {}).await.unwrap();
        stage.claim("f1").await;
        fail(&stage, a, 1).await;
        stage.order(a, requeue(false, None)).await;
        stage.claim("f1").await;
        stage.report(a, 3, JobStage::Shipped).await.unwrap();
        stage.calm().await;
        ship(&stage, b).await;
        ship(&stage, parent).await;
        stage
    });
}

/// Gives the job that child, as an operator.
async fn adopt(stage: &Stage, parent: JobId, no: u128, name: &str) -> JobId {
    stage.name(id(no), name);
    stage.act(&format!("an operator adds the child {name}"));
    let children = vec![(id(no), child(parent, name, &[]))];
    let adoption = Adoption { children, fence: None, by: operator(), if_rev: None };
    stage.product().await.adopt(parent, adoption).await.unwrap();
    stage.calm().await;
    id(no)
}

#[test]
fn what_an_operator_has_overruled_blocks_nothing_when_children_are_added() {
    play("family_overruled", |stage| async move {
        stage.beat("f1", 1).await;
        let first = stage.submit("J").await;
        let parent = stage.submit_with("P", |spec| spec.depends_on = vec![first]).await;
        stage.cancel(first).await;
        stage.calm().await;
        stage.order(parent, requeue(false, None)).await;
        let a = adopt(&stage, parent, 1, "A").await;
        stage.act("a child that fails is news, and is overruled as well");
        stage.claim("f1").await;
        fail(&stage, a, 1).await;
        stage.order(parent, requeue(false, None)).await;
        let b = adopt(&stage, parent, 2, "B").await;
        let stage = stage.restart().await;
        ship(&stage, b).await;
        stage.claim("f1").await;
        stage
    });
}

#[test]
fn the_holder_decomposes_its_job_and_it_waits_for_the_children() {
    play("family_decomposed", |stage| async move {
        stage.beat("f1", 1).await;
        let parent = stage.submit_with("P", |spec| spec.on_dep_failure = OnDepFailure::Ignore).await;
        stage.claim("f1").await;
        stage.name(id(1), "A");
        stage.act("f1 gives P the child A");
        let fence = Some(Fence { epoch: Epoch(1), factory: None });
        let children = vec![(id(1), child(parent, "A", &[]))];
        let adoption = Adoption { children, fence, by: operator(), if_rev: None };
        let adopted = stage.product().await.adopt(parent, adoption.clone()).await.unwrap();
        assert_eq!((adopted.children.len(), adopted.repeated), (1, false));
        stage.act("and again, too late");
        let refused = stage.product().await.adopt(parent, adoption).await;
        assert!(matches!(refused, Err(NotDone::Fenced { .. })), "{refused:?}");
        stage.calm().await;
        stage.claim("f1").await;
        fail(&stage, id(1), 1).await;
        stage.claim("f1").await;
        stage.release_with(parent, 3, RunResult::Released, None).await;
        stage
    });
}
