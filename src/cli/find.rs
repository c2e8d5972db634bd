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

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A job as the coordinator shows it.
    pub(in crate::cli) fn job(id: &str, stage: &str, more: &str) -> Job {
        let at = "2026-11-21T00:00:00.000Z";
        let json = format!(
            r#"{{"id":"{id}","productId":"default","title":"t","bodyMd":"b","manifestSnapshot":{{}},"kind":"leaf",
            "stage":"{stage}","priority":"normal","depsMode":"all","onDepFailure":"block","concurrencyLimit":1,
            "retry":{{"maxAttempts":3,"backoffSec":30}},"attempt":0,"approvals":{{"required":0}},"leaseEpoch":1,
            "rev":1,"createdAt":"{at}","updatedAt":"{at}"{more}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn a_beginning_must_mean_one_job() {
        let newest = ["0189aaaa", "0189aabb", "0189bbbb"].map(|id| job(id, "queued", ""));
        assert_eq!(only("0189b", &newest).unwrap(), "0189bbbb");
        assert_eq!(only("0189aa", &newest).unwrap_err().exit(), Exit::Usage);
        assert_eq!(only("01891", &newest).unwrap_err().exit(), Exit::NotFound);
    }
}
