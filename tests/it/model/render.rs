//! Answers and records as lines of text: the model's here, the product's in `border.rs`, in the same words.

use std::collections::BTreeMap;

use super::command::{Card, Engine, FactoryNo, JobNo, Outcome, Status, Word};
use super::records::{Factory, Job, Look, Pick, Run};
use super::reference::{Model, score};

/// The job as an answer shows it.
pub(crate) fn view(job: &Job, repeated: bool) -> String {
    let lease = job.runs.last().map(|run| format!("{:?}/{:?}", run.status, run.reached)).unwrap_or_default();
    format!("ok j{} {:?} e{} v{} a{} {lease} {repeated}", job.no, job.stage, job.epoch, job.log.rev, job.attempt)
}

/// A grant as it stands by now.
pub(crate) fn grant(job: &Job, epoch: u64, repeated: bool) -> String {
    let at = job.runs.iter().position(|run| run.epoch == epoch).unwrap();
    let run = &job.runs[at];
    let lease = match run.status {
        Status::Held => format!("until {} ttl {}", run.until, run.ttl_sec),
        Status::Released | Status::Expired | Status::Evicted => "ended".to_owned(),
    };
    let Run { factory, engine, decision, .. } = run;
    let rev = job.log.rev;
    format!("j{} e{epoch} run {} f{factory} {engine:?} {lease} v{rev} ({decision}) {repeated}", job.no, at + 1)
}

/// How a grant came about: the ready jobs, what kept some of them from the factory, and what each term adds.
pub(crate) fn decision(look: &Look) -> String {
    let shares = look.pick.as_ref().map(|pick| score::shares(&pick.terms, &pick.weights));
    sought(look.considered, &look.filtered) + &format!(" shares {:?}", shares.unwrap_or_default())
}

/// What was looked at for a claim.
pub(crate) fn sought(considered: usize, filtered: &BTreeMap<Word, usize>) -> String {
    format!("of {considered} but {filtered:?}")
}

/// What a claim would get.
pub(crate) fn preview(looked: Result<Look, String>) -> String {
    let look = match looked {
        Ok(look) => look,
        Err(why) => return why,
    };
    let sought = sought(look.considered, &look.filtered);
    let Some(Pick { job, engine, terms, weights }) = look.pick else { return format!("nothing {sought}") };
    format!("j{job} {engine:?} {terms:?} {weights:?} {sought}")
}

/// The product as its operator has set it.
pub(crate) fn product(model: &Model) -> String {
    let weights = score::over(score::USUAL, &model.heavy);
    format!("paused {} {:?} {weights:?} v{}", model.paused, model.chosen, model.log.rev)
}

/// The grants of one claim. In which order they come is nobody's promise.
pub(crate) fn grants(mut grants: Vec<String>) -> String {
    grants.sort_unstable();
    format!("ok [{}]", grants.join("; "))
}

/// A factory's card, as far as it can change here.
pub(crate) fn factory(factory: &Factory) -> String {
    let Factory { card, draining, log, .. } = factory;
    let presence = ["Online", "Stale", "Offline"][factory.silent];
    let Card { seats, every_sec, failing, engines, capabilities, classes, repos } = card;
    let engines: Vec<String> = engines.iter().map(engine).collect();
    format!(
        "{presence} draining {draining} failing {failing} seats {seats} every {every_sec} {engines:?} {capabilities:?} \
         {classes:?} {repos:?} v{}",
        log.rev
    )
}

fn engine(engine: &Engine) -> String {
    let Engine { name, available, account, resets_at } = engine;
    format!("{name} {available} {account:?} {resets_at:?}")
}

/// The answer to a heartbeat: what became of the leases that it lists, or does not.
pub(crate) fn beaten(model: &Model, no: FactoryNo, said: &[(&str, JobNo, u64)]) -> String {
    let of = |these: &[&str]| {
        let those = said.iter().filter(|(how, ..)| these.contains(how));
        those.map(|(_, at, epoch)| (*at, *epoch)).collect::<Vec<_>>()
    };
    let until = |at: JobNo, epoch: u64| model.jobs[&at].runs.iter().find(|run| run.epoch == epoch).unwrap().until;
    let renewed: Vec<_> = of(&["renewed"]).into_iter().map(|(at, epoch)| (at, epoch, until(at, epoch))).collect();
    // Seats and claimable jobs are soft: whether they show a lease that is taken back just now is nobody's promise.
    let load = model.factories[&no].load;
    let soft =
        if of(&["taken"]).is_empty() { soft(model.seats_used(no), load, model.claimable(no)) } else { "~".into() };
    format!(
        "{} renewed {renewed:?} lost {:?} unlisted {:?} cancelled {:?} {soft}",
        factory(&model.factories[&no]),
        of(&["lost", "cancelled"]),
        of(&["unlisted", "taken"]),
        of(&["cancelled"])
    )
}

/// What is soft of a factory.
pub(crate) fn soft(seats_used: u32, load: u16, claimable: usize) -> String {
    format!("uses {seats_used} load {load} claimable {claimable}")
}

/// Every record of the model, by its name.
pub(crate) fn records(model: &Model) -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    for (no, job) in &model.jobs {
        lines.insert(format!("j{no:03}"), record(job));
        lines.insert(format!("j{no:03} events"), job.log.events.join(" "));
        let ended = job.runs.iter().filter(|run| run.status != Status::Held).map(ended);
        lines.insert(format!("j{no:03} runs"), ended.collect::<Vec<_>>().join("; "));
    }
    for (no, of) in &model.factories {
        lines.insert(format!("f{no}"), format!("{} uses {}", factory(of), model.seats_used(*no)));
        lines.insert(format!("f{no} events"), of.log.events.join(" "));
    }
    lines.insert("product".into(), product(model));
    lines.insert("product events".into(), model.log.events.join(" "));
    lines
}

fn record(job: &Job) -> String {
    let lease = job.runs.last().map_or_else(String::new, |run| {
        let Run { factory, epoch, status, reached, until, ttl_sec, renewals, .. } = run;
        let held = if *status == Status::Held { format!(" {until} {ttl_sec} {renewals}") } else { String::new() };
        format!("f{factory} e{epoch} {status:?} {reached:?}{held}")
    });
    let run = job.lease().map(ended).unwrap_or_default();
    let Job { stage, blocked, epoch, attempt, not_before, deps_met, .. } = job;
    let Job { spent_ms, spent_usd, result, checkpoint, saved_by, approved, notes, question, wish, .. } = job;
    let (failed_on, preempted) =
        (job.ended_as(&[Outcome::Failed, Outcome::TimedOut]), job.ended_as(&[Outcome::Preempted]));
    let preempted: u32 = preempted.values().sum();
    let saved_by = checkpoint.and(*saved_by);
    let edition = 1 + job.log.events.iter().filter(|event| **event == "job.edited").count();
    format!(
        "{stage:?} {blocked:?} e{epoch} v{} edition {edition} a{attempt} not before {not_before:?} met {deps_met} \
         spent {spent_ms} {spent_usd} {result:?} wip {checkpoint:?} of {saved_by:?} failed on {failed_on:?} \
         preempted {preempted} by {approved:?} notes {notes:?} asks {question:?} t{} p{} due {:?} in {:?} runs {} \
         [{lease}] [{run}]",
        job.log.rev,
        wish.title,
        wish.priority,
        wish.due_at,
        wish.repo,
        job.runs.len()
    )
}

fn ended(run: &Run) -> String {
    let Run { factory, epoch, engine, started, reached, result, cost, exit, .. } = run;
    format!("f{factory} e{epoch} {engine:?} {started} {reached:?} {result:?} {cost:?} {exit:?}")
}
