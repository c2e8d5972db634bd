//! The border: the model's commands in the product's words, and the product's answers in the model's.

use actors::{Ask, BeatOrder, Beaten, CardPatch, Done, FactoryView, Grant, NotDone, ReportOrder, Submitted};
use domain::dispatch;
use domain::factory::{Engine, EngineState, Factory, Health};
use domain::job::command as order;
use domain::job::spec::{Approvals, DepsMode, JobBudget, OnDepFailure, Retry, Spec};
use domain::job::state::{Checkpoint, Priority};
use domain::job::{Command, Insights, Job, Refusal, Run, RunResult, Stage};
use domain::{By, Epoch, FactoryId, JobId, Timestamp, Usd, product};
use uuid::Uuid;

use super::command as said;
use super::render;

/// The id of a job.
pub(super) fn job(no: said::JobNo) -> JobId {
    JobId(Uuid::from_u128(0x1000 + u128::from(no)))
}

/// The number of a job.
pub(super) fn number(id: JobId) -> u128 {
    id.0.as_u128() - 0x1000
}

pub(super) fn factory(no: said::FactoryNo) -> FactoryId {
    format!("f{no}").parse().unwrap()
}

/// Who gives operators' orders.
pub(super) fn operator() -> By {
    By::Operator("operator".into())
}

fn words(words: &[said::Word]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn stage(stage: said::Stage) -> Stage {
    *Stage::ALL.iter().find(|of| format!("{of:?}") == format!("{stage:?}")).unwrap()
}

pub(super) fn outcome(outcome: said::Outcome) -> RunResult {
    use said::Outcome as Said;
    match outcome {
        Said::Succeeded => RunResult::Succeeded,
        Said::NoChanges => RunResult::NoChanges,
        Said::Failed => RunResult::Failed,
        Said::TimedOut => RunResult::TimedOut,
        Said::OverBudget => RunResult::OverBudget,
        Said::NeedsInput => RunResult::NeedsInput,
        Said::Quota => RunResult::Quota,
        Said::Lost => RunResult::Lost,
        Said::Cancelled => RunResult::Cancelled,
        Said::Preempted => RunResult::Preempted,
        Said::Released => RunResult::Released,
    }
}

fn priority(no: u8) -> Priority {
    [Priority::Low, Priority::Normal, Priority::High, Priority::Critical][usize::from(no)]
}

/// What is asked for, as the product has it.
pub(super) fn spec(wish: &said::Wish, key: Option<u8>) -> Spec {
    Spec {
        title: wish.title.to_string(),
        priority: priority(wish.priority),
        capabilities: words(&wish.capabilities),
        engine_class: wish.class.map(Into::into),
        engines: words(&wish.engines),
        idempotency_key: key.map(|key| format!("k{key}")),
        content_hash: key.map(|_| format!("{wish:?}")),
        depends_on: wish.deps.iter().copied().map(job).collect(),
        deps_mode: if wish.any_dep { DepsMode::Any } else { DepsMode::All },
        on_dep_failure: match wish.on_failure {
            said::OnFailure::Block => OnDepFailure::Block,
            said::OnFailure::Fail => OnDepFailure::Fail,
            said::OnFailure::Ignore => OnDepFailure::Ignore,
        },
        concurrency_key: wish.key.map(Into::into),
        concurrency_limit: wish.key_limit,
        budget: JobBudget { usd: wish.usd.map(Usd), wall_sec: wish.wall_sec },
        timeout_sec: wish.timeout_sec,
        retry: Retry { max_attempts: wish.attempts, backoff_sec: wish.backoff_sec },
        not_before: wish.not_before.map(Timestamp),
        approvals: Approvals { required: wish.approvals, reviewers: words(&wish.reviewers) },
        ..crate::support::job::spec()
    }
}

pub(super) fn fence(fence: said::Fence) -> order::Fence {
    order::Fence { epoch: Epoch(fence.epoch), factory: fence.factory.map(factory) }
}

pub(super) fn report(report: &said::Report) -> ReportOrder {
    let checkpoint = report.checkpoint.map(|no| Checkpoint { wip_branch: no.to_string(), ..Checkpoint::default() });
    let content = said::Report { id: None, ..report.clone() };
    ReportOrder {
        report: order::Report {
            fence: fence(report.fence),
            prior: order::Prior::None,
            stage: report.stage.map(stage),
            checkpoint,
            insights: Insights { cost_usd: report.cost.map(Usd), ..Insights::default() },
            result: report.result.map(outcome),
            exit: report.exit,
            verify_result: None,
            retryable: report.retryable,
            reason: None,
            question: report.question.map(Into::into),
        },
        report_id: report.id.map(|id| id.to_string()),
        content_hash: format!("{content:?}"),
        by: report.fence.factory.map_or(By::Coordinator, |no| By::Factory(factory(no))),
    }
}

/// An operator's order; an edit is made out of the spec as it is.
pub(super) fn command(order: &said::Order, spec: Option<&Spec>) -> Command {
    match order {
        said::Order::Ship => Command::Ship,
        said::Order::Reject { note, last } => Command::Reject(order::Reject { note: (*note).into(), is_final: *last }),
        said::Order::Approve { by } => Command::Approve(order::Approve { reviewer: (*by).into(), note: None }),
        said::Order::Answer { text } => Command::Answer(order::Answer { text: (*text).into() }),
        said::Order::Requeue { fresh, note } => {
            Command::Requeue(order::Requeue { fresh: *fresh, note: note.map(Into::into) })
        }
        said::Order::Cancel => Command::Cancel(order::Cancel { reason: None }),
        said::Order::Edit(edit) => {
            let mut edited =
                order::Edit { spec: spec.cloned().unwrap_or_else(crate::support::job::spec), changed: Vec::new() };
            let (new, changed) = (&mut edited.spec, &mut edited.changed);
            set(changed, "title", &mut new.title, edit.title.map(|no| no.to_string()));
            set(changed, "priority", &mut new.priority, edit.priority.map(priority));
            set(changed, "capabilities", &mut new.capabilities, edit.capabilities.as_deref().map(words));
            set(changed, "engines", &mut new.engines, edit.engines.as_deref().map(words));
            let retry = edit.attempts.map(|max_attempts| Retry { max_attempts, ..new.retry });
            set(changed, "retry", &mut new.retry, retry);
            set(changed, "timeoutSec", &mut new.timeout_sec, edit.timeout_sec);
            Command::Edit(Box::new(edited))
        }
    }
}

fn set<T: PartialEq>(changed: &mut Vec<String>, member: &str, old: &mut T, new: Option<T>) {
    if let Some(new) = new.filter(|new| new != old) {
        *old = new;
        changed.push(member.to_owned());
    }
}

pub(super) fn gate(gate: said::Gate) -> product::Command {
    match gate {
        said::Gate::Pause => product::Command::Pause,
        said::Gate::Resume => product::Command::Resume,
        said::Gate::Estop => product::Command::Estop,
    }
}

pub(super) fn ask(claim: &said::Claim) -> Ask {
    Ask {
        claim: dispatch::Claim {
            factory: factory(claim.factory),
            capabilities: claim.capabilities.as_deref().map(words),
            engine_classes: claim.classes.as_deref().map(words),
            weights: dispatch::SomeWeights::new(),
        },
        claim_id: claim.id.map(|id| id.to_string()),
        ttl_sec: claim.ttl_sec,
        wait: None,
        max: claim.max,
    }
}

pub(super) fn beat(beat: &said::Beat, heard: Timestamp) -> BeatOrder {
    let state = |available| if available { EngineState::Available } else { EngineState::Unavailable };
    let engine = |(name, available): &(said::Word, bool)| Engine {
        name: (*name).into(),
        version: None,
        account: None,
        state: state(*available),
        resets_at: None,
    };
    let listed =
        |leases: &Vec<(said::JobNo, u64)>| leases.iter().map(|(no, epoch)| (job(*no), Epoch(*epoch))).collect();
    BeatOrder {
        factory: factory(beat.factory),
        card: CardPatch {
            engines: beat.engines.as_ref().map(|engines| engines.iter().map(engine).collect()),
            capabilities: beat.capabilities.as_deref().map(words),
            engine_classes: beat.classes.as_deref().map(words),
            health: beat.failing.map(|failing| if failing { Health::Failing } else { Health::Ok }),
            seat_limit: beat.seats,
            heartbeat_sec: beat.every_sec,
            ..CardPatch::default()
        },
        load_permille: None,
        leases: beat.leases.as_ref().map(listed),
        heard,
    }
}

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
        let Grant { job, run, epoch, expires_at, ttl_sec, lease_active, repeated, decision: _ } = grant;
        let lease = if *lease_active { format!("until {} ttl {ttl_sec}", expires_at.0) } else { "ended".into() };
        let Run { attempt, factory, engine, .. } = run;
        format!("j{} e{epoch} run {attempt} {factory} {engine:?} {lease} v{} {repeated}", number(job.id), job.rev)
    });
    render::grants(shown.collect())
}

pub(super) fn card(factory: &Factory) -> String {
    let engine = |engine: &Engine| (engine.name.clone(), engine.state == EngineState::Available);
    let engines: Vec<_> = factory.engines.iter().map(engine).collect();
    let failing = factory.health == Health::Failing;
    let Factory { seat_limit, heartbeat_sec, capabilities, engine_classes, presence, draining, rev, .. } = factory;
    format!(
        "{presence:?} draining {draining} failing {failing} seats {seat_limit} every {heartbeat_sec} {engines:?} \
         {capabilities:?} {engine_classes:?} v{rev}"
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
        render::soft(beaten.factory.seats_used, beaten.claimable)
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
    let notes: Vec<&String> = job.notes.iter().map(|note| &note.text).collect();
    let wip = job.checkpoint.as_ref().map(|wip| wip.wip_branch.parse::<u8>().unwrap());
    format!(
        "{stage:?} {blocked_reason:?} e{epoch} v{rev} edition {edition} a{attempt} not before {:?} met {deps_met} \
         spent {} {} {result:?} wip {wip:?} by {:?} notes {notes:?} asks {question:?} t{} p{} runs {} [{lease}] \
         [{run}]",
        job.not_before.map(|at| at.0),
        spent.wall_ms,
        spent.usd.0,
        job.approved_by,
        job.spec.title,
        job.spec.priority as u8,
        job.runs
    )
}

pub(super) fn ended(run: &Run) -> String {
    let Run { factory, epoch, engine, started_at, reached, result, exit, insights, .. } = run;
    let cost = insights.cost_usd.map(|usd| usd.0);
    format!("{factory} e{epoch} {engine:?} {} {reached:?} {result:?} {cost:?} {exit:?}", started_at.0)
}
