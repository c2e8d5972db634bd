//! Says what a claim would get.
//! Changes nothing: it takes no job, waits for none, and is no sign of life.

use wire::explain::{Preview, filtered, shares};
use wire::{ClaimRequest, Job};

use super::answer::{Answer, ok};
use super::call::Call;
use super::{claim, refusal};

/// Says which job a claim would get now, and what keeps the factory from the others.
#[utoipa::path(
    post,
    path = "/api/fleet/claim/preview",
    operation_id = "previewClaim",
    tag = "factories",
    request_body = ClaimRequest,
    responses((status = 200, description = "What the claim would get.", body = Preview)),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let id = call.product_id()?;
    let said: ClaimRequest = call.lenient().await?;
    let ask = claim::ask(said)?;
    let product = call.known(&id)?.ok_or_else(|| refusal::of(actors::NotDone::UnknownFactory))?;
    let _permit = call.permit(&product)?;
    let (pick, sought) = product.preview(ask.claim).await.map_err(refusal::of)?;
    let job = match &pick {
        Some(pick) => call.edge.node.store().job(&id, pick.job).await.map_err(|why| refusal::of(why.into()))?,
        None => None,
    };
    ok(&Preview {
        job: job.map(|stored| Job::from(&*stored.job)),
        score_breakdown: pick.as_ref().map(|pick| shares(&pick.breakdown)),
        considered: sought.considered as u64,
        filtered: filtered(&sought),
    })
}
