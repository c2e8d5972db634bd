//! The border: the model's commands in the product's words. The way back is in `answers.rs`.

use actors::{Ask, BeatOrder, CardPatch, ReportOrder};
use domain::dispatch::{self, SomeWeights, Term, Weight};
use domain::factory::{Engine, EngineState, Health};
use domain::job::command as order;
use domain::job::spec::{Approvals, DepsMode, JobBudget, OnDepFailure, Retry, Spec};
use domain::job::state::{Checkpoint, Priority};
use domain::job::{Command, Insights, RunResult, Stage};
use domain::{By, Epoch, FactoryId, JobId, Timestamp, Usd, product};
use uuid::Uuid;

use super::command as said;

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
        due_at: wish.due_at.map(Timestamp),
        repo: wish.repo.map(Into::into),
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
            set(changed, "dueAt", &mut new.due_at, edit.due_at.map(|at| at.map(Timestamp)));
            set(changed, "repo", &mut new.repo, edit.repo.map(|repo| repo.map(Into::into)));
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

pub(super) fn choices(chosen: said::Choices) -> product::Command {
    let said::Choices { review_limit, estimate, record_scores } = chosen;
    let estimate_usd = estimate.map(Usd);
    product::Command::Set(product::Choices { review_limit, estimate_usd, record_scores, ..product::Choices::default() })
}

pub(super) fn weights(said: &said::Heavy) -> SomeWeights {
    let weight = |thousandths: u32| Weight::of_thousandths(thousandths.into()).unwrap();
    said.iter().map(|(term, thousandths)| (Term::of(term).unwrap(), weight(*thousandths))).collect()
}

pub(super) fn ask(claim: &said::Claim) -> Ask {
    Ask {
        claim: dispatch::Claim {
            factory: factory(claim.factory),
            capabilities: claim.capabilities.as_deref().map(words),
            engine_classes: claim.classes.as_deref().map(words),
            weights: weights(&claim.weights),
        },
        claim_id: claim.id.map(|id| id.to_string()),
        ttl_sec: claim.ttl_sec,
        wait: None,
        max: claim.max,
    }
}

pub(super) fn beat(beat: &said::Beat, heard: Timestamp) -> BeatOrder {
    let state = |available| if available { EngineState::Available } else { EngineState::Unavailable };
    let engine = |of: &said::Engine| Engine {
        name: of.name.into(),
        version: None,
        account: of.account.map(Into::into),
        state: state(of.available),
        resets_at: of.resets_at.map(Timestamp),
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
            repos: beat.repos.as_deref().map(words),
            ..CardPatch::default()
        },
        load_permille: beat.load,
        leases: beat.leases.as_ref().map(listed),
        heard,
    }
}
