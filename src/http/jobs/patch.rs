//! Changes a job: a report of its holder, or an operator's edit.
//! Tells the two apart and hands them on.

use wire::patch::Ship;
use wire::{Edit, Job, Patch, Report};

use super::{edit, report};
use crate::http::answer::Answer;
use crate::http::body::JOB;
use crate::http::call::Call;

/// What may be sent: a report with `leaseEpoch`, or an edit without it.
#[derive(utoipa::ToSchema)]
#[schema(as = JobPatch)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used: the body is read by `wire::parse_patch`")]
enum Body {
    Report(Box<Report>),
    Edit(Box<Edit>),
}

/// Takes a report of the lease's holder, or an operator's edit (with `If-Match`).
#[utoipa::path(
    patch,
    path = "/api/fleet/jobs/{id}",
    operation_id = "patchJob",
    tag = "jobs",
    params(
        ("id" = String, Path, description = "The job."),
        ("If-Match" = Option<String>, Header, description = "The revision that an edit is about; not for reports."),
    ),
    request_body = Body,
    responses((status = 200, description = "The job.", body = Job, headers(("ETag" = String)))),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let product = call.product_id()?;
    let bytes = call.bytes(JOB).await?;
    match wire::parse_patch(&bytes)? {
        Patch::Report(said) => report::take(&call, &product, *said).await,
        Patch::Edit(edit) if edit.stage == Some(Ship::Shipped) => edit::ship(&call, &product).await,
        Patch::Edit(edit) => edit::apply(&call, &product, *edit).await,
    }
}
