//! The part of `job.state` that the dispatcher loads, a million at a time: no spec, and equal needs shared.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::dispatch::{self, Standing};
use domain::job::spec::Retry;
use domain::job::state::{Priority, Spent};
use domain::job::{BlockedReason, Stage};
use domain::{FactoryId, JobId, Timestamp, Usd};
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

/// What a waiting job is scored by, besides its age and its needs.
#[derive(Debug, PartialEq, Eq)]
struct Merit {
    priority: Priority,
    due_at: Option<Timestamp>,
    repo: Option<String>,
    budget: Option<Usd>,
    spent: Usd,
    attempt: u32,
    max_attempts: u32,
    /// Who made its checkpoint, where it has one.
    saved_by: Option<FactoryId>,
    failed_on: BTreeMap<FactoryId, u32>,
}

impl Part<'_> {
    #[cfg_attr(not(test), expect(dead_code, reason = "not in use yet"))]
    fn merit(&self) -> Merit {
        let holder = self.saved_at.and(self.lease.as_ref()).map(|lease| lease.holder.clone());
        Merit {
            priority: self.priority,
            due_at: self.terms.due_at,
            repo: self.terms.repo.as_deref().map(str::to_owned),
            budget: self.terms.budget,
            spent: self.spent.usd,
            attempt: self.attempt,
            max_attempts: self.terms.max_attempts.unwrap_or(Retry::default().max_attempts),
            saved_by: self.saved_by.clone().or(holder).filter(|_| self.checkpoint.is_some()),
            failed_on: self.failed_on.clone(),
        }
    }
}

/// Reads waiting jobs; jobs with the same needs share one record of them.
#[derive(Debug, Default)]
pub(in crate::store) struct Waiting {
    needs: HashMap<Box<str>, Arc<dispatch::Needs>>,
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
        Ok(Standing {
            job,
            stage,
            blocked_reason: part.blocked_reason,
            priority: part.priority,
            needs: self.shared(part.needs.map_or("{}", RawValue::get))?,
            queued_at: part.queued_at.unwrap_or(part.created_at),
            not_before,
            holder: None,
            awaits: part.awaits.map(|awaits| dispatch::Awaits {
                jobs: awaits.jobs.into_owned(),
                mode: awaits.mode,
                on_failure: awaits.on_failure,
            }),
        })
    }

    fn shared(&mut self, text: &str) -> Result<Arc<dispatch::Needs>, Unreadable> {
        if let Some(known) = self.needs.get(text) {
            return Ok(known.clone());
        }
        let needs: Needs<'_> = json("state", text)?;
        let needs = Arc::new(dispatch::Needs {
            capabilities: needs.capabilities.into_owned(),
            engine_class: needs.engine_class.map(Into::into),
            engines: needs.engines.into_owned(),
            key: needs.key.map(Into::into),
            limit: needs.limit.unwrap_or(1),
        });
        self.needs.insert(text.into(), needs.clone());
        Ok(needs)
    }
}

#[cfg(test)]
mod tests {
    use domain::job::{Command, Stage};
    use sea_orm::{ConnectionTrait, DatabaseConnection};
    use serde_json::{from_value, json};

    use super::*;
    use crate::store::connect::{Role, connect};
    use crate::store::read::select;
    use crate::store::tests::support::{Pair, T0, factory, lease_to, report, spec};

    async fn merit(db: &DatabaseConnection) -> Merit {
        let row = select(db, &format!("SELECT {STATE} FROM job"), []).await.unwrap().remove(0);
        let state: String = row.try_get_by_index(0).unwrap();
        json::<Part<'_>>("state", &state).unwrap().merit()
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
        let mut expected = Merit {
            priority: Priority::High,
            due_at: Some(T0.plus_secs(60)),
            repo: Some(repo.into()),
            budget: Some(Usd(2_500_000)),
            spent: Usd(1_250_000),
            attempt: 1,
            max_attempts: 7,
            saved_by: Some(factory("mac-1")),
            failed_on: BTreeMap::from([(factory("mac-1"), 1)]),
        };
        assert_eq!(merit(&db).await, expected);
        let first = "UPDATE job SET schema = 1, state = json_remove(state, '$.g', '$.h', '$.f', '$.e', '$.m')";
        db.execute_unprepared(first).await.unwrap();
        (expected.saved_by, expected.failed_on) = (None, BTreeMap::new());
        assert_eq!(merit(&db).await, expected);
    }
}
