//! A factory asks for work.
//! A claim that waits holds no permit; one whose caller has gone is never granted.

use std::time::Duration;

use actix_web::HttpResponse;
use actors::{Ask, Product};
use domain::dispatch;
use wire::{ClaimRequest, Grant, Grants, Problem, Run};

use super::answer::{Answer, ok};
use super::call::Call;
use super::refusal;

/// The length of a lease that does not say.
const TTL_SEC: u32 = 900;

/// Asks for the best job that the factory can run; with `waitSec`, waits for one.
#[utoipa::path(
    post,
    path = "/api/fleet/claim",
    operation_id = "claimJob",
    tag = "factories",
    request_body = ClaimRequest,
    responses(
        (status = 200, description = "A job and its lease; a list of them where `max` is above 1.",
            content((Grant = "application/json"), (Grants = "application/json"))),
        (status = 204, description = "There is nothing to do."),
    ),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let id = call.product_id()?;
    let said: ClaimRequest = call.lenient().await?;
    let wants_list = said.wants_list();
    let ask = ask(said)?;
    let product = call.known(&id)?.ok_or_else(|| refusal::of(actors::NotDone::UnknownFactory))?;
    let permit = match ask.wait {
        Some(_) => None,
        None => Some(call.permit(&product)?),
    };
    let granted = product.claim(ask).await.map_err(refusal::of)?;
    drop(permit);
    let mut grants = granted.iter().map(|grant| shown(&product, grant));
    match (wants_list, grants.len()) {
        (_, 0) => Ok(HttpResponse::NoContent().finish()),
        (true, _) => ok(&Grants { grants: grants.collect() }),
        (false, _) => ok(&grants.next()),
    }
}

/// Refuses members that are out of their bounds.
fn check(said: &ClaimRequest) -> Result<(), Problem> {
    said.check()?;
    if said.claim_id.is_some() && said.max.is_some_and(|max| max > 1) {
        return Err(Problem::invalid("/max", "a claim with a claimId is for one job"));
    }
    Ok(())
}

/// The claim in the product's words. Refuses members that are out of their bounds.
pub(super) fn ask(said: ClaimRequest) -> Result<Ask, Problem> {
    check(&said)?;
    let factory = said.factory_id.parse();
    let factory = factory.map_err(|bad: domain::ids::BadName| Problem::invalid("/factoryId", bad.to_string()))?;
    Ok(Ask {
        claim: dispatch::Claim {
            factory,
            capabilities: said.capabilities,
            engine_classes: said.engine_classes,
            weights: said.weights.map(|weights| weights.0).unwrap_or_default(),
        },
        claim_id: said.claim_id,
        ttl_sec: said.lease_ttl_sec.unwrap_or(TTL_SEC),
        wait: said.wait_sec.filter(|secs| *secs > 0).map(|secs| Duration::from_secs(secs.into())),
        max: said.max.unwrap_or(1),
    })
}

fn shown(product: &Product, grant: &actors::Grant) -> Grant {
    let shares = grant.decision.iter().flat_map(|decision| decision.shares());
    let breakdown = shares.map(|(term, share)| (term.as_str().to_owned(), share)).collect();
    Grant {
        job: super::answer::shown(product, &grant.job),
        run: Run::new(grant.job.id, &grant.run, grant.profile.as_deref()),
        lease_epoch: grant.epoch.0,
        lease_expires_at: grant.expires_at.into(),
        lease_ttl_sec: grant.ttl_sec,
        renew_after_sec: grant.ttl_sec / 3,
        score_breakdown: breakdown,
        lease_active: (!grant.lease_active).then_some(false),
        repeated: grant.repeated.then_some(true),
    }
}
