//! A lost run has kept silent for too long.

use crate::Timestamp;
use crate::budget::command::Lapse;
use crate::budget::event::Fact;
use crate::budget::state::Budget;

/// Charges what is left of the run's reservation. Nothing happens before its time, or if its usage came.
pub(super) fn decide(budget: &Budget, lapse: &Lapse, now: Timestamp) -> Vec<Fact> {
    let Some(lost) = budget.kept(lapse.run).filter(|lost| lost.until <= now) else { return Vec::new() };
    let before = lapse.prior.as_ref().map(|prior| prior.amount).unwrap_or_default();
    vec![Fact::Settled {
        run: lost.run,
        engine: lost.engine.clone(),
        charged_usd: lost.reserved,
        total_usd: before.plus(lost.reserved),
        estimated: true,
        ended: true,
    }]
}
