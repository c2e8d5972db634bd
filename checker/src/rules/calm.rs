//! When nothing went wrong that anybody could see. What is promised in good times is held against those only.

use crate::case::Case;
use crate::deed::Fate;
use crate::evidence::Moment;

/// Who gets no answer may have met a fault whose effects last a while.
const SHOCK_MS: i64 = 60_000;

/// The times in which something went wrong.
pub(super) struct Calm<'a> {
    case: &'a Case<'a>,
    shocks: Vec<(i64, i64)>,
    /// The last instant that the evidence tells of.
    pub(super) horizon: i64,
}

impl<'a> Calm<'a> {
    pub(super) fn of(case: &'a Case<'a>) -> Self {
        let unsure = case.deeds.iter().filter(|deed| matches!(deed.fate, Fate::Unknown | Fate::NotDone));
        let mut shocks: Vec<(i64, i64)> = unsure
            .map(|deed| (deed.at, if deed.is_answered() { deed.until } else { deed.at.saturating_add(SHOCK_MS) }))
            .collect();
        let halts = case.marks.iter().filter(|mark| mark.mark == Moment::Halted);
        let resumed = |from: u64| case.marks.iter().find(|mark| mark.stamp > from && mark.mark == Moment::Resumed);
        shocks.extend(halts.map(|halt| (halt.at, resumed(halt.stamp).map_or(i64::MAX, |mark| mark.at))));
        shocks.sort_unstable();
        // An interval that reaches over later ones must not hide behind them.
        let mut longest = i64::MIN;
        for (_, end) in &mut shocks {
            longest = longest.max(*end);
            *end = longest;
        }
        let newest = case.facts.iter().map(|fact| fact.at).max().unwrap_or(i64::MIN);
        let answered = case.deeds.iter().filter(|deed| deed.is_answered()).map(|deed| deed.until);
        let marked = case.marks.iter().map(|mark| mark.at);
        let horizon = newest.max(answered.chain(marked).max().unwrap_or(i64::MIN));
        Self { case, shocks, horizon }
    }

    /// Nothing went wrong from the one instant to the other.
    pub(super) fn is_calm(&self, from: i64, until: i64) -> bool {
        let next = self.shocks.partition_point(|(_, end)| *end < from);
        self.shocks.get(next).is_none_or(|(begin, _)| *begin > until) && !self.case.upset(from, until)
    }
}
