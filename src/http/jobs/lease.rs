//! Looks at a job's lease.
//! Its end is the newest that is known, which the store may not have yet.

use wire::Lease;

use super::look;
use crate::http::answer::{Answer, ok};
use crate::http::call::Call;

/// Looks at a job's lease: the one that is held, the last one that was, or none.
#[utoipa::path(
    get,
    path = "/api/fleet/jobs/{id}/lease",
    operation_id = "getLease",
    tag = "jobs",
    params(("id" = String, Path, description = "The job.")),
    responses((status = 200, description = "The lease.", body = Lease)),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let product = call.product_id()?;
    let (product, id) = call.job(&product)?;
    let _permit = call.permit(&product)?;
    let job = look(&call, &product, id).await?;
    ok(&Lease::of(&product.overlay(&job)))
}
