//! Submits a job, as JSON or as a markdown file with front matter.
//! Checks the form; the product finds repeats and unknown dependencies.

use actix_web::HttpResponse;
use actix_web::http::header::{ETAG, LOCATION};
use actors::{Adoption, Family, NotDone, Product, Submission, Submitted};
use domain::JobId;
use domain::job::Spec;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::submit::Outcome;
use wire::{Manifest, Problem, SubmitRequest};

use super::dry_run::{self, DryRun};
use super::nobody_could_run;
use crate::http::answer::{Answer, etag, shown, written};
use crate::http::body::{BATCH, JOB, too_large};
use crate::http::call::{self, Call, operator};
use crate::http::headers::{IDEMPOTENCY_KEY, once};
use crate::http::{profiles, query, refusal};

/// How the member is written that makes a body larger than a job may be.
const CHILDREN: &[u8] = b"\"children\"";

/// How to submit.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Params {
    /// Validates and says where the job would run; changes nothing.
    #[param(value_type = Option<bool>)]
    dry_run: Option<String>,
}

/// Submits a job; with `dryRun`, only says what would become of it.
#[utoipa::path(
    post,
    path = "/api/fleet/jobs",
    operation_id = "submitJob",
    tag = "jobs",
    params(
        Params,
        ("Idempotency-Key" = Option<String>, Header, description = "An alias of the member `idempotencyKey`."),
    ),
    request_body(content((SubmitRequest = "application/json"), (String = "text/markdown"))),
    responses(
        (status = 201, description = "A new job.", body = wire::Submitted),
        (status = 200, description = "The same submit had made the job before; or what a dry run found.",
            content((wire::Submitted = "application/json"), (DryRun = "application/json"))),
    ),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let id = call.product_id()?;
    let params: Params = query::read(call.query())?;
    let dry = params.dry_run.as_deref().is_some_and(|text| text == "true");
    if params.dry_run.is_some_and(|text| text != "true" && text != "false") {
        return Err(query::refused("dryRun", "must be true or false"));
    }
    let (mut request, warnings) = read(&mut call).await?;
    keyed(&call, &mut request)?;
    let usual = profiles::usual(call.known(&id)?.as_ref(), request.profiles()).await?;
    let family = request.into_family(&usual, || call.edge.node.new_job_id())?;
    if dry {
        return dry_run::answer(&call, &id, family.jobs, warnings).await;
    }
    let product = call.product(&id).await?;
    let _permit = call.permit(&product)?;
    let submitted = submitted(&product, family.jobs).await.map_err(|why| refusal::of_family(why, &family.names))?;
    answer(&product, &submitted, warnings)
}

/// Submits a job with its children; one that is to be a part of another one is given to that.
async fn submitted(product: &Product, mut family: Vec<(JobId, Spec)>) -> Result<Submitted, NotDone> {
    match family.first().and_then(|(_, spec)| spec.parent) {
        Some(parent) => {
            let adoption = Adoption { children: family, fence: None, by: operator(), if_rev: None };
            let adopted = product.adopt(parent, adoption).await?;
            let job = adopted.children.into_iter().next().ok_or(NotDone::NotFound)?;
            Ok(if adopted.repeated { Submitted::Duplicate(job) } else { Submitted::Created(job) })
        }
        None => {
            let children = family.split_off(1.min(family.len()));
            let (id, spec) = family.pop().ok_or(NotDone::NotFound)?;
            product.submit(Family { parent: Submission { id, spec, by: operator() }, children }).await
        }
    }
}

/// Reads the body by its kind. Anything that is not markdown is read as JSON.
async fn read(call: &mut Call) -> Result<(SubmitRequest, Vec<String>), Problem> {
    if call.is_markdown() {
        let bytes = call.bytes(JOB).await?;
        let manifest = Manifest::parse(call::text(&bytes)?)?;
        return Ok((manifest.request, manifest.warnings));
    }
    let bytes = call.bytes(BATCH).await?;
    // Only children make it larger than a job may be.
    let may_be_large = || bytes.windows(CHILDREN.len()).any(|window| window == CHILDREN);
    if bytes.len() > JOB && !may_be_large() {
        return Err(too_large(JOB));
    }
    let request: SubmitRequest = wire::strict(&bytes)?;
    if bytes.len() > JOB && request.children.is_none() {
        return Err(too_large(JOB));
    }
    Ok((request, Vec::new()))
}

/// Takes the key from the header where the body names none. Refuses two that differ.
fn keyed(call: &Call, request: &mut SubmitRequest) -> Result<(), Problem> {
    let Some(header) = once(call.headers(), &IDEMPOTENCY_KEY)? else { return Ok(()) };
    let key = header.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(header);
    match &request.idempotency_key {
        Some(member) if member != key => {
            Err(Problem::invalid("/idempotencyKey", "differs from the header Idempotency-Key"))
        }
        Some(_) => Ok(()),
        None => {
            request.idempotency_key = Some(key.to_owned());
            Ok(())
        }
    }
}

fn answer(product: &Product, submitted: &Submitted, mut warnings: Vec<String>) -> Answer {
    let (mut response, job, outcome) = match submitted {
        Submitted::Created(job) => {
            let mut response = HttpResponse::Created();
            response.insert_header((LOCATION, format!("/api/fleet/jobs/{}", job.id)));
            (response, job, Outcome::Created)
        }
        Submitted::Duplicate(job) => (HttpResponse::Ok(), job, Outcome::Duplicate),
    };
    response.insert_header((ETAG, etag(job.rev)));
    warnings.extend(nobody_could_run(product, &job.spec));
    written(&mut response, &wire::Submitted { job: shown(product, job), outcome, warnings })
}
