//! Parents and children: what a parent makes of what its children come to.

use domain::dispatch::{Awaits, Graph, Verdict};
use domain::job::command::{Adopt, Fence, Outcome};
use domain::job::spec::{DepsMode, Kind, OnDepFailure};
use domain::job::{Command, Job, Spec, Stage};
use domain::{Epoch, JobId};
use uuid::Uuid;

use crate::support::job::{JOB, after, leased, queued, spec, waiting};
use crate::support::order::{cancel, requeue};
use crate::support::story::story;

const A: JobId = JobId(Uuid::from_u128(0xa1));
const B: JobId = JobId(Uuid::from_u128(0xa2));
const C: JobId = JobId(Uuid::from_u128(0xa3));

fn adopt(children: u32) -> Command {
    Command::Adopt(Adopt { children, ended: Vec::new(), fence: None })
}

fn parent(auto_complete: bool, on_dep_failure: OnDepFailure) -> Job {
    after(queued(Spec { auto_complete, on_dep_failure, ..spec() }), [(1, adopt(2))])
}

#[test]
fn a_parent_whose_children_have_settled_is_claimed_for_the_integration() {
    story("job", "children_shipped", parent(false, OnDepFailure::Block))
        .at(10)
        .does(Command::ChildrenMet(Outcome::Shipped))
        .does(crate::support::order::lease("f1"))
        .snap();
}

#[test]
fn a_parent_that_completes_by_itself_ships_if_all_of_them_have() {
    story("job", "children_shipped_by_itself", parent(true, OnDepFailure::Block))
        .at(10)
        .does(Command::ChildrenMet(Outcome::Shipped))
        .repeats(Command::ChildrenMet(Outcome::Shipped))
        .snap();
}

#[test]
fn a_parent_that_completes_by_itself_fails_if_it_ignores_that_one_has_not() {
    story("job", "children_settled_by_itself", parent(true, OnDepFailure::Ignore))
        .at(10)
        .does(Command::ChildrenMet(Outcome::Settled))
        .snap();
}

#[test]
fn a_child_that_does_not_ship_blocks_its_parent_until_somebody_helps() {
    story("job", "child_failed", parent(false, OnDepFailure::Block))
        .at(10)
        .does(Command::DependencyFailed)
        .at(20)
        .does(requeue(false, None))
        .snap();
    story("job", "child_failed_parent_fails", parent(false, OnDepFailure::Fail))
        .at(10)
        .does(Command::DependencyFailed)
        .does(requeue(false, None))
        .at(20)
        .repeats(Command::ChildrenOpen)
        .snap();
}

/// Gives children to a job of which this earlier one has ended without shipping.
fn adopt_beside(ended: JobId) -> Command {
    Command::Adopt(Adopt { children: 1, ended: vec![ended], fence: None })
}

#[test]
fn what_an_operator_has_overruled_stays_overruled_when_children_are_added() {
    story("job", "overruled_dependency", waiting(Spec { depends_on: vec![A], ..spec() }))
        .at(10)
        .does(Command::DependencyFailed)
        .does(requeue(false, None))
        .at(20)
        .does(adopt(1))
        .does(Command::ChildrenMet(Outcome::Shipped))
        .snap();
    story("job", "overruled_child", parent(true, OnDepFailure::Block))
        .at(10)
        .does(Command::DependencyFailed)
        .does(requeue(false, None))
        .at(20)
        .does(adopt_beside(A))
        .does(adopt_beside(B))
        .does(Command::ChildrenMet(Outcome::Settled))
        .snap();
}

#[test]
fn what_is_overruled_is_waited_for_no_more_and_what_is_new_is() {
    let mut graph = Graph::default();
    graph.watch(JOB, &awaits(&[A], true), false);
    graph.adopt(JOB, B, None);
    graph.read(A, Stage::Failed);
    let overruled = Awaits { jobs: Vec::new(), overruled: vec![C], ..awaits(&[], true) };
    graph.watch(JOB, &overruled, true);
    graph.adopt(JOB, C, Some(Stage::Cancelled));
    graph.has_read_children(JOB);
    assert_eq!((graph.verdict(JOB), graph.dependents(A), graph.dependents(C)), (Verdict::ChildrenOpen, 0, 0));
    assert_eq!(graph.reached(C, Stage::Cancelled), []);
    assert_eq!(graph.reached(B, Stage::Shipped), [(JOB, Verdict::ChildrenMet(Outcome::Settled))], "C has not shipped");
    assert_eq!(graph.reached(B, Stage::Failed), [(JOB, Verdict::Failed)], "B is new");
}

#[test]
fn the_holder_of_a_job_decomposes_it_and_its_run_ends() {
    let fence = Fence { epoch: Epoch(1), factory: None };
    story("job", "decomposed", leased(spec(), Stage::Building))
        .at(10)
        .does(Command::Adopt(Adopt { children: 3, ended: Vec::new(), fence: Some(fence.clone()) }))
        .at(11)
        .refuses(Command::Adopt(Adopt { children: 3, ended: Vec::new(), fence: Some(fence) }))
        .does(adopt(1))
        .snap();
}

#[test]
fn a_job_that_somebody_works_on_or_that_has_ended_is_given_no_children() {
    story("job", "adopts_while_leased", leased(spec(), Stage::Review)).at(10).refuses(adopt(1)).snap();
    story("job", "adopts_when_over", after(queued(spec()), [(1, cancel())])).at(10).refuses(adopt(1)).snap();
}

fn awaits(jobs: &[JobId], composite: bool) -> Awaits {
    Awaits {
        jobs: jobs.to_vec(),
        mode: DepsMode::All,
        on_failure: OnDepFailure::Block,
        composite,
        overruled: Vec::new(),
    }
}

#[test]
fn a_parent_waits_for_its_dependencies_first_and_then_for_its_children() {
    let mut graph = Graph::default();
    graph.watch(JOB, &awaits(&[A], true), true);
    graph.adopt(JOB, B, Some(Stage::Queued));
    assert_eq!(graph.verdict(JOB), Verdict::Open);
    graph.read(A, Stage::Shipped);
    assert_eq!(graph.verdict(JOB), Verdict::ChildrenOpen);
    assert_eq!(graph.reached(B, Stage::Shipped), [], "there may be others that are not known yet");
    graph.has_read_children(JOB);
    assert_eq!(graph.verdict(JOB), Verdict::ChildrenMet(Outcome::Shipped));
    assert_eq!(graph.reached(B, Stage::Failed), [(JOB, Verdict::Failed)]);
}

#[test]
fn children_that_were_not_committed_after_all_are_waited_for_by_nobody() {
    let mut graph = Graph::default();
    graph.watch(JOB, &awaits(&[A], false), true);
    graph.watch(JOB, &awaits(&[A], true), false);
    graph.adopt(JOB, B, None);
    assert_eq!((graph.verdict(JOB), graph.dependents(B)), (Verdict::Open, 1));
    graph.disown(JOB, B);
    graph.forget(JOB, true);
    assert_eq!(graph.dependents(B), 0);
    assert_eq!(graph.reached(A, Stage::Shipped), [(JOB, Verdict::Met)], "it is as it was before");
}

#[test]
fn a_circle_is_found_over_dependencies_and_children() {
    let mut graph = Graph::default();
    graph.watch(JOB, &awaits(&[], true), true);
    graph.adopt(JOB, A, Some(Stage::Queued));
    assert_eq!(graph.cycle(&[JOB]), None);
    graph.watch(A, &awaits(&[B], false), true);
    graph.watch(B, &awaits(&[JOB], false), false);
    assert_eq!(graph.cycle(&[B]), Some(vec![B, JOB, A, B]));
    graph.forget(B, true);
    assert_eq!(graph.cycle(&[JOB, A]), None);
    assert_eq!(Kind::default(), Kind::Leaf);
}
