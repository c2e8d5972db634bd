//! I14: who may be evicted for whom, and when. Only what the log says; the board decides by what it has been told.

use super::Track;
use super::law::Broken;
use super::state::State;
use crate::case::Case;
use crate::evidence::Moment;
use crate::fact::{By, Fact, What};
use crate::names::Name;
use crate::words::{Priority, Stage};

/// How long a factory has to save the work.
const GRACE_MS: i64 = 15_000;
/// How long the run of a job that was preempted once is left alone; it doubles with each further time.
const PROTECTED_MS: i64 = 5 * 60_000;
const MOST_PROTECTED_MS: i64 = 24 * 3_600_000;
/// Clocks of several writers.
const SLACK_MS: i64 = 1_000;
/// How long an order may be on its way behind a slow store.
const UNDER_WAY_MS: i64 = 60_000;

/// What is wrong with an eviction of a job in this state.
pub(super) fn law(case: &Case<'_>, track: &Track, state: &State, (job, fact): (Name, &Fact)) -> Vec<Broken> {
    let What::Preempted(_, by) = &fact.what else { return Vec::new() };
    let mut broken = Vec::new();
    let mut wrong = |what: String| broken.push(("I14", what));
    if fact.by != By::Coordinator {
        wrong("evicted by somebody who is not the coordinator".to_owned());
    }
    if never(case) {
        wrong("evicted though nobody has switched that on".to_owned());
    }
    let granted =
        state.held().and_then(|held| track.lease(job, held.epoch)).map(|lease| track.changes[lease.granted].at);
    let least = GRACE_MS.saturating_add(protection(state.preempted));
    if let Some(ran) = granted.map(|at| fact.at - at).filter(|ran| ran.saturating_add(SLACK_MS) < least) {
        wrong(format!(
            "evicted after {ran} ms where {least} were due to a job that was preempted {} times",
            state.preempted
        ));
    }
    let Some(urgent) = by.and_then(|by| track.last(by)).filter(|urgent| urgent.job != job) else {
        wrong("evicted for no job".to_owned());
        return broken;
    };
    if urgent.state.priority.is_some_and(|priority| priority != Priority::Critical) {
        wrong("evicted for a job that is not critical".to_owned());
    }
    if let (Some(low), Some(high)) = (state.priority, urgent.state.priority)
        && low >= high
    {
        wrong(format!("evicted, {low:?}, for a job that is {high:?}"));
    }
    if urgent.state.stage != Stage::Queued {
        let since = fact.at - urgent.at;
        let upset = case.upsets().any(|mark| (urgent.at..=fact.at).contains(&mark.at));
        if since > UNDER_WAY_MS && !upset {
            wrong(format!("evicted for a job that had not been waiting for {since} ms"));
        }
        return broken;
    }
    let pause = urgent.state.not_before.flatten().unwrap_or(i64::MIN);
    let waited = fact.at - urgent.state.queued_at.unwrap_or(urgent.at).max(pause);
    if waited.saturating_add(SLACK_MS) < GRACE_MS {
        wrong(format!("evicted for a job that waited for {waited} ms, which is less than the grace"));
    }
    broken
}

fn protection(preempted: u32) -> i64 {
    match preempted {
        0 => 0,
        times => (PROTECTED_MS << (times - 1).min(16)).min(MOST_PROTECTED_MS),
    }
}

/// Every start says that nobody is to be evicted.
fn never(case: &Case<'_>) -> bool {
    let mut starts = case.marks.iter().filter(|mark| mark.mark == Moment::Started).peekable();
    starts.peek().is_some() && starts.all(|mark| mark.preemption == Some(false))
}
