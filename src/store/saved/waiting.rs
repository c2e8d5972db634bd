//! The part of `job.state` that the dispatcher loads, a million at a time: no spec, and equal needs shared.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::dispatch::{self, Standing};
use domain::job::spec::Retry;
use domain::job::state::{Priority, Spent};
use domain::job::{BlockedReason, Stage};
use domain::{FactoryId, JobId, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::state::{Awaits, Needs, Terms};
use super::{FIRST, SCHEMA, Unreadable, json};

/// A waiting job's `state`, from `job`, as it is read here: what schema 1 leaves to the spec is taken from there.
pub(in crate::store) const STATE: &str = "CASE schema WHEN 1 THEN json_set(state, '$.m', json((\
        SELECT json_object('d', spec ->> '$.dueAt', 'r', spec ->> '$.repo', 'u', spec ->> '$.budget.usd', \
                           'a', spec ->> '$.retry.maxAttempts') \
        FROM job_spec WHERE job_spec.id = job.id AND job_spec.edition = job.edition))) ELSE state END";

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
    #[serde(rename = "t", default)]
    attempt: u32,
    #[serde(rename = "w", default)]
    checkpoint: Option<IgnoredAny>,
    #[serde(rename = "s", default)]
    spent: Spent,
    #[serde(rename = "g", default)]
    saved_by: Option<FactoryId>,
    #[serde(rename = "h", default)]
    saved_at: Option<IgnoredAny>,
    #[serde(rename = "l", default)]
    lease: Option<Lease>,
    #[serde(rename = "f", default)]
    failed_on: BTreeMap<FactoryId, u32>,
    #[serde(rename = "m", borrow, default)]
    terms: Terms<'a>,
}

/// The last lease.
#[derive(Debug, Deserialize)]
struct Lease {
    #[serde(rename = "h")]
    holder: FactoryId,
}

impl Part<'_> {
    fn merit(&self) -> dispatch::Merit {
        let holder = self.saved_at.and(self.lease.as_ref()).map(|lease| lease.holder.clone());
        dispatch::Merit {
            priority: self.priority,
            repo: self.terms.repo.as_deref().map(str::to_owned),
            estimate: self.terms.budget.map(|budget| dispatch::estimate(budget, self.spent.usd)),
            attempt: self.attempt,
            max_attempts: self.terms.max_attempts.unwrap_or(Retry::default().max_attempts),
            saved_by: self.saved_by.clone().or(holder).filter(|_| self.checkpoint.is_some()),
            failed_on: dispatch::failed_twice(&self.failed_on),
        }
    }
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
            FIRST | SCHEMA => json("state", state)?,
            other => return Err(Unreadable::Schema(other)),
        };
        let (needs, key) = self.shared(part.needs.map_or("{}", RawValue::get))?;
        Ok(Standing {
            job,
            stage,
            blocked_reason: part.blocked_reason,
            needs,
            key,
            merit: part.merit(),
            queued_at: part.queued_at.unwrap_or(part.created_at),
            due_at: part.terms.due_at,
            not_before,
            tenure: None,
            // The children of those that wait are read on their own.
            parent: None,
            awaits: part.awaits.map(|awaits| dispatch::Awaits {
                jobs: awaits.jobs.into_owned(),
                mode: awaits.mode,
                on_failure: awaits.on_failure,
                composite: awaits.composite,
                overruled: awaits.overruled.into_owned(),
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

#[cfg(test)]
mod tests {
    use domain::Usd;
    use domain::job::{Command, Stage};
    use sea_orm::{ConnectionTrait, DatabaseConnection};
    use serde_json::{from_value, json};

    use super::*;
    use crate::store::connect::{Role, connect};
    use crate::store::read::select;
    use crate::store::tests::support::{Pair, T0, factory, lease_to, report, spec};

    /// What it is scored by, when it is due, and on what it failed.
    type Read = (dispatch::Merit, Option<Timestamp>, BTreeMap<FactoryId, u32>);

    async fn read(db: &DatabaseConnection) -> Read {
        let row = select(db, &format!("SELECT {STATE} FROM job"), []).await.unwrap().remove(0);
        let state: String = row.try_get_by_index(0).unwrap();
        let part = json::<Part<'_>>("state", &state).unwrap();
        (part.merit(), part.terms.due_at, part.failed_on)
    }

    #[tokio::test]
    async fn what_schema_1_leaves_to_the_spec_is_read_from_there() {
        let dir = tempfile::tempdir().unwrap();
        let mut pair = Pair::new(dir.path()).await;
        let repo = "git@host:\u{fc} \"b\".git";
        let members = json!({
            "priority": "high", "dueAt": T0.plus_secs(60), "repo": repo, "budget": {"usd": 2_500_000},
            "retry": {"maxAttempts": 7, "backoffSec": 30},
        });
        pair.submit(1, spec(members), true).await;
        pair.does(1, lease_to("mac-1", 1), None).await;
        let mut failed = report(1, Stage::Failed);
        failed.checkpoint = Some(from_value(json!({"wipBranch": "b"})).unwrap());
        failed.insights.cost_usd = Some(Usd(1_250_000));
        pair.does(1, Command::Report(Box::new(failed)), None).await;
        pair.sqlite.close().await;
        let db = connect(&dir.path().join("gigafactory.db"), Role::Writer).await.unwrap();
        let merit = dispatch::Merit {
            priority: Priority::High,
            repo: Some(repo.into()),
            estimate: Some(Usd(1_250_000)),
            attempt: 1,
            max_attempts: 7,
            saved_by: Some(factory("mac-1")),
            failed_on: Vec::new(),
        };
        let due_at = Some(T0.plus_secs(60));
        assert_eq!(read(&db).await, (merit.clone(), due_at, BTreeMap::from([(factory("mac-1"), 1)])));
        let first = "UPDATE job SET schema = 1, state = json_remove(state, '$.g', '$.h', '$.f', '$.e', '$.m')";
        db.execute_unprepared(first).await.unwrap();
        assert_eq!(read(&db).await, (dispatch::Merit { saved_by: None, ..merit }, due_at, BTreeMap::new()));
    }
}
