//! What a fact makes of a budget. Cannot fail; the only place that changes one.

use super::event::Fact;
use super::state::{Budget, Lost, RunKey};
use crate::Usd;

/// The budget after a fact became true.
pub fn apply(mut budget: Budget, fact: &Fact) -> Budget {
    match fact {
        Fact::Set { ceiling_usd, window, window_start, spent_usd } => {
            let same = (budget.ceiling, budget.window_start) == (*ceiling_usd, *window_start);
            Budget {
                ceiling: *ceiling_usd,
                window: *window,
                window_start: *window_start,
                spent: *spent_usd,
                warned: budget.warned.filter(|_| same),
                ..budget
            }
        }
        Fact::Reserved { until: None, .. } => budget,
        Fact::Reserved { run, engine, reserved_usd, until: Some(until) } => {
            let lost = Lost { run: *run, engine: engine.clone(), reserved: *reserved_usd, until: *until };
            forget(&mut budget, *run);
            let place = budget.lost.partition_point(|other| other.until <= lost.until);
            budget.lost.insert(place, lost);
            budget
        }
        Fact::Settled { run, charged_usd, ended, engine: _, total_usd: _, estimated: _ } => {
            budget.spent = budget.spent.plus(*charged_usd);
            if *ended {
                forget(&mut budget, *run);
            }
            budget
        }
        Fact::Warned { percent, spent_usd: _ } => Budget { warned: budget.warned.max(Some(*percent)), ..budget },
        Fact::Paused { by } => Budget { paused_by: Some(*by), ..budget },
        Fact::Resumed {} => Budget { paused_by: None, ..budget },
        Fact::Turned { window_start, closed_usd: _ } => {
            Budget { window_start: *window_start, spent: Usd(0), warned: None, ..budget }
        }
    }
}

fn forget(budget: &mut Budget, run: RunKey) {
    budget.lost.retain(|lost| lost.run != run);
}
