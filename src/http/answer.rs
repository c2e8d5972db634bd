//! Writes answers: records as JSON straight into bytes, refusals as problem documents.
//! Decides no status by itself.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, HttpResponseBuilder};
use actors::{Done, Product};
use domain::job::Job;
use serde::Serialize;
use wire::{Code, Problem};

/// What an action comes to.
pub(super) type Answer = Result<HttpResponse, Problem>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Answers 200 with a record.
pub(super) fn ok<T: Serialize>(record: &T) -> Answer {
    written(&mut HttpResponse::Ok(), record)
}

/// Answers with a record, whatever else the answer says.
pub(super) fn written<T: Serialize>(response: &mut HttpResponseBuilder, record: &T) -> Answer {
    let mut bytes = Vec::with_capacity(1_024);
    serde_json::to_writer(&mut bytes, record).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Problem::new(Code::OutcomeUnknown, "the answer could not be written")
    })?;
    Ok(response.insert_header((CONTENT_TYPE, JSON)).body(bytes))
}

/// Answers with the bare job that an order or a report led to.
pub(super) fn done(product: &Product, done: &Done) -> Answer {
    let mut shown = shown(product, &done.job);
    shown.repeated = done.repeated.then_some(true);
    job(&shown)
}

/// Answers 200 with a bare job.
pub(super) fn job(shown: &wire::Job) -> Answer {
    tagged(shown.rev, shown)
}

/// Answers 200 with a bare record and the tag of its revision.
pub(super) fn tagged(rev: u64, shown: &impl Serialize) -> Answer {
    written(HttpResponse::Ok().insert_header((ETAG, etag(rev))), shown)
}

/// A job as it is shown, with the newest that is known of its lease.
pub(super) fn shown(product: &Product, job: &Arc<Job>) -> wire::Job {
    if job.held().is_some() { wire::Job::from(&*product.overlay(job)) } else { wire::Job::from(&**job) }
}

/// The strong entity tag of a revision.
pub(super) fn etag(rev: u64) -> String {
    format!("\"{rev}\"")
}

/// Writes a refusal of one request.
pub(super) fn refused(mut problem: Problem, path: &str, request_id: &HeaderValue) -> HttpResponse {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if let Some(secs) = problem.retry_after.or(patience(problem.status)) {
        response.insert_header((RETRY_AFTER, secs));
    }
    problem.instance = Some(path.into());
    problem.trace_id = request_id.to_str().ok().map(Into::into);
    // A problem holds nothing that JSON could not say.
    let bytes = serde_json::to_vec(&problem).unwrap_or_default();
    response.insert_header((CONTENT_TYPE, PROBLEM)).body(bytes)
}

/// Seconds after which an overloaded node is worth another try.
fn patience(status: u16) -> Option<u32> {
    match status {
        429 | 503 => Some(1),
        507 => Some(30),
        _ => None,
    }
}
