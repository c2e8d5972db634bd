//! Looks at a job, at once or as soon as it has changed.
//! Reads the store; the product only wakes who waits.

use std::time::Duration;

use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Job, Problem};

use super::look;
use crate::http::answer::{Answer, job, shown};
use crate::http::call::Call;
use crate::http::query;

/// How long to wait where only a revision is named.
const WAIT_SEC: u64 = 30;
const MAX_WAIT_SEC: u64 = 60;

/// What a caller may wait for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Params {
    /// Answers as soon as the job's revision is above this one.
    #[param(value_type = Option<u64>)]
    wait_rev: Option<String>,
    /// For how long to wait for that, 0 to 60 seconds; 30 where absent.
    #[param(value_type = Option<u64>)]
    wait_sec: Option<String>,
}

impl Params {
    /// The revision to be beyond, and for how long to wait for it.
    fn wait(&self) -> Result<Option<(u64, Duration)>, Problem> {
        let secs = self.wait_sec.as_deref().map(|text| query::up_to("waitSec", text, MAX_WAIT_SEC)).transpose()?;
        let rev = self.wait_rev.as_deref().map(|text| query::parsed("waitRev", text)).transpose()?;
        Ok(rev.map(|rev| (rev, Duration::from_secs(secs.unwrap_or(WAIT_SEC)))))
    }
}

/// Looks at a job; with `waitRev`, as soon as its revision is above that one or the time is over.
#[utoipa::path(
    get,
    path = "/api/fleet/jobs/{id}",
    operation_id = "getJob",
    tag = "jobs",
    params(("id" = String, Path, description = "The job."), Params),
    responses((status = 200, description = "The job.", body = Job, headers(("ETag" = String)))),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let product = call.product_id()?;
    let wait = query::read::<Params>(call.query())?.wait()?;
    let (product, id) = call.job(&product)?;
    // Who waits is watching before the first look, so that no change falls between.
    let watching = wait.map(|(rev, wait)| (rev, product.watch(id, rev, wait)));
    let permit = call.permit(&product)?;
    let mut found = look(&call, &product, id).await?;
    drop(permit);
    if let Some((rev, changed)) = watching
        && found.rev <= rev
    {
        changed.await;
        let _permit = call.permit(&product)?;
        found = look(&call, &product, id).await?;
    }
    job(&shown(&product, &found))
}
