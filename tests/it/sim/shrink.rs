//! Makes a failing schedule smaller: without clients, without faults, with fewer requests and better roads, as long as
//! the same rule is violated.

use super::run::run;
use super::schedule::{Road, Schedule};

/// A smaller schedule that violates the same rule, after so many tries at most.
pub(crate) fn shrink(schedule: &Schedule, rule: &str, tries: u32) -> Schedule {
    let mut smallest = schedule.clone();
    let mut left = tries;
    'again: while left > 0 {
        for smaller in smaller(&smallest) {
            if left == 0 {
                break 'again;
            }
            left -= 1;
            if run(&smaller).violates(rule) {
                smallest = smaller;
                continue 'again;
            }
        }
        break;
    }
    smallest
}

/// Schedules that are a step smaller, the largest steps first.
fn smaller(of: &Schedule) -> Vec<Schedule> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Schedule)| {
        let mut smaller = of.clone();
        change(&mut smaller);
        if smaller != *of {
            all.push(smaller);
        }
    };
    for parts in [2, 4, 8] {
        let size = of.faults.len().div_ceil(parts).max(1);
        for part in 0..of.faults.len().div_ceil(size) {
            with(&|s| drop(s.faults.drain(part * size..((part + 1) * size).min(s.faults.len()))));
        }
    }
    for at in 0..of.clients.len() {
        with(&|s| drop(s.clients.remove(at)));
    }
    with(&|s| (s.preemption, s.steered) = (false, false));
    with(&|s| s.preemption = false);
    with(&|s| s.steered = false);
    with(&|s| (s.commit_ms, s.read_ms) = (0, 0));
    with(&|s| s.clients.iter_mut().for_each(|client| client.road = Road::default()));
    with(&|s| s.clients.iter_mut().for_each(|client| client.ops = client.ops.div_ceil(2)));
    for at in 0..of.clients.len() {
        with(&|s| s.clients[at].road = Road::default());
        with(&|s| s.clients[at].ops = s.clients[at].ops.div_ceil(2));
    }
    for at in 0..of.faults.len() {
        with(&|s| {
            s.faults.remove(at);
        });
    }
    with(&|s| s.chaos_ms /= 2);
    all
}
