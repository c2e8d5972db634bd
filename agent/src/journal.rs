//! What happened on this host, one JSON object a line: the local record of runs that the coordinator may know nothing
//! of. Holds no bodies, environments or tokens.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::Timestamp;
use serde::Serialize;
use wire::Time;

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// A run began.
    Started,
    /// A run ended and the coordinator knows.
    Ended,
    /// The lease was gone: everything of the run was ended and nothing delivered.
    FencedAbort,
    /// The coordinator could not be reached in time: the work is kept, nothing is delivered.
    Unreported,
    /// Work of a run that died with its factory was found and kept.
    Recovered,
}

/// The journal's file.
#[derive(Clone, Debug)]
pub struct Journal {
    file: PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    at: Time,
    event: Entry,
    job_id: &'a str,
    lease_epoch: u64,
    detail: &'a str,
}

impl Journal {
    /// The journal of the factory whose state lies in `workdir`.
    pub fn new(workdir: &Path) -> Self {
        Self { file: workdir.join("journal.ndjson") }
    }

    /// Adds a line. A journal that cannot be written is a warning, never the end of a run.
    pub fn add(&self, event: Entry, job_id: &str, lease_epoch: u64, detail: &str) {
        let line = Line { at: now(), event, job_id, lease_epoch, detail };
        let written = serde_json::to_string(&line).map_err(Into::into).and_then(|text| {
            let mut file = OpenOptions::new().create(true).append(true).open(&self.file)?;
            // One write: lines of runs that end at the same time must not mix.
            file.write_all(format!("{text}\n").as_bytes())
        });
        if let Err(why) = written {
            tracing::warn!(%why, "the journal cannot be written");
        }
    }
}

fn now() -> Time {
    let ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Time(Timestamp(i64::try_from(ms).unwrap_or(i64::MAX)))
}
