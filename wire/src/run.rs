//! The run as it is shown, and the totals that its factory reports.

use domain::JobId;
use domain::job::{insights, state};
use domain::profile;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::Checks;
use crate::word::{RunResult, VerifyResult};
use crate::{Money, ProfileSnapshot, Time};

/// One attempt of a job by one factory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Its id.
    pub id: String,
    /// The job.
    pub job_id: String,
    /// Its ordinal among the job's runs, from 1.
    pub attempt: u32,
    /// Who runs it.
    pub factory_id: String,
    /// The engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// The engine's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_version: Option<String>,
    /// The engine's session, for resuming by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The tier of isolation that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// The profile that it goes by, as it was at the grant and always will be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_snapshot: Option<ProfileSnapshot>,
    /// The epoch it runs under.
    pub lease_epoch: u64,
    /// When it began.
    pub started_at: Time,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// How the engine's process ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// What `verify` said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_result: Option<VerifyResult>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<RunResult>,
    /// The model that did the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Tokens read, without cached ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_in: Option<u64>,
    /// Tokens written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_out: Option<u64>,
    /// Tokens read from a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_cached: Option<u64>,
    /// Cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Money>,
    /// The cost is an estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated: Option<bool>,
    /// What the cost was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_basis: Option<String>,
    /// Turns of the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    /// Calls of tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<u64>,
    /// Files changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_changed: Option<u64>,
    /// Lines added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines_added: Option<u64>,
    /// Lines deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines_deleted: Option<u64>,
}

impl Run {
    /// Takes a run of a job, and the profile that it names.
    pub fn new(job: JobId, run: &state::Run, profile: Option<&profile::Profile>) -> Self {
        let insights = run.insights.clone();
        Self {
            id: run.id.to_string(),
            job_id: job.to_string(),
            attempt: run.attempt,
            factory_id: run.factory.to_string(),
            engine: run.engine.clone(),
            engine_version: insights.engine_version,
            session_id: insights.session_id,
            sandbox: insights.sandbox,
            profile_snapshot: profile.map(Into::into),
            lease_epoch: run.epoch.0,
            started_at: run.started_at.into(),
            ended_at: run.ended_at.map(Into::into),
            exit: run.exit,
            verify_result: run.verify_result.map(Into::into),
            result: run.result.map(Into::into),
            model: insights.model,
            tokens_in: insights.tokens_in,
            tokens_out: insights.tokens_out,
            tokens_cached: insights.tokens_cached,
            cost_usd: insights.cost_usd.map(Into::into),
            estimated: insights.estimated,
            cost_basis: insights.cost_basis,
            turns: insights.turns,
            tool_calls: insights.tool_calls,
            files_changed: insights.files_changed,
            lines_added: insights.lines_added,
            lines_deleted: insights.lines_deleted,
        }
    }
}

/// A run's totals since its beginning. Absent is not zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Insights {
    /// The engine that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// The engine's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_version: Option<String>,
    /// The engine's session, for resuming by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The tier of isolation that the run has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// The model that does the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Tokens read, without cached ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_in: Option<u64>,
    /// Tokens written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_out: Option<u64>,
    /// Tokens read from a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_cached: Option<u64>,
    /// Cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Money>,
    /// The cost is an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated: Option<bool>,
    /// What the cost was computed from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_basis: Option<String>,
    /// Turns of the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    /// Calls of tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<u64>,
    /// Files changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files_changed: Option<u64>,
    /// Lines added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines_added: Option<u64>,
    /// Lines deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines_deleted: Option<u64>,
}

impl Insights {
    /// Refuses words that are too long.
    pub(crate) fn check(&self, checks: &mut Checks) {
        let words = [
            ("engine", &self.engine),
            ("engineVersion", &self.engine_version),
            ("sessionId", &self.session_id),
            ("sandbox", &self.sandbox),
            ("model", &self.model),
            ("costBasis", &self.cost_basis),
        ];
        for (member, word) in words {
            word.iter().for_each(|word| checks.said(&format!("/insights/{member}"), word));
        }
    }
}

impl From<Insights> for insights::Insights {
    /// Leaves the engine out: the grant has named it.
    fn from(said: Insights) -> Self {
        Self {
            model: said.model,
            engine_version: said.engine_version,
            session_id: said.session_id,
            sandbox: said.sandbox,
            tokens_in: said.tokens_in,
            tokens_out: said.tokens_out,
            tokens_cached: said.tokens_cached,
            cost_usd: said.cost_usd.map(Into::into),
            estimated: said.estimated,
            cost_basis: said.cost_basis,
            turns: said.turns,
            tool_calls: said.tool_calls,
            files_changed: said.files_changed,
            lines_added: said.lines_added,
            lines_deleted: said.lines_deleted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use serde_json::json;

    #[test]
    fn a_run_shows_what_is_known_and_nothing_else() {
        let job = fixture::leased();
        let shown = serde_json::to_value(Run::new(job.id, job.run.as_ref().unwrap(), None)).unwrap();
        assert_eq!(
            shown,
            json!({
                "id": "01890000-0000-7000-8000-000000000002", "jobId": "01890000-0000-7000-8000-000000000001",
                "attempt": 1, "factoryId": "f1", "engine": "shell", "leaseEpoch": 1,
                "startedAt": "1970-01-01T00:00:00.000Z", "costUsd": "0.05", "tokensIn": 0,
            })
        );
    }
}
