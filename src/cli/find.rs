//! Which job a person means: a whole id, or the beginning of one that is unique among the newest jobs.

use domain::JobId;
use wire::{Client, Job, JobFilter};

use super::exit::Exit;
use super::failure::Failure;

/// How far back the beginning of an id is looked for.
const NEWEST: u32 = 1_000;
/// Candidates that a message names, at most.
const NAMED: usize = 5;

/// Finds the id. Refuses a beginning that fits no job or several.
pub(super) async fn job(client: &Client, text: &str) -> Result<String, Failure> {
    if let Ok(id) = text.parse::<JobId>() {
        return Ok(id.to_string());
    }
    let start = text.to_ascii_lowercase();
    if start.is_empty() || !start.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return Err(Failure::usage(format!("{text:?} is no job's id, nor the beginning of one")));
    }
    let newest = client.jobs(&JobFilter { limit: Some(NEWEST), ..JobFilter::default() }).await?.data;
    only(&start, &newest)
}

fn only(start: &str, newest: &[Job]) -> Result<String, Failure> {
    let fitting: Vec<_> = newest.iter().map(|job| job.id.as_str()).filter(|id| id.starts_with(start)).collect();
    match fitting.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => Err(Failure::said(Exit::NotFound, format!("none of the newest {NEWEST} jobs has an id like {start}"))),
        several => {
            let named = several.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
            Err(Failure::usage(format!("{start} is the beginning of {} ids: {named}", several.len())))
        }
    }
}
