//! The members that may have defaults, from one form into another, and which of them a request gives by hand.

use domain::profile;
use domain::profile::{Given, Member};

use super::Defaults;
use crate::patch::Edit;
use crate::submit::{SubmitApprovals, SubmitBudget, SubmitRequest, SubmitRetry};

impl From<Defaults> for profile::Defaults {
    fn from(said: Defaults) -> Self {
        let (budget, retry) = (said.budget.unwrap_or_default(), said.retry.unwrap_or_default());
        Self {
            priority: said.priority.map(Into::into),
            capabilities: said.capabilities,
            engine_class: said.engine_class,
            engines: said.engines,
            repo: said.repo,
            base: said.base,
            cwd: said.cwd,
            verify: said.verify,
            allowed_scope: said.allowed_scope,
            yolo: said.yolo,
            auto_ship: said.auto_ship,
            budget_usd: budget.usd.map(Into::into),
            budget_wall_sec: budget.wall_sec,
            timeout_sec: said.timeout_sec,
            max_attempts: retry.max_attempts,
            backoff_sec: retry.backoff_sec,
            labels: said.labels,
            approvals: said.approvals.map(Into::into),
        }
    }
}

impl From<&profile::Defaults> for Defaults {
    fn from(said: &profile::Defaults) -> Self {
        let said = said.clone();
        let budget = SubmitBudget { usd: said.budget_usd.map(Into::into), wall_sec: said.budget_wall_sec };
        let retry = SubmitRetry { max_attempts: said.max_attempts, backoff_sec: said.backoff_sec };
        Self {
            priority: said.priority.map(Into::into),
            capabilities: said.capabilities,
            engine_class: said.engine_class,
            engines: said.engines,
            repo: said.repo,
            base: said.base,
            cwd: said.cwd,
            verify: said.verify,
            allowed_scope: said.allowed_scope,
            yolo: said.yolo,
            auto_ship: said.auto_ship,
            budget: Some(budget).filter(|budget| *budget != SubmitBudget::default()),
            timeout_sec: said.timeout_sec,
            retry: Some(retry).filter(|retry| *retry != SubmitRetry::default()),
            labels: said.labels,
            approvals: said.approvals.map(|approvals| SubmitApprovals {
                required: Some(approvals.required),
                reviewers: Some(approvals.reviewers).filter(|reviewers| !reviewers.is_empty()),
            }),
        }
    }
}

impl From<Defaults> for SubmitRequest {
    fn from(said: Defaults) -> Self {
        Self {
            priority: said.priority,
            capabilities: said.capabilities,
            engine_class: said.engine_class,
            engines: said.engines,
            repo: said.repo,
            base: said.base,
            cwd: said.cwd,
            verify: said.verify,
            allowed_scope: said.allowed_scope,
            yolo: said.yolo,
            auto_ship: said.auto_ship,
            budget: said.budget,
            timeout_sec: said.timeout_sec,
            retry: said.retry,
            labels: said.labels,
            approvals: said.approvals,
            ..Self::default()
        }
    }
}

impl SubmitRequest {
    /// The members that may have defaults and are given by hand.
    pub(crate) fn given(&self) -> Given {
        let (budget, retry) = (self.budget.unwrap_or_default(), self.retry.unwrap_or_default());
        let given = |member| match member {
            Member::Priority => self.priority.is_some(),
            Member::Capabilities => self.capabilities.is_some(),
            Member::EngineClass => self.engine_class.is_some(),
            Member::Engines => self.engines.is_some() || self.engine.is_some(),
            Member::Repo => self.repo.is_some(),
            Member::Base => self.base.is_some(),
            Member::Cwd => self.cwd.is_some(),
            Member::Verify => self.verify.is_some(),
            Member::AllowedScope => self.allowed_scope.is_some(),
            Member::Yolo => self.yolo.is_some(),
            Member::AutoShip => self.auto_ship.is_some(),
            Member::BudgetUsd => budget.usd.is_some(),
            Member::BudgetWallSec => budget.wall_sec.is_some(),
            Member::TimeoutSec => self.timeout_sec.is_some(),
            Member::MaxAttempts => retry.max_attempts.is_some(),
            Member::BackoffSec => retry.backoff_sec.is_some(),
            Member::Labels => self.labels.is_some(),
            Member::Approvals => self.approvals.is_some(),
        };
        Member::ALL.iter().copied().filter(|member| given(*member)).collect()
    }
}

impl Edit {
    /// The members that may have defaults and that the operator gives by hand, or takes away.
    pub(crate) fn given(&self) -> Given {
        let retry = self.retry.unwrap_or_default();
        let given = [
            (Member::Priority, self.priority.is_some()),
            (Member::Capabilities, self.capabilities.is_some()),
            (Member::Engines, self.engines.is_some()),
            (Member::Repo, self.repo.is_some()),
            (Member::TimeoutSec, self.timeout_sec.is_some()),
            (Member::MaxAttempts, retry.max_attempts.is_some()),
            (Member::BackoffSec, retry.backoff_sec.is_some()),
            (Member::Labels, self.labels.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(member, _)| member).collect()
    }
}
