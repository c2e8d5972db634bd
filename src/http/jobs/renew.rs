//! Renews a lease.
//! Whether it is the holder who asks is for its product to decide; nothing is written.

use domain::Epoch;
use domain::job::command::Fence;
use wire::{Problem, Renew, Renewed};

use crate::http::answer::{Answer, ok};
use crate::http::call::Call;
use crate::http::refusal;

/// Renews a lease, counted from the request's arrival. Refused as `stale-lease` from anyone but its holder.
#[utoipa::path(
    post,
    path = "/api/fleet/jobs/{id}/lease/renew",
    operation_id = "renewLease",
    tag = "jobs",
    params(("id" = String, Path, description = "The job.")),
    request_body = Renew,
    responses((status = 200, description = "The lease lives on.", body = Renewed)),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let product = call.product_id()?;
    let said: Renew = call.lenient().await?;
    said.check()?;
    let fence = fence(said.lease_epoch, said.factory_id.as_deref())?;
    let (product, job) = call.job(&product)?;
    let _permit = call.permit(&product)?;
    let renewal = product.renew(job, fence, said.lease_ttl_sec, call.heard).await.map_err(refusal::of)?;
    ok(&Renewed {
        lease_epoch: said.lease_epoch,
        lease_expires_at: renewal.expires_at.into(),
        lease_ttl_sec: renewal.ttl_sec,
        renew_after_sec: renewal.ttl_sec / 3,
        cancel_requested: None,
    })
}

/// Who says it, under which epoch. Refuses a factory's name that has not the right form.
pub(super) fn fence(epoch: u64, factory: Option<&str>) -> Result<Fence, Problem> {
    let factory = factory.map(str::parse).transpose();
    let factory = factory.map_err(|bad: domain::ids::BadName| Problem::invalid("/factoryId", bad.to_string()))?;
    Ok(Fence { epoch: Epoch(epoch), factory })
}
