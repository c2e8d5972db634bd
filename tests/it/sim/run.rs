//! One run: chaos, then healing, then everything is read by the API, started once more, and read again.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use checker::{Checker, Event, Line, Moment, Record};
use tokio::runtime::{Builder, RngSeed};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};

use super::clients;
use super::faults;
use super::gather::{self, Gathered};
use super::heal;
use super::schedule::Schedule;
use super::watch;
use super::world::World;

/// No run lasts longer than this, in simulated time.
const AT_MOST: Duration = Duration::from_secs(24 * 3_600);

/// After so long nobody is heard of any more: more than six of the longest intervals.
const QUIET: Duration = Duration::from_secs(3_600);

/// What came of a run.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) violations: Vec<Violation>,
    pub(crate) counts: Counts,
    /// Which interesting situations came about, and how often.
    pub(crate) seen: BTreeMap<String, u64>,
    pub(crate) history: Vec<Line>,
    pub(crate) events: Vec<Event>,
    pub(crate) records: Vec<Record>,
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The invariant.
    pub(crate) rule: String,
    pub(crate) what: String,
}

/// What a run was made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) operations: u64,
    pub(crate) faults: u64,
    pub(crate) crashes: u64,
    pub(crate) events: u64,
}

impl Outcome {
    /// Finds a violation of the same rules as another outcome.
    pub(crate) fn violates(&self, rule: &str) -> bool {
        self.violations.iter().any(|violation| violation.rule == rule)
    }

    fn violated(&mut self, rule: &str, what: impl Into<String>) {
        self.violations.push(Violation { rule: rule.to_owned(), what: what.into() });
    }
}

/// Runs a schedule to its end. The same schedule has the same outcome, to the byte.
pub(crate) fn run(schedule: &Schedule) -> Outcome {
    let mut seed = schedule.seed.to_be_bytes().to_vec();
    seed.extend(b"gigafactory");
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .rng_seed(RngSeed::from_bytes(&seed))
        .build()
        .unwrap();
    let watching = watch::Watch::begin();
    let mut outcome = LocalSet::new().block_on(&runtime, async {
        let mut outcome = Outcome::default();
        if timeout(AT_MOST, all(schedule, &mut outcome)).await.is_err() {
            outcome.violated("I20", "the run does not come to its end");
        }
        outcome
    });
    let (panics, errors) = watching.seen();
    for panic in panics {
        outcome.violated("panic", panic);
    }
    for error in errors {
        if error.contains("many leases fall due at once") {
            *outcome.seen.entry("the reaper braked".to_owned()).or_default() += 1;
        } else if error.contains("contradicts what is stored") {
            outcome.violated("contradiction", error);
        }
    }
    outcome
}

async fn all(schedule: &Schedule, outcome: &mut Outcome) {
    let world = World::begin(schedule).await;
    let lives: Vec<_> = schedule
        .clients
        .iter()
        .map(|plan| spawn_local(clients::live(world.clone(), schedule.seed, plan.clone())))
        .collect();
    faults::happen(&world, schedule).await;
    world.healed.set(true);
    world.trouble.calm();
    for life in lives {
        // A panic of a client is a panic of the run, which is seen at its end.
        drop(life.await);
    }
    // What is still on its way arrives.
    sleep(Duration::from_secs(60)).await;
    world.mark(Moment::Healed);
    let products = products(schedule);
    for product in &products {
        if let Some(why) = heal::heal(&world, schedule.seed, product).await {
            outcome.violated("I20", why);
        }
    }
    // Until every factory counts as gone: nothing is to change between two readings.
    sleep(QUIET).await;
    let before = gather::gather(&world, &products, true).await;
    world.crash();
    world.start().await;
    let after = gather::gather(&world, &products, false).await;
    close(&world, outcome, before, &after);
    world.crash();
    sleep(Duration::from_secs(30)).await;
}

fn products(schedule: &Schedule) -> Vec<String> {
    let mut products: Vec<_> = schedule.clients.iter().map(|client| client.product.clone()).collect();
    products.sort_unstable();
    products.dedup();
    products
}

fn close(world: &Rc<World>, outcome: &mut Outcome, before: Gathered, after: &Gathered) {
    for what in before.differences(after) {
        outcome.violated("I23", what);
    }
    let came = world.trouble.came();
    let counts = [
        ("a commit was under way at a crash and was written", came.cut_written),
        ("a commit was under way at a crash and was not written", came.cut_unwritten),
        ("a child ended, and the node before its parent was told", came.cut_child),
        ("a product reloaded after its store was lost", came.lost),
        ("a read failed", came.blind),
    ];
    for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        (0..count).for_each(|_| world.sometimes.hit(name));
    }
    if before.events.iter().any(|event| event.kind == "job.released" && event.by == "coordinator") {
        world.sometimes.hit("a lease that two heartbeats left out was taken back");
    }
    outcome.counts = Counts {
        operations: world.counts.operations.get(),
        faults: world.counts.faults.get(),
        crashes: world.counts.crashes.get(),
        events: before.events.len() as u64,
    };
    outcome.history = world.recorder.take();
    outcome.seen = world.sometimes.take().into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    (outcome.events, outcome.records) = (before.events, before.records);
    check(outcome);
}

/// Holds the evidence of a run against what must always be true.
fn check(outcome: &mut Outcome) {
    let mut checker = Checker::default().complete();
    outcome.history.iter().for_each(|line| checker.line(line));
    outcome.events.iter().for_each(|event| checker.event(event));
    outcome.records.iter().for_each(|record| checker.record(record));
    let verdict = checker.verdict();
    for violation in &verdict.violations {
        outcome.violated(violation.rule, violation.to_string());
    }
    outcome.seen.extend(verdict.seen.iter().map(|(name, count)| ((*name).to_owned(), *count)));
}
