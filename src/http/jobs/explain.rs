//! Says why a job waits, or how it was placed.
//! Asks the dispatcher for what it knows, the store for the rest; decides nothing.

use std::sync::Arc;

use actors::Product;
use domain::JobId;
use domain::dispatch::{Explained, Reason};
use domain::job::spec::OnDepFailure;
use domain::job::{BlockedReason, Job, Stage};
use wire::explain::{Decision, Dependency, Explanation, Position, RunnerUp, ScoreDetail, in_words};
use wire::{Problem, Time};

use super::look;
use crate::http::answer::{Answer, ok};
use crate::http::call::Call;
use crate::http::refusal;

/// How often a job is read that moves while it is asked about.
const MOST_LOOKS: usize = 8;

/// Says why a job waits: the first reason, its place, its score, and what each known factory has against it; of a job
/// that has been placed, how that was decided.
#[utoipa::path(
    get,
    path = "/api/fleet/jobs/{id}/explain",
    operation_id = "getExplanation",
    tag = "jobs",
    params(("id" = String, Path, description = "The job.")),
    responses((status = 200, description = "The explanation.", body = Explanation)),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let product = call.product_id()?;
    let (product, id) = call.job(&product)?;
    let _permit = call.permit(&product)?;
    let (job, waits) = standing_of(&call, &product, id).await?;
    let mut explanation = explained(&job, waits.as_ref());
    if waits.as_ref().is_some_and(|waits| waits.reason == Reason::Dependencies) {
        explanation.dependencies = dependencies(&call, &product, &job).await?;
    }
    explanation.decision = decision(&product, &job).await?;
    ok(&explanation)
}

/// The job, and what the dispatcher knows of it while it waits. The two are asked one after the other, so a job that the
/// dispatcher does not know is read again: unless it has moved meanwhile, it has been left alone.
async fn standing_of(call: &Call, product: &Product, id: JobId) -> Result<(Arc<Job>, Option<Explained>), Problem> {
    let mut job = look(call, product, id).await?;
    for _ in 0..MOST_LOOKS {
        if !matches!(job.stage, Stage::Queued | Stage::Blocked) {
            return Ok((job, None));
        }
        if let Some(waits) = product.explain(id).await.map_err(refusal::of)? {
            return Ok((job, Some(waits)));
        }
        let again = look(call, product, id).await?;
        if again.rev == job.rev {
            return Ok((again, None));
        }
        job = again;
    }
    Err(refusal::of(actors::NotDone::Overloaded { retry_after_sec: 1 }))
}

fn explained(job: &Job, waits: Option<&Explained>) -> Explanation {
    let position = waits.and_then(|waits| waits.position.as_ref());
    let best = position.and_then(|at| waits?.factories.iter().find(|stance| stance.factory == at.factory));
    Explanation {
        job_id: job.id.to_string(),
        stage: job.stage.into(),
        reason: waits.map(|waits| waits.reason.as_str().to_owned()),
        detail: waits.map_or_else(|| standing(job), |waits| detail(job, waits)),
        until: waits.and_then(|waits| waits.until).map(Into::into),
        dependencies: Vec::new(),
        position: position.map(|at| Position { factory_id: at.factory.to_string(), ahead: at.ahead as u64 }),
        score: best.map(|stance| ScoreDetail::from(&stance.breakdown)),
        offered_to: waits.and_then(|waits| waits.offered_to.as_ref()).map(ToString::to_string),
        evicting: waits.and_then(|waits| waits.evicting).map(|job| job.to_string()),
        factories: waits.map(|waits| waits.factories.iter().map(Into::into).collect()).unwrap_or_default(),
        decision: None,
    }
}

/// The reason in words, with its particulars.
fn detail(job: &Job, waits: &Explained) -> String {
    if let Some(factory) = &waits.offered_to {
        return format!("it is on offer to {factory}");
    }
    let words = in_words(waits.reason);
    match (waits.reason, &waits.key, waits.review, waits.until) {
        (Reason::Dependencies, ..) if job.blocked_reason == Some(BlockedReason::DependencyFailed) => {
            "a job that it depends on has ended without shipping: requeue it, or see to that one".to_owned()
        }
        (Reason::ConcurrencyKey, Some((key, taken)), _, _) => {
            format!("{words}: {taken} of {} run under {:?}", key.limit, key.name)
        }
        (Reason::ReviewLimit, _, Some((waiting, limit)), _) => format!("{words}: {waiting} of {limit}"),
        (_, _, _, Some(until)) => format!("{words}: until {}", Time::from(until)),
        _ => words.to_owned(),
    }
}

/// What is to be said of a job that waits for no factory.
fn standing(job: &Job) -> String {
    match job.held() {
        Some(lease) => format!("{} has it", lease.holder),
        None if job.stage == Stage::Queued => "it is left alone: it kept failing inside the coordinator".to_owned(),
        None if job.stage.is_terminal() => format!("it has ended: {}", job.stage),
        None => format!("it is in {}: a person's turn", job.stage),
    }
}

/// The jobs that it waits for and that have not settled.
async fn dependencies(call: &Call, product: &Product, job: &Job) -> Result<Vec<Dependency>, Problem> {
    let stages = call.edge.node.store().stages(product.id(), &job.spec.depends_on).await;
    let stages = stages.map_err(|why| refusal::of(why.into()))?;
    let ignores = job.spec.on_dep_failure == OnDepFailure::Ignore;
    let is_settled = |stage: &Stage| *stage == Stage::Shipped || ignores && stage.is_terminal();
    let open = stages.into_iter().filter(|(_, stage)| !is_settled(stage));
    Ok(open.map(|(id, stage)| Dependency { job_id: id.to_string(), stage: stage.into() }).collect())
}

/// How it was placed the last time.
async fn decision(product: &Product, job: &Job) -> Result<Option<Decision>, Problem> {
    let Some(lease) = &job.lease else { return Ok(None) };
    let placed = product.decision(job.id, lease.epoch).await.map_err(refusal::of)?;
    Ok(placed.map(|(at, decision)| Decision {
        at: at.into(),
        factory_id: lease.holder.to_string(),
        lease_epoch: lease.epoch.0,
        considered: decision.considered.into(),
        filtered: decision.filtered.iter().map(|(reason, jobs)| (reason.as_str().to_owned(), (*jobs).into())).collect(),
        score_breakdown: decision.shares().map(|(term, share)| (term.as_str().to_owned(), share)).collect(),
        score: decision.score(),
        top: decision.top().map(|(job, score)| RunnerUp { job_id: job.to_string(), score }).collect(),
    }))
}
