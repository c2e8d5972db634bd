//! Says what would become of a submit.
//! Changes nothing, and does not even bring the product into being.

use actors::Product;
use domain::ProductId;
use domain::dispatch::{Awaits, Needs, Supply, Verdict, settled};
use domain::job::{self, Spec};
use serde::Serialize;
use utoipa::ToSchema;
use wire::{Job, Problem};

use super::nobody_could_run;
use crate::http::answer::{Answer, ok};
use crate::http::call::Call;
use crate::http::refusal;

/// What would become of a submit.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DryRun {
    /// The job as it would be.
    job: Job,
    /// That nothing was made.
    outcome: NotMade,
    /// What was read over, in words.
    warnings: Vec<String>,
    /// The factories that could run it, if they have a free seat.
    would_run_on: Vec<String>,
}

/// Nothing was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NotMade {
    /// It was only tried.
    DryRun,
}

/// Answers what would become of the job.
pub(super) async fn answer(call: &Call, id: &ProductId, spec: Spec, warnings: Vec<String>) -> Answer {
    let product = call.known(id)?;
    let _permit = product.as_ref().map(|product| call.permit(product)).transpose()?;
    let met = dependencies(call, id, &spec).await?;
    let mut warnings = warnings;
    warnings.extend(product.as_ref().and_then(|product| nobody_could_run(product, &spec)));
    let would_run_on = match &product {
        Some(product) => fitting(product, &spec).await?,
        None => Vec::new(),
    };
    let submitted = job::submit(call.edge.node.new_job_id(), id.clone(), spec, met, call.heard);
    ok(&DryRun { job: Job::from(&submitted.job), outcome: NotMade::DryRun, warnings, would_run_on })
}

/// Whether the dependencies have settled. Refuses those that do not exist.
async fn dependencies(call: &Call, product: &ProductId, spec: &Spec) -> Result<bool, Problem> {
    if spec.depends_on.is_empty() {
        return Ok(true);
    }
    let stages = call.edge.node.store().stages(product, &spec.depends_on).await;
    let stages = stages.map_err(|why| refusal::of(why.into()))?;
    let unknown = |dep: &&domain::JobId| stages.iter().all(|(id, _)| id != *dep);
    let unknown: Vec<_> = spec.depends_on.iter().filter(unknown).copied().collect();
    if !unknown.is_empty() {
        return Err(refusal::unknown_dependencies(&unknown));
    }
    let awaits = Awaits { jobs: spec.depends_on.clone(), mode: spec.deps_mode, on_failure: spec.on_dep_failure };
    let reached: Vec<_> = stages.iter().map(|(_, stage)| *stage).collect();
    Ok(settled(&awaits, &reached) == Verdict::Met)
}

/// The factories with the capabilities and the engines that the job asks for.
async fn fitting(product: &Product, spec: &Spec) -> Result<Vec<String>, Problem> {
    let needs = Needs::of(spec);
    let views = product.factories().await.map_err(refusal::of)?;
    let fits = views.iter().map(|view| &view.factory).filter(|factory| Supply::card(factory).rejects(&needs).is_none());
    Ok(fits.map(|factory| factory.id.to_string()).collect())
}
