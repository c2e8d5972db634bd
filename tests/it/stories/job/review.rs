//! A person looks at delivered work: ship, reject, approve.

use domain::job::command::Report;
use domain::job::spec::Approvals;
use domain::job::{Command, RunResult, Spec, Stage};

use crate::support::job::{after, leased, spec};
use crate::support::order::{approve, checkpoint, lease_as, reject, release, report, told};
use crate::support::story::story;

fn reviewed(required: u32, reviewers: &[&str]) -> Spec {
    let reviewers = reviewers.iter().map(ToString::to_string).collect();
    Spec { approvals: Approvals { required, reviewers }, ..spec() }
}

#[test]
fn ship_takes_the_lease_with_it() {
    story("job", "ship_while_leased", leased(spec(), Stage::Review))
        .at(10)
        .does(Command::Ship)
        .repeats(Command::Ship)
        .repeats(told(report(Stage::Review)))
        .refuses(told(report(Stage::Testing)))
        .refuses(reject("too late", false))
        .snap();
}

#[test]
fn ship_without_a_lease() {
    let job = after(leased(spec(), Stage::Testing), [(5, release(1, RunResult::Released))]);
    story("job", "ship_while_unleased", job).at(10).does(Command::Ship).repeats(Command::Ship).snap();
}

#[test]
fn nothing_ships_before_enough_reviewers_have_approved() {
    story("job", "approvals", leased(reviewed(2, &[]), Stage::Building))
        .at(10)
        .does(approve("ann"))
        .repeats(approve("ann"))
        .refuses(told(report(Stage::Shipped)))
        .does(told(report(Stage::Testing)))
        .refuses(Command::Ship)
        .refuses(told(report(Stage::Shipped)))
        .does(approve("bob"))
        .at(20)
        .does(told(report(Stage::Shipped)))
        .repeats(told(report(Stage::Shipped)))
        .repeats(approve("bob"))
        .refuses(approve("cem"))
        .snap();
}

#[test]
fn only_named_reviewers_count() {
    story("job", "approvals_of_named_reviewers", leased(reviewed(1, &["ann"]), Stage::Review))
        .at(10)
        .does(approve("bob"))
        .refuses(Command::Ship)
        .does(approve("ann"))
        .does(Command::Ship)
        .snap();
}

#[test]
fn a_rejection_queues_with_the_note_and_forgets_the_approvals() {
    let saved = Report { checkpoint: Some(checkpoint("c1")), ..report(Stage::Review) };
    let job = after(leased(reviewed(1, &[]), Stage::Building), [(5, told(saved))]);
    story("job", "reject", job)
        .at(10)
        .does(approve("ann"))
        .does(reject("the hinge is loose", false))
        .repeats(reject("the hinge is loose", false))
        .refuses(reject("and another thing", false))
        .refuses(told(report(Stage::Testing)))
        .does(lease_as("f2", 0x12))
        .snap();
}

#[test]
fn a_final_rejection_fails() {
    let job = after(leased(spec(), Stage::Review), [(5, release(1, RunResult::Released))]);
    story("job", "reject_finally", job).at(10).does(reject("no", true)).repeats(reject("no", true)).snap();
}
