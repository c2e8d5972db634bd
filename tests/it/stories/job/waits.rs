//! Jobs that wait for other jobs: the graph's verdicts, and what they make of a job.

use domain::dispatch::{Awaits, Graph, Standing, Verdict, settled};
use domain::job::spec::{DepsMode, OnDepFailure};
use domain::job::{Command, Job, Spec, Stage, transition};
use domain::{By, JobId, Timestamp};
use uuid::Uuid;

use crate::support::job::{JOB, refusal, spec, waiting};
use crate::support::log::Log;
use crate::support::order::said;
use crate::support::story::{Actor, story};

const A: JobId = JobId(Uuid::from_u128(0xa1));
const B: JobId = JobId(Uuid::from_u128(0xa2));

fn waits(deps_mode: DepsMode, on_dep_failure: OnDepFailure) -> Job {
    waiting(Spec { deps_mode, on_dep_failure, ..spec() })
}

/// Tells what a job that waits for A and B makes of the stages that they reach.
fn tell(name: &str, mut job: Job, reached: &[(JobId, &str, Stage)]) {
    let mut log = Log::new("job", name);
    log.tell("given", &job.members().full());
    let mut graph = Graph::default();
    let awaits = Standing::of(&job).awaits.expect("a blocked job waits for something");
    graph.watch(JOB, &awaits, true);
    for (no, (dep, name, stage)) in reached.iter().enumerate() {
        let now = Timestamp(i64::try_from(no + 1).expect("few") * 1_000);
        log.when(now, &format!("{name} is {stage}"));
        let verdicts = graph.reached(*dep, *stage);
        log.tell("verdict", &verdicts.iter().map(|(_, verdict)| format!("{verdict:?}")).collect::<Vec<_>>());
        for (told, verdict) in verdicts {
            assert_eq!(told, JOB);
            let order = match verdict {
                Verdict::Met => Command::DependenciesMet,
                Verdict::ChildrenMet(outcome) => Command::ChildrenMet(outcome),
                _ => Command::DependencyFailed,
            };
            log.tell("tells", &[said(&order)]);
            match transition(&job, order, &By::Coordinator, now) {
                Ok(step) => {
                    log.tell("then", &job.members().changes(&step.next.members()));
                    job = step.next;
                }
                Err(no) => log.tell("refused", &[refusal(&no)]),
            }
        }
        log.tell("deadline", &[Actor::deadline(&job)]);
        if Standing::of(&job).awaits.is_none() {
            graph.forget(JOB, false);
        }
    }
    log.snap();
}

#[test]
fn all_dependencies_must_ship() {
    let ships = [(A, "A", Stage::Review), (A, "A", Stage::Shipped), (B, "B", Stage::Shipped), (B, "B", Stage::Shipped)];
    tell("dependencies_all", waits(DepsMode::All, OnDepFailure::Block), &ships);
}

#[test]
fn any_dependency_is_enough() {
    let ends = [(A, "A", Stage::Failed), (B, "B", Stage::Shipped)];
    tell("dependencies_any", waits(DepsMode::Any, OnDepFailure::Fail), &ends);
    let ends = [(A, "A", Stage::Failed), (B, "B", Stage::Cancelled)];
    tell("dependencies_any_none_ships", waits(DepsMode::Any, OnDepFailure::Fail), &ends);
}

#[test]
fn a_failed_dependency_blocks_until_it_ships_after_all() {
    let ends =
        [(A, "A", Stage::DeadLetter), (B, "B", Stage::Shipped), (A, "A", Stage::Queued), (A, "A", Stage::Shipped)];
    tell("dependency_failed_blocks", waits(DepsMode::All, OnDepFailure::Block), &ends);
}

#[test]
fn a_failed_dependency_fails() {
    tell("dependency_failed_fails", waits(DepsMode::All, OnDepFailure::Fail), &[(A, "A", Stage::Cancelled)]);
}

#[test]
fn a_failed_dependency_is_ignored() {
    let ends = [(A, "A", Stage::Failed), (B, "B", Stage::DeadLetter)];
    tell("dependency_failed_ignored", waits(DepsMode::All, OnDepFailure::Ignore), &ends);
}

#[test]
fn an_operator_overrules_a_failed_dependency_that_fails_the_job() {
    story("job", "requeue_after_a_dependency_failed_it", waits(DepsMode::All, OnDepFailure::Fail))
        .at(10)
        .does(Command::DependencyFailed)
        .does(crate::support::order::requeue(false, None))
        .snap();
}

#[test]
fn tentative_edges_tell_nobody_and_can_be_taken_back() {
    let awaits = Awaits {
        jobs: vec![A],
        mode: DepsMode::All,
        on_failure: OnDepFailure::Block,
        composite: false,
        overruled: Vec::new(),
    };
    let mut graph = Graph::default();
    graph.watch(JOB, &awaits, false);
    assert_eq!(graph.reached(A, Stage::Shipped), [], "not committed yet");
    assert_eq!(graph.verdict(JOB), Verdict::Met, "but known");
    graph.watch(JOB, &awaits, true);
    graph.forget(JOB, true);
    assert!(graph.knows(JOB), "what is committed is not taken back as tentative");
    assert_eq!(graph.reached(A, Stage::Shipped), [(JOB, Verdict::Met)]);
    graph.forget(JOB, false);
    assert_eq!((graph.knows(JOB), graph.dependents(A), graph.waiting().count()), (false, 0, 0));
}

#[test]
fn what_was_read_before_never_overwrites_what_was_told_since() {
    let awaits = Awaits {
        jobs: vec![A],
        mode: DepsMode::All,
        on_failure: OnDepFailure::Block,
        composite: false,
        overruled: Vec::new(),
    };
    let mut graph = Graph::default();
    graph.watch(JOB, &awaits, false);
    assert_eq!(graph.reached(A, Stage::Shipped), []);
    graph.read(A, Stage::Building);
    graph.watch(JOB, &awaits, true);
    assert_eq!(graph.verdict(JOB), Verdict::Met);
}

#[test]
fn verdicts_at_submit() {
    let verdict = |mode, on_failure, stages: &[Stage]| {
        settled(&Awaits { jobs: Vec::new(), mode, on_failure, composite: false, overruled: Vec::new() }, stages)
    };
    use {DepsMode::*, OnDepFailure::*, Stage::*};
    assert_eq!(verdict(All, Block, &[]), Verdict::Met);
    assert_eq!(verdict(All, Block, &[Shipped, Queued]), Verdict::Open);
    assert_eq!(verdict(All, Block, &[Shipped, Shipped]), Verdict::Met);
    assert_eq!(verdict(All, Fail, &[Failed, Queued]), Verdict::Failed);
    assert_eq!(verdict(All, Ignore, &[Failed, Queued]), Verdict::Open);
    assert_eq!(verdict(All, Ignore, &[Failed, Cancelled]), Verdict::Met);
    assert_eq!(verdict(Any, Block, &[]), Verdict::Met);
    assert_eq!(verdict(Any, Block, &[Failed, Queued]), Verdict::Open);
    assert_eq!(verdict(Any, Block, &[Failed, Shipped]), Verdict::Met);
    assert_eq!(verdict(Any, Block, &[Failed, DeadLetter]), Verdict::Failed);
}
