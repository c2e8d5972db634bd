//! The product's answers and records in the model's words.

use std::collections::BTreeMap;

use actors::{Beaten, Done, FactoryView, Grant, NotDone, Submitted};
use domain::dispatch::{Pick, Sought, Weights};
use domain::factory::{Engine, EngineState, Factory, Health};
use domain::job::{Decision, Job, Refusal, Run, Spec};
use domain::product::{self, Settings};
use domain::{Epoch, FactoryId, JobId};

use super::border::number;
use super::{command as said, render};

/// The product's "no".
pub(super) fn no(why: NotDone) -> String {
    use domain::factory::Refusal as Closed;
    match why {
        NotDone::NotFound => "no such job".into(),
        NotDone::UnknownFactory | NotDone::Factory(Closed::Unknown) => "unknown factory".into(),
        NotDone::Factory(Closed::Draining) => "draining".into(),
        NotDone::Factory(Closed::Failing) => "failing".into(),
        NotDone::Factory(Closed::NoFreeSeat { limit }) => format!("no seat of {limit}"),
        NotDone::Fenced { current, usage_accepted } => format!("stale e{current} {usage_accepted}"),
        NotDone::Precondition { rev } => format!("rev is {rev}"),
        NotDone::KeyMismatch { job } => format!("key of j{}", number(job)),
        NotDone::UnknownDependency { ids } => {
            format!("unknown deps {:?}", ids.into_iter().map(number).collect::<Vec<_>>())
        }
        NotDone::Cycle { path } => format!("circle {:?}", path.into_iter().map(number).collect::<Vec<_>>()),
        NotDone::Refused(refusal) => match refusal {
            Refusal::StaleLease { current } => format!("stale e{current} false"),
            Refusal::LeaseEnded { stage } => format!("ended {stage:?}"),
            Refusal::IllegalTransition { from, to } => format!("illegal {from:?} {to:?}"),
            Refusal::ApprovalsMissing { missing } => format!("approvals missing {missing}"),
            Refusal::ReportMismatch => "other report".into(),
            Refusal::LeasedField { member } => format!("leased {member}"),
            Refusal::Unfit { member, .. } => format!("unfit {member}"),
            Refusal::NotReady { .. } => "not ready".into(),
        },
        NotDone::TooMany { .. }
        | NotDone::Overloaded { .. }
        | NotDone::Stopping
        | NotDone::Full
        | NotDone::Unavailable(_)
        | NotDone::OutcomeUnknown => format!("fault: {why}"),
    }
}

pub(super) fn view(job: &Job, repeated: bool) -> String {
    let lease = job.lease.as_ref().map(|lease| format!("{:?}/{:?}", lease.status, lease.reached)).unwrap_or_default();
    let Job { stage, epoch, rev, attempt, .. } = job;
    format!("ok j{} {stage:?} e{epoch} v{rev} a{attempt} {lease} {repeated}", number(job.id))
}

pub(super) fn done(done: Result<Done, NotDone>) -> String {
    done.map_or_else(no, |done| view(&done.job, done.repeated))
}

pub(super) fn submitted(outcome: Result<Submitted, NotDone>) -> String {
    match outcome {
        Ok(Submitted::Created(job)) => view(&job, false),
        Ok(Submitted::Duplicate(job)) => view(&job, true),
        Err(why) => no(why),
    }
}

pub(super) fn renewed(outcome: Result<product::Renewal, NotDone>) -> String {
    outcome.map_or_else(no, |renewal| format!("ok until {} ttl {}", renewal.expires_at.0, renewal.ttl_sec))
}

pub(super) fn granted(outcome: Result<Vec<Grant>, NotDone>) -> String {
    let grants = match outcome {
        Ok(grants) => grants,
        Err(why) => return no(why),
    };
    let shown = grants.iter().map(|grant| {
        let Grant { job, run, epoch, expires_at, ttl_sec, lease_active, repeated, decision, profile: _ } = grant;
        let lease = if *lease_active { format!("until {} ttl {ttl_sec}", expires_at.0) } else { "ended".into() };
        let Run { attempt, factory, engine, .. } = run;
        let (no, rev, decision) = (number(job.id), job.rev, decision.as_ref().map(decided).unwrap_or_default());
        format!("j{no} e{epoch} run {attempt} {factory} {engine:?} {lease} v{rev} ({decision}) {repeated}")
    });
    render::grants(shown.collect())
}

fn decided(decision: &Decision) -> String {
    let shares: Vec<u64> = decision.shares().map(|(_, share)| (share * 100.0).round() as u64).collect();
    let filtered = decision.filtered.iter().map(|(reason, jobs)| (reason.as_str(), *jobs as usize)).collect();
    render::sought(decision.considered as usize, &filtered) + &format!(" shares {shares:?}")
}

/// What a claim would get.
pub(super) fn previewed(outcome: Result<(Option<Pick>, Sought), NotDone>) -> String {
    let (pick, sought) = match outcome {
        Ok(seen) => seen,
        Err(why) => return no(why),
    };
    let filtered = sought.filtered.iter().map(|(reason, jobs)| (reason.as_str(), *jobs)).collect();
    let sought = render::sought(sought.considered, &filtered);
    let Some(Pick { job, engine, breakdown, .. }) = pick else { return format!("nothing {sought}") };
    let weights = thousandths(&breakdown.weights);
    format!("j{} {engine:?} {:?} {weights:?} {sought}", number(job), breakdown.terms)
}

fn thousandths(weights: &Weights) -> Vec<u32> {
    weights.iter().map(|(_, weight)| weight.thousandths()).collect()
}

/// The settings of the product.
pub(super) fn settings(settings: &Settings) -> String {
    let Settings { paused, rev, review_limit, estimate_usd, record_scores, .. } = settings;
    let chosen = said::Choices {
        review_limit: *review_limit,
        estimate: estimate_usd.map(|usd| usd.0),
        record_scores: *record_scores,
    };
    format!("paused {paused} {chosen:?} {:?} v{rev}", thousandths(&settings.weights()))
}

pub(super) fn card(factory: &Factory) -> String {
    let engine = |engine: &Engine| {
        let Engine { name, account, state, resets_at, .. } = engine;
        let available = *state == EngineState::Available;
        format!("{name} {available} {account:?} {:?}", resets_at.map(|at| at.0))
    };
    let engines: Vec<String> = factory.engines.iter().map(engine).collect();
    let failing = factory.health == Health::Failing;
    let Factory { seat_limit, heartbeat_sec, capabilities, engine_classes, repos, presence, draining, rev, .. } =
        factory;
    format!(
        "{presence:?} draining {draining} failing {failing} seats {seat_limit} every {heartbeat_sec} {engines:?} \
         {capabilities:?} {engine_classes:?} {repos:?} v{rev}"
    )
}

pub(super) fn beaten(outcome: Result<Beaten, NotDone>) -> String {
    let beaten = match outcome {
        Ok(beaten) => beaten,
        Err(why) => return no(why),
    };
    let named =
        |leases: &[(JobId, Epoch)]| leases.iter().map(|(job, epoch)| (number(*job), epoch.0)).collect::<Vec<_>>();
    let renewed = beaten.renewed.iter().map(|(job, epoch, renewal)| (number(*job), epoch.0, renewal.expires_at.0));
    format!(
        "{} renewed {:?} lost {:?} unlisted {:?} cancelled {:?} {}",
        card(&beaten.factory.factory),
        renewed.collect::<Vec<_>>(),
        named(&beaten.lost),
        named(&beaten.unlisted),
        named(&beaten.cancelled),
        render::soft(beaten.factory.seats_used, beaten.factory.factory.load_permille, beaten.claimable)
    )
}

pub(super) fn viewed(outcome: Result<FactoryView, NotDone>) -> String {
    outcome.map_or_else(no, |view| format!("{} {}", card(&view.factory), view.seats_used))
}

/// A job's record, as the model shows its own.
pub(super) fn record(job: &Job) -> String {
    let lease = job.lease.as_ref().map_or_else(String::new, |lease| {
        let domain::job::Lease { holder, epoch, status, reached, expires_at, ttl_sec, renewals } = lease;
        let held = job.held().map(|_| format!(" {} {ttl_sec} {renewals}", expires_at.0)).unwrap_or_default();
        format!("{holder} e{epoch} {status:?} {reached:?}{held}")
    });
    let run = job.run.as_ref().map(ended).unwrap_or_default();
    let Job { stage, blocked_reason, epoch, rev, edition, attempt, deps_met, spent, result, question, .. } = job;
    let factory_no = |id: &FactoryId| id.as_str()[1..].parse::<u8>().unwrap();
    let failed_on: BTreeMap<u8, u32> = job.failed_on.iter().map(|(id, times)| (factory_no(id), *times)).collect();
    let saved_by = job.checkpoint.as_ref().and(job.saved_by.as_ref()).map(factory_no);
    let (preempted, Spec { due_at, repo, .. }) = (job.preempted, &*job.spec);
    let notes: Vec<&String> = job.notes.iter().map(|note| &note.text).collect();
    let wip = job.checkpoint.as_ref().map(|wip| wip.wip_branch.parse::<u8>().unwrap());
    format!(
        "{stage:?} {blocked_reason:?} e{epoch} v{rev} edition {edition} a{attempt} not before {:?} met {deps_met} \
         spent {} {} {result:?} wip {wip:?} of {saved_by:?} failed on {failed_on:?} \
         preempted {preempted} by {:?} notes {notes:?} asks {question:?} t{} p{} due {:?} in {repo:?} runs {} \
         [{lease}] [{run}]",
        job.not_before.map(|at| at.0),
        spent.wall_ms,
        spent.usd.0,
        job.approved_by,
        job.spec.title,
        job.spec.priority as u8,
        due_at.map(|at| at.0),
        job.runs
    )
}

pub(super) fn ended(run: &Run) -> String {
    let Run { factory, epoch, engine, started_at, reached, result, exit, insights, .. } = run;
    let cost = insights.cost_usd.map(|usd| usd.0);
    format!("{factory} e{epoch} {engine:?} {} {reached:?} {result:?} {cost:?} {exit:?}", started_at.0)
}
