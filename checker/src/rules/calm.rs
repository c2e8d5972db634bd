//! When nothing went wrong that anybody could see. What is promised in good times is held against those only.

use crate::case::Case;
use crate::deed::Fate;
use crate::evidence::Moment;

/// Who gets no answer may have met a fault whose effects last a while.
const SHOCK_MS: i64 = 60_000;

/// The times in which something went wrong.
pub(super) struct Calm {
    shocks: Vec<(i64, i64)>,
    /// Times that came twice, because the clock was set back: in the order of their ends, each with the earliest
    /// beginning from it on.
    twice: Vec<(i64, i64)>,
    /// The last instant that the evidence tells of.
    pub(super) horizon: i64,
}

impl Calm {
    pub(super) fn of(case: &Case<'_>) -> Self {
        let unsure = case.deeds.iter().filter(|deed| matches!(deed.fate, Fate::Unknown | Fate::NotDone));
        let mut shocks: Vec<(i64, i64)> = unsure
            .map(|deed| (deed.at, if deed.is_answered() { deed.until } else { deed.at.saturating_add(SHOCK_MS) }))
            .collect();
        let halts = case.marks.iter().filter(|mark| mark.mark == Moment::Halted);
        let resumed = |from: u64| case.marks.iter().find(|mark| mark.stamp > from && mark.mark == Moment::Resumed);
        shocks.extend(halts.map(|halt| (halt.at, resumed(halt.stamp).map_or(i64::MAX, |mark| mark.at))));
        shocks.extend(case.upsets().map(|mark| (mark.at, mark.at)));
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
        Self { shocks, twice: twice(case), horizon }
    }

    /// Neither instant, nor any between, came twice: what happened then can be put in order.
    pub(super) fn is_once(&self, from: i64, until: i64) -> bool {
        let next = self.twice.partition_point(|(_, end)| *end < from.min(until));
        self.twice.get(next).is_none_or(|(begin, _)| *begin > until.max(from))
    }

    /// Nothing went wrong from the one instant to the other.
    pub(super) fn is_calm(&self, from: i64, until: i64) -> bool {
        let next = self.shocks.partition_point(|(_, end)| *end < from);
        self.shocks.get(next).is_none_or(|(begin, _)| *begin > until)
    }
}

/// From where the clock begins again to the latest that was seen before: at a start, or when it is set.
fn twice(case: &Case<'_>) -> Vec<(i64, i64)> {
    let begun = case.deeds.iter().map(|deed| (deed.invoked, deed.at));
    let ended = case.deeds.iter().filter(|deed| deed.is_answered()).map(|deed| (deed.returned, deed.until));
    let marked = case.marks.iter().map(|mark| (mark.stamp, mark.at));
    let mut seen: Vec<(u64, i64)> = begun.chain(ended).chain(marked).collect();
    seen.sort_unstable();
    let (mut twice, mut latest) = (Vec::<(i64, i64)>::new(), i64::MIN);
    for (_, at) in seen {
        match twice.last_mut().filter(|(_, end)| *end == latest) {
            _ if at >= latest => latest = at,
            Some((begin, _)) => *begin = at.min(*begin),
            None => twice.push((at, latest)),
        }
    }
    let mut earliest = i64::MAX;
    for (begin, _) in twice.iter_mut().rev() {
        earliest = earliest.min(*begin);
        *begin = earliest;
    }
    twice
}
