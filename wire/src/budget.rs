//! A product's budget as it is shown, what an operator chooses for it, and where the money went.

use domain::budget;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::word::{BudgetStatus, PausedBy, Window};
use crate::{Money, Time};

/// A product's cost ceiling over a window, and what was spent in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// The product.
    pub product_id: String,
    /// How much may be spent in a window; `null`: there is no limit.
    pub ceiling_usd: Option<Money>,
    /// For how long that holds.
    pub window: Window,
    /// When this window began; 1970 where it never ends.
    pub window_start: Time,
    /// When it ends and the next one begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_end: Option<Time>,
    /// What was charged in it.
    pub spent_usd: Money,
    /// What is kept for jobs on offer, running ones and lost ones.
    pub reserved_usd: Money,
    /// Whether jobs are handed out.
    pub status: BudgetStatus,
    /// Who or what stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_by: Option<PausedBy>,
    /// +1 for each saved change.
    pub rev: u64,
}

impl Budget {
    /// A budget with what is promised beside what it counts.
    pub fn of(budget: &budget::Budget, reserved: domain::Usd) -> Self {
        Self {
            product_id: budget.product.to_string(),
            ceiling_usd: budget.ceiling.map(Into::into),
            window: budget.window.into(),
            window_start: budget.window_start.into(),
            window_end: budget.window.end(budget.window_start).map(Into::into),
            spent_usd: budget.spent.into(),
            reserved_usd: reserved.into(),
            status: budget.status().into(),
            paused_by: budget.paused_by.map(Into::into),
            rev: budget.rev,
        }
    }
}

/// What an operator chooses for a budget. It is replaced as a whole: without a ceiling there is no limit, without a
/// window it holds for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetBudget {
    /// How much may be spent in a window.
    #[serde(default)]
    pub ceiling_usd: Option<Money>,
    /// For how long that holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

/// Where the money went in some days, in UTC. What nothing was charged to has no entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Burndown {
    /// The first day, as `YYYY-MM-DD`.
    pub from: String,
    /// The last day.
    pub to: String,
    /// In all.
    pub total_usd: Money,
    /// Of that, charges for which nobody has said what they cost.
    pub estimated_usd: Money,
    /// By day, in their order.
    pub days: Vec<DaySpend>,
    /// By job, the dearest first.
    pub jobs: Vec<JobSpend>,
    /// By engine, the dearest first; without a name: runs for which none was chosen.
    pub engines: Vec<EngineSpend>,
}

/// What was charged on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DaySpend {
    /// The day, as `YYYY-MM-DD`.
    pub day: String,
    /// How much.
    pub spent_usd: Money,
}

/// What was charged for one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobSpend {
    /// The job.
    pub job_id: String,
    /// How much.
    pub spent_usd: Money,
}

/// What was charged for the runs of one engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EngineSpend {
    /// The engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// How much.
    pub spent_usd: Money,
}

impl Burndown {
    /// The sums of some days.
    pub fn of(sums: &budget::Burndown, from: budget::Day, to: budget::Day) -> Self {
        let mut jobs: Vec<_> = sums.jobs.iter().collect();
        jobs.sort_by_key(|(job, usd)| (std::cmp::Reverse(**usd), **job));
        let mut engines: Vec<_> = sums.engines.iter().collect();
        engines.sort_by_key(|(engine, usd)| (std::cmp::Reverse(**usd), (*engine).clone()));
        Self {
            from: from.to_string(),
            to: to.to_string(),
            total_usd: sums.total.into(),
            estimated_usd: sums.estimated.into(),
            days: sums
                .days
                .iter()
                .map(|(day, usd)| DaySpend { day: day.to_string(), spent_usd: (*usd).into() })
                .collect(),
            jobs: jobs
                .iter()
                .map(|(job, usd)| JobSpend { job_id: job.to_string(), spent_usd: (**usd).into() })
                .collect(),
            engines: engines
                .iter()
                .map(|(engine, usd)| EngineSpend { engine: (*engine).clone(), spent_usd: (**usd).into() })
                .collect(),
        }
    }
}
