//! The part of `job.state` that the dispatcher loads, a million at a time: no spec, and equal needs shared.

use std::collections::HashMap;
use std::sync::Arc;

use domain::dispatch::{self, Standing};
use domain::job::state::Priority;
use domain::job::{BlockedReason, Stage};
use domain::{JobId, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::state::{Awaits, Needs};
use super::{SCHEMA, Unreadable, json};

/// A queued or blocked job's state, as far as the dispatcher needs it.
#[derive(Debug, Deserialize)]
struct Part<'a> {
    #[serde(rename = "c")]
    created_at: Timestamp,
    #[serde(rename = "q", default)]
    queued_at: Option<Timestamp>,
    #[serde(rename = "p", default)]
    priority: Priority,
    #[serde(rename = "n", borrow, default)]
    needs: Option<&'a RawValue>,
    #[serde(rename = "a", borrow, default)]
    awaits: Option<Awaits<'a>>,
    #[serde(rename = "b", default)]
    blocked_reason: Option<BlockedReason>,
}

/// Reads waiting jobs; jobs with the same needs share one record of them.
#[derive(Debug, Default)]
pub(in crate::store) struct Waiting {
    needs: HashMap<Box<str>, (Arc<dispatch::Needs>, Option<dispatch::Key>)>,
}

impl Waiting {
    /// Where a job stands that nobody holds. Refuses what this version cannot read.
    pub(in crate::store) fn standing(
        &mut self,
        job: JobId,
        stage: Stage,
        not_before: Option<Timestamp>,
        (schema, state): (i32, &str),
    ) -> Result<Standing, Unreadable> {
        let part: Part<'_> = match schema {
            SCHEMA => json("state", state)?,
            other => return Err(Unreadable::Schema(other)),
        };
        let (needs, key) = self.shared(part.needs.map_or("{}", RawValue::get))?;
        Ok(Standing {
            job,
            stage,
            blocked_reason: part.blocked_reason,
            needs,
            key,
            merit: dispatch::Merit { priority: part.priority, ..Default::default() },
            queued_at: part.queued_at.unwrap_or(part.created_at),
            due_at: None,
            not_before,
            tenure: None,
            awaits: part.awaits.map(|awaits| dispatch::Awaits {
                jobs: awaits.jobs.into_owned(),
                mode: awaits.mode,
                on_failure: awaits.on_failure,
            }),
        })
    }

    fn shared(&mut self, text: &str) -> Result<(Arc<dispatch::Needs>, Option<dispatch::Key>), Unreadable> {
        if let Some(known) = self.needs.get(text) {
            return Ok(known.clone());
        }
        let needs: Needs<'_> = json("state", text)?;
        let limit = needs.limit.unwrap_or(1);
        let key = needs.key.map(|name| dispatch::Key { name: name.into(), limit });
        let needs = Arc::new(dispatch::Needs {
            capabilities: needs.capabilities.into_owned(),
            engine_class: needs.engine_class.map(Into::into),
            engines: needs.engines.into_owned(),
        });
        self.needs.insert(text.into(), (needs.clone(), key.clone()));
        Ok((needs, key))
    }
}
