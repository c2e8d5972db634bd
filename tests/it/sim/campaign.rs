//! As many seeds as fit into a time; a seed that fails is told at once, with a smaller schedule that fails as well.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use checker::Line;

use super::shrink::shrink;
use super::{Outcome, Schedule, run};

/// Tries of making a failing schedule smaller.
const TRIES: u32 = 150;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Sums over many runs.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) seeds: u64,
    pub(super) operations: u64,
    pub(super) faults: u64,
    pub(super) crashes: u64,
    pub(super) events: u64,
    pub(super) violations: u64,
    pub(super) seen: BTreeMap<String, u64>,
}

impl Sums {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        self.seeds += 1;
        self.operations += outcome.counts.operations;
        self.faults += outcome.counts.faults;
        self.crashes += outcome.counts.crashes;
        self.events += outcome.counts.events;
        self.violations += outcome.violations.len() as u64;
        for (name, count) in &outcome.seen {
            *self.seen.entry(name.clone()).or_default() += count;
        }
    }
}

/// Runs for `GIGAFACTORY_CAMPAIGN_SECONDS` from the seed `GIGAFACTORY_CAMPAIGN_SEED` on; or tells the one run of the
/// seed, or of the file with a schedule, `GIGAFACTORY_SEED` in full.
#[test]
#[ignore = "a campaign, not a test"]
fn campaign_simulation() {
    if let Ok(one) = std::env::var("GIGAFACTORY_SEED") {
        let schedule = one.parse().map(Schedule::of).unwrap_or_else(|_| {
            let kept = std::fs::read_to_string(&one).unwrap();
            serde_json::from_str(&kept).unwrap()
        });
        let outcome = run(&schedule);
        say(&told(&outcome));
        assert!(outcome.violations.is_empty(), "seed {one} has violations");
        return;
    }
    let time = Duration::from_secs(number("GIGAFACTORY_CAMPAIGN_SECONDS").unwrap_or(60));
    let first = number("GIGAFACTORY_CAMPAIGN_SEED").unwrap_or(1_000_000);
    let (began, mut sums, mut slowest) = (Instant::now(), Sums::default(), (Duration::ZERO, 0));
    for seed in first.. {
        if began.elapsed() >= time {
            break;
        }
        let (schedule, since) = (Schedule::of(seed), Instant::now());
        let outcome = run(&schedule);
        slowest = slowest.max((since.elapsed(), seed));
        sums.add(&outcome);
        if !outcome.violations.is_empty() {
            say(&failure(&schedule, &outcome));
        }
    }
    let Sums { seeds, operations, faults, crashes, events, violations, seen } = &sums;
    for (name, count) in seen {
        say(&format!("sometimes: {count} {name}"));
    }
    say(&format!(
        "campaign: simulation seeds={seeds} first={first} operations={operations} faults={faults} crashes={crashes} \
         events={events} violations={violations} slowest={}:{}ms",
        slowest.1,
        slowest.0.as_millis()
    ));
    assert_eq!(*violations, 0, "there were violations");
}

/// What is told of a seed that fails: its violations, and a smaller schedule that has one of them.
pub(super) fn failure(schedule: &Schedule, outcome: &Outcome) -> String {
    let mut text = format!("seed {} fails:\n{}", schedule.seed, violations(outcome));
    if let Some(first) = outcome.violations.first() {
        let small = shrink(schedule, &first.rule, TRIES);
        let again = violations(&run(&small));
        let json = serde_json::to_string(&small).unwrap_or_default();
        text += &format!("a smaller one, to be kept under tests/seeds/:\n{json}\n{again}");
    }
    text
}

fn violations(outcome: &Outcome) -> String {
    outcome.violations.iter().map(|found| format!("  {}: {}\n", found.rule, found.what)).collect()
}

/// The whole run, line by line.
fn told(outcome: &Outcome) -> String {
    let mut text = String::new();
    let short = |text: &str| text.chars().take(1500).collect::<String>();
    for line in &outcome.history {
        match line {
            Line::Mark(mark) => text += &format!("{:>6} {} ## {:?}\n", mark.stamp, mark.at, mark.mark),
            Line::Op(op) => {
                let body = op.body.as_ref().map_or("", |body| body.get());
                let answer = op.answer.as_ref().map_or("", |answer| answer.get());
                text += &format!(
                    "{:>6}-{:<6} {} {} {} {} {} -> {} {}\n",
                    op.invoked,
                    op.returned.unwrap_or_default(),
                    op.at,
                    op.client,
                    op.method,
                    op.path,
                    short(body),
                    op.status.unwrap_or_default(),
                    short(answer)
                );
            }
        }
    }
    for event in &outcome.events {
        text += &serde_json::to_string(event).unwrap_or_default();
        text.push('\n');
    }
    text + &violations(outcome)
}

#[expect(clippy::print_stdout, reason = "a campaign tells what it finds while it runs")]
fn say(text: &str) {
    println!("{text}");
}
