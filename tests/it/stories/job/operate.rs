//! Operators: requeue, cancel, edit, and notes.

use domain::job::command::Report;
use domain::job::{Command, RunResult, Spec, Stage};

use super::starts::places;
use crate::support::job::{after, leased, queued_job, spec, waiting};
use crate::support::log::Log;
use crate::support::members::at;
use crate::support::order::{cancel, checkpoint, edit, lease_as, release, report, requeue, told};
use crate::support::story::{Actor, story};

#[test]
fn requeue_from_every_place() {
    let mut log = Log::new("job", "requeue_from_every_place");
    let now = domain::Timestamp(10_000);
    for (place, job) in places() {
        log.when(now, &format!("requeue from {place}"));
        log.tell("given", &[job.standing()]);
        match job.obeys(requeue(false, Some("once more")), now) {
            Ok(turn) => {
                log.tell("then", &job.members().changes(&turn.next.members()));
                log.tell("events", &turn.events);
                let next = &turn.next;
                let told = (next.attempt, next.spent, next.approved_by.len(), next.result, next.finished_at.map(at));
                assert_eq!(told, (0, Default::default(), 0, None, None), "{place}: everything counts anew");
                assert_eq!(next.epoch, job.epoch.next(), "{place}");
            }
            Err(refusal) => log.tell("refused", &[refusal]),
        }
    }
    log.snap();
}

#[test]
fn a_fresh_requeue_forgets_the_checkpoint() {
    let saved = Report { checkpoint: Some(checkpoint("c1")), ..report(Stage::Building) };
    let job = after(leased(spec(), Stage::Assigned), [(5, told(saved))]);
    story("job", "requeue_fresh", job.clone()).at(10).does(requeue(true, None)).snap();
    story("job", "requeue_from_the_checkpoint", job).at(10).does(requeue(false, Some("go on"))).snap();
}

#[test]
fn a_requeue_waits_for_open_dependencies_and_overrules_failed_ones() {
    let cancelled = after(waiting(spec()), [(5, cancel())]);
    story("job", "requeue_with_open_dependencies", cancelled)
        .at(10)
        .does(requeue(false, None))
        .refuses(requeue(false, None))
        .refuses(lease_as("f1", 0x12))
        .does(Command::DependenciesMet)
        .does(lease_as("f1", 0x12))
        .snap();
    let blocked = after(waiting(spec()), [(5, Command::DependencyFailed)]);
    story("job", "requeue_overrules_a_failed_dependency", blocked)
        .at(10)
        .does(requeue(false, None))
        .does(lease_as("f1", 0x12))
        .snap();
}

#[test]
fn cancel_ends_what_has_not_ended() {
    story("job", "cancel_while_leased", leased(spec(), Stage::Building))
        .at(10)
        .does(cancel())
        .repeats(cancel())
        .refuses(told(report(Stage::Review)))
        .refuses(Command::Ship)
        .snap();
}

#[test]
fn what_a_holder_works_by_changes_only_without_one() {
    let titled = Spec { title: "Mend the door".into(), ..spec() };
    let timed = Spec { timeout_sec: Some(60), ..titled.clone() };
    story("job", "edit", leased(spec(), Stage::Building))
        .at(10)
        .does(edit(titled.clone(), &["title"]))
        .repeats(edit(titled, &[]))
        .refuses(edit(timed.clone(), &["title", "timeoutSec"]))
        .does(release(1, RunResult::Released))
        .does(edit(timed, &["timeoutSec"]))
        .at(20)
        .does(cancel())
        .refuses(edit(spec(), &["title"]))
        .snap();
}

#[test]
fn a_job_keeps_its_newest_fifty_notes() {
    let mut job = queued_job();
    for no in 0..60 {
        job = after(job, [(no, cancel()), (no, requeue(false, Some(&format!("note {no}"))))]);
    }
    let kept: Vec<_> = job.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!((kept.len(), kept[0], kept[49]), (50, "note 10", "note 59"));
}
