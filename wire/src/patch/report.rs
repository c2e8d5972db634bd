//! What a lease's holder says of its run.

use domain::job::command;
use domain::job::state;
use domain::{Epoch, FactoryId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::{Checks, MAX_KEY, MAX_NOTE};
use crate::job::Checkpoint;
use crate::problem::Problem;
use crate::run::Insights;
use crate::word::{RunResult, Stage, VerifyResult};

/// Members that only a report has.
pub(super) const ONLY: &[&str] = &[
    "factoryId",
    "reportId",
    "checkpoint",
    "insights",
    "result",
    "exit",
    "verifyResult",
    "retryable",
    "reason",
    "question",
];

/// A report of the lease's holder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The epoch of the lease.
    pub lease_epoch: u64,
    /// Who reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory_id: Option<String>,
    /// Names the report, so that it can be repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_id: Option<String>,
    /// The stage it has reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// New work in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    /// The run's totals so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insights: Option<Insights>,
    /// How the run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<RunResult>,
    /// How the engine's process ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// What `verify` said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_result: Option<VerifyResult>,
    /// Whether a failure is worth another attempt; it is where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// Why, in the factory's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it needs to know before it can go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// How many members of it were not known. Counted by the parser, never sent.
    #[serde(skip)]
    pub ignored: u32,
}

impl Report {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        self.factory_id.iter().for_each(|id| checks.factory_id(id));
        self.report_id.iter().for_each(|id| checks.given("/reportId", id, MAX_KEY));
        self.reason.iter().for_each(|text| checks.text("/reason", text, MAX_NOTE));
        self.question.iter().for_each(|text| checks.given("/question", text, MAX_NOTE));
        self.checkpoint.iter().for_each(|checkpoint| checkpoint.check(&mut checks));
        self.insights.iter().for_each(|insights| insights.check(&mut checks));
        checks.done()
    }

    /// Makes the order to the job. `prior` says what is known of an earlier report like it.
    /// Refuses a factory's name that has not the right form.
    pub fn into_command(self, prior: command::Prior) -> Result<command::Report, Problem> {
        let factory = self.factory_id.map(|id| id.parse::<FactoryId>()).transpose();
        let factory = factory.map_err(|bad| Problem::invalid("/factoryId", bad.to_string()))?;
        Ok(command::Report {
            fence: command::Fence { epoch: Epoch(self.lease_epoch), factory },
            prior,
            stage: self.stage.map(Into::into),
            checkpoint: self.checkpoint.map(state::Checkpoint::from),
            insights: self.insights.map(Into::into).unwrap_or_default(),
            result: self.result.map(Into::into),
            exit: self.exit,
            verify_result: self.verify_result.map(Into::into),
            retryable: self.retryable.unwrap_or(true),
            reason: self.reason,
            question: self.question,
        })
    }
}
