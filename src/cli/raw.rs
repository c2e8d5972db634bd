//! Requests that the client of `wire` has no question for: a dry run, and a look at the coordinator's clock.
//! Says who asks just as that client does.

use reqwest::header::{CONTENT_TYPE, DATE};
use reqwest::{Method, RequestBuilder, Url, redirect};
use serde_json::Value;
use wire::{ClientError, Problem};

use super::connect::{Global, token};
use super::failure::Failure;

/// How long an answer may take.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

fn request(global: &Global, method: Method, path: &str) -> Result<RequestBuilder, Failure> {
    let address = format!("{}/{path}", global.api.trim_end_matches('/'));
    let url = Url::parse(&address).map_err(|error| Failure::usage(format!("--api {}: {error}", global.api)))?;
    let http = reqwest::Client::builder().timeout(TIMEOUT).redirect(redirect::Policy::none()).build();
    let request = http.map_err(ClientError::Transport)?.request(method, url);
    let request = request.header("x-product-id", global.product.as_str());
    Ok(match token() {
        Some(token) => request.bearer_auth(token),
        None => request,
    })
}

/// Asks what would become of a markdown job.
pub(super) async fn dry_run(global: &Global, text: &str) -> Result<Value, Failure> {
    let request = request(global, Method::POST, "fleet/jobs?dryRun=true")?;
    let sent = request.header(CONTENT_TYPE, "text/markdown").body(text.to_owned()).send().await;
    let response = sent.map_err(|error| ClientError::Transport(error.without_url()))?;
    let good = response.status().is_success();
    let body = response.bytes().await.map_err(|error| ClientError::Transport(error.without_url()))?;
    let unfit = |error: serde_json::Error| ClientError::Protocol(format!("the answer is not as agreed: {error}"));
    if good {
        return Ok(serde_json::from_slice(&body).map_err(unfit)?);
    }
    let problem: Problem = serde_json::from_slice(&body).map_err(unfit)?;
    Err(ClientError::Problem(Box::new(problem)).into())
}

/// Asks the coordinator for its clock: seconds since 1970, to the second.
pub(super) async fn clock(global: &Global) -> Option<i64> {
    let response = request(global, Method::GET, "version").ok()?.send().await.ok()?;
    let date = response.headers().get(DATE)?.to_str().ok()?;
    chrono::DateTime::parse_from_rfc2822(date).ok().map(|at| at.timestamp())
}
