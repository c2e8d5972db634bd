//! Says what would become of a submit.
//! Changes nothing, and does not even bring the product into being.

use std::collections::{BTreeMap, BTreeSet};

use actors::Product;
use domain::dispatch::{Awaits, Needs, Supply, Verdict, settled};
use domain::job::{self, Spec, Stage};
use domain::{JobId, ProductId};
use serde::Serialize;
use utoipa::ToSchema;
use wire::{Job, Problem};

use super::nobody_could_run;
use crate::http::answer::{Answer, ok};
use crate::http::call::{Call, no_such_job};
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
pub(super) async fn answer(
    call: &Call,
    product_id: &ProductId,
    family: Vec<(JobId, Spec)>,
    mut warnings: Vec<String>,
) -> Answer {
    let product = call.known(product_id)?;
    let _permit = product.as_ref().map(|product| call.permit(product)).transpose()?;
    let met = dependencies(call, product_id, &family).await?;
    let mut family = family.into_iter();
    let Some((id, spec)) = family.next() else { return Err(no_such_job()) };
    let children = family.filter(|(_, child)| child.parent == Some(id)).count();
    warnings.extend(product.as_ref().and_then(|product| nobody_could_run(product, &spec)));
    let would_run_on = match &product {
        Some(product) => fitting(product, &spec).await?,
        None => Vec::new(),
    };
    let waits = (met, u32::try_from(children).unwrap_or(u32::MAX));
    let submitted = job::submit(id, product_id.clone(), spec, waits, call.heard);
    ok(&DryRun { job: Job::from(&submitted.job), outcome: NotMade::DryRun, warnings, would_run_on })
}

/// Whether the dependencies of the first of these jobs have settled. Refuses those of all of them that do not exist.
async fn dependencies(call: &Call, product: &ProductId, family: &[(JobId, Spec)]) -> Result<bool, Problem> {
    let own: BTreeSet<JobId> = family.iter().map(|(id, _)| *id).collect();
    let named = family.iter().flat_map(|(_, spec)| &spec.depends_on).filter(|dep| !own.contains(dep));
    let named: Vec<JobId> = named.copied().collect::<BTreeSet<_>>().into_iter().collect();
    if named.is_empty() {
        return Ok(family.first().is_none_or(|(_, spec)| spec.depends_on.is_empty()));
    }
    let stages = call.edge.node.store().stages(product, &named).await;
    let known: BTreeMap<JobId, Stage> = stages.map_err(|why| refusal::of(why.into()))?.into_iter().collect();
    let unknown: Vec<_> = named.into_iter().filter(|dep| !known.contains_key(dep)).collect();
    if !unknown.is_empty() {
        return Err(refusal::unknown_dependencies(&unknown));
    }
    let Some((_, spec)) = family.first() else { return Ok(true) };
    let awaits = Awaits::of(spec, spec.kind);
    let reached: Vec<_> = spec.depends_on.iter().map(|dep| known.get(dep).copied().unwrap_or(Stage::Queued)).collect();
    Ok(settled(&awaits, &reached) == Verdict::Met)
}

/// The factories with the capabilities and the engines that the job asks for.
async fn fitting(product: &Product, spec: &Spec) -> Result<Vec<String>, Problem> {
    let needs = Needs::of(spec);
    let views = product.factories().await.map_err(refusal::of)?;
    let fits = views.iter().map(|view| &view.factory).filter(|factory| Supply::card(factory).rejects(&needs).is_none());
    Ok(fits.map(|factory| factory.id.to_string()).collect())
}
