//! Gives a job children: by an operator while nobody has it, or by its holder, whose run ends with that.
//! All of them are made, or none.

use actix_web::HttpResponse;
use actors::Adoption;
use domain::job::command::Fence;
use domain::{By, Epoch};
use wire::Problem;
use wire::submit::{Children, ChildrenRequest};

use super::if_rev;
use crate::http::answer::{Answer, shown, written};
use crate::http::body::BATCH;
use crate::http::call::{Call, operator};
use crate::http::headers::Expected;
use crate::http::{profiles, refusal};

/// Gives a job up to 10,000 children. With `leaseEpoch` its holder decomposes it: the run ends, and the job waits for them.
#[utoipa::path(
    post,
    path = "/api/fleet/jobs/{id}/children",
    operation_id = "addChildren",
    tag = "jobs",
    params(
        ("id" = String, Path, description = "The job."),
        ("If-Match" = Option<String>, Header, description = "The revision of the job that is meant."),
    ),
    request_body = ChildrenRequest,
    responses(
        (status = 201, description = "The children.", body = Children),
        (status = 200, description = "The same request had made them before.", body = Children),
    ),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let id = call.product_id()?;
    let (product, parent) = call.job(&id)?;
    let bytes = call.bytes(BATCH).await?;
    let request: ChildrenRequest = wire::strict(&bytes)?;
    let expected = Expected::of(call.headers())?;
    let _permit = call.permit(&product)?;
    let if_rev = if_rev(&call, &product, parent, &expected).await?;
    let fence = fence(&request)?;
    let by = fence.as_ref().and_then(|fence| fence.factory.clone()).map_or_else(operator, By::Factory);
    let usual = profiles::usual(Some(&product), request.profiles()).await?;
    let family = request.into_family(parent, &usual, || call.edge.node.new_job_id())?;
    let adoption = Adoption { children: family.jobs, fence, by, if_rev };
    let adopted = product.adopt(parent, adoption).await.map_err(|why| refusal::of_family(why, &family.names))?;
    let mut response = if adopted.repeated { HttpResponse::Ok() } else { HttpResponse::Created() };
    let jobs = adopted.children.iter().map(|job| shown(&product, job)).collect();
    written(&mut response, &Children { jobs, repeated: adopted.repeated })
}

fn fence(request: &ChildrenRequest) -> Result<Option<Fence>, Problem> {
    let factory = request.factory_id.as_ref().map(|id| id.parse()).transpose();
    let factory = factory.map_err(|bad: domain::ids::BadName| Problem::invalid("/factoryId", bad.to_string()))?;
    match (request.lease_epoch, factory) {
        (Some(epoch), factory) => Ok(Some(Fence { epoch: Epoch(epoch), factory })),
        (None, Some(_)) => Err(Problem::invalid("/leaseEpoch", "is missing beside factoryId")),
        (None, None) => Ok(None),
    }
}
