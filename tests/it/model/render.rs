//! Answers and records as lines of text: the model's here, the product's in `border.rs`, in the same words.

use std::collections::BTreeMap;

use super::command::JobNo;
use super::reference::{Factory, Job, Model, Presence, Run, Status};

/// The job as an answer shows it.
pub(crate) fn view(no: JobNo, job: &Job, repeated: bool) -> String {
    let lease = job.runs.last().map(|run| format!("{:?}/{:?}", run.status, run.reached)).unwrap_or_default();
    format!("ok j{no} {:?} e{} v{} a{} {lease} {repeated}", job.stage, job.epoch, job.rev, job.attempt)
}

/// A grant as it stands by now.
pub(crate) fn grant(no: JobNo, job: &Job, epoch: u64, repeated: bool) -> String {
    let at = job.runs.iter().position(|run| run.epoch == epoch).unwrap();
    let run = &job.runs[at];
    let lease = match run.status {
        Status::Held => format!("until {} ttl {}", run.until, run.ttl_sec),
        Status::Released | Status::Expired | Status::Evicted => "ended".to_owned(),
    };
    format!("j{no} e{epoch} run {} f{} {:?} {lease} v{} {repeated}", at + 1, run.factory, run.engine, job.rev)
}

/// The grants of one claim. In which order they come is nobody's promise.
pub(crate) fn grants(mut grants: Vec<String>) -> String {
    grants.sort_unstable();
    format!("ok [{}]", grants.join("; "))
}

/// A factory's card, as far as it can change here.
pub(crate) fn factory(factory: &Factory) -> String {
    let Factory { seats, every_sec, failing, engines, capabilities, classes, draining, rev, presence, .. } = factory;
    let presence = match presence {
        Presence::Online => "Online",
        Presence::Stale => "Stale",
        Presence::Offline => "Offline",
    };
    format!(
        "{presence} draining {draining} failing {failing} seats {seats} every {every_sec} {engines:?} {capabilities:?} {classes:?} v{rev}"
    )
}

/// What only the dispatcher knows of a factory.
pub(crate) fn soft(seats_used: u32, claimable: usize) -> String {
    format!("uses {seats_used} claimable {claimable}")
}

/// Every record of the model, by its name.
pub(crate) fn records(model: &Model) -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    for (no, job) in &model.jobs {
        lines.insert(format!("j{no:03}"), record(job));
        lines.insert(format!("j{no:03} events"), job.events.join(" "));
        let ended = job.runs.iter().filter(|run| run.status != Status::Held).map(ended);
        lines.insert(format!("j{no:03} runs"), ended.collect::<Vec<_>>().join("; "));
    }
    for (no, of) in &model.factories {
        lines.insert(format!("f{no}"), format!("{} uses {}", factory(of), model.seats_used(*no)));
        lines.insert(format!("f{no} events"), of.events.join(" "));
    }
    lines.insert("product".into(), format!("{} v{}", model.paused, model.rev));
    lines.insert("product events".into(), model.events.join(" "));
    lines
}

fn record(job: &Job) -> String {
    let lease = job.runs.last().map_or_else(String::new, |run| {
        let Run { factory, epoch, status, reached, until, ttl_sec, renewals, .. } = run;
        let held = if *status == Status::Held { format!(" {until} {ttl_sec} {renewals}") } else { String::new() };
        format!("f{factory} e{epoch} {status:?} {reached:?}{held}")
    });
    let run = job.runs.last().filter(|run| run.status == Status::Held).map(ended).unwrap_or_default();
    let Job { stage, blocked, epoch, rev, edition, attempt, not_before, deps_met, .. } = job;
    let Job { spent_ms, spent_usd, result, checkpoint, approved, notes, question, wish, .. } = job;
    format!(
        "{stage:?} {blocked:?} e{epoch} v{rev} edition {edition} a{attempt} not before {not_before:?} met {deps_met} \
         spent {spent_ms} {spent_usd} {result:?} wip {checkpoint:?} by {approved:?} notes {notes:?} asks {question:?} \
         t{} p{} runs {} [{lease}] [{run}]",
        wish.title,
        wish.priority,
        job.runs.len()
    )
}

fn ended(run: &Run) -> String {
    let Run { factory, epoch, engine, started, reached, result, cost, exit, .. } = run;
    format!("f{factory} e{epoch} {engine:?} {started} {reached:?} {result:?} {cost:?} {exit:?}")
}
