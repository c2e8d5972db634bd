//! What a pick costs among a thousand and among a million ready jobs, in 200 classes; what a job costs in memory.
//!
//! Prints the ratio of the medians and bytes per job at the end.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints its figures"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion};
use domain::dispatch::{Board, Claim, Key, Merit, Needs, Standing};
use domain::factory::{Beat, Card, Command, Descriptor, Health};
use domain::job::Stage;
use domain::job::state::Priority;
use domain::{FactoryId, JobId, Timestamp};
use uuid::Uuid;

/// Needs by capability, and repositories by number: 10 × 20 classes.
const CAPABILITIES: u128 = 10;
const REPOS: u128 = 20;
const NOW: Timestamp = Timestamp(1_000_000_000_000);

fn name(no: usize) -> FactoryId {
    format!("f{no}").parse().expect("a good name")
}

/// Everything of a kind: as usual, with a due time each, or under 1,000 keys.
#[derive(Clone, Copy)]
enum Mix {
    Plain,
    Dated,
    Keyed,
}

fn job(no: u128, mix: Mix) -> Standing {
    let needs = Needs { capabilities: vec![format!("c{}", no % CAPABILITIES)], ..Needs::default() };
    let key = matches!(mix, Mix::Keyed).then(|| Key { name: format!("k{}", no % 1_000), limit: 1 });
    // Each of them waits another time, and is due at another one within the day.
    let waited = i64::try_from(no * 7_919 % 60_000_000).unwrap_or_default();
    let due = i64::try_from(no * 104_729 % 86_400_000).unwrap_or_default();
    Standing {
        job: JobId(Uuid::from_u128(no)),
        stage: Stage::Queued,
        blocked_reason: None,
        needs: Arc::new(needs),
        key,
        merit: Merit {
            priority: Priority::Normal,
            repo: Some(format!("/srv/r{}", no / CAPABILITIES % REPOS)),
            max_attempts: 3,
            ..Merit::default()
        },
        queued_at: Timestamp(NOW.0 - waited),
        due_at: matches!(mix, Mix::Dated).then_some(Timestamp(NOW.0 + due)),
        not_before: None,
        tenure: None,
        awaits: None,
    }
}

fn board(jobs: u128, mix: Mix) -> Board {
    let mut board = Board::default();
    let card = Card {
        factory_id: name(1),
        descriptor: Descriptor::default(),
        engines: Vec::new(),
        repos: Vec::new(),
        capabilities: (0..CAPABILITIES).map(|no| format!("c{no}")).collect(),
        engine_classes: Vec::new(),
        health: Health::Ok,
        seat_limit: 1_000_000,
        heartbeat_sec: 30,
    };
    let product = "p".parse().expect("a good name");
    let beat = Command::Beat(Box::new(Beat { card, load_permille: 0 }));
    let step = domain::factory::transition(None, &product, &beat, NOW);
    board.observe_factory(Arc::new(step.next.expect("it registers")), NOW);
    for from in (0..jobs).step_by(10_000) {
        let some: Vec<Standing> = (from..jobs.min(from + 10_000)).map(|no| job(no, mix)).collect();
        board.fill(&some, NOW);
    }
    board
}

/// Resident memory in bytes, where the host tells it.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default() * 4_096
}

/// The median of many picks, each put back afterwards.
fn median(board: &mut Board) -> Duration {
    let claim = Claim::plain(name(1));
    let mut took: Vec<Duration> = (0..2_000)
        .map(|_| {
            let begin = Instant::now();
            let pick = board.pick(&claim, NOW);
            let took = begin.elapsed();
            if let Ok(Some(pick)) = pick {
                board.end_offer(pick.job, NOW);
            }
            took
        })
        .collect();
    took.sort_unstable();
    took[took.len() / 2]
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let before = resident();
    let mut million = board(1_000_000, Mix::Plain);
    println!("memory of the index: {} bytes a job", (resident() - before) / 1_000_000);
    let mut thousand = board(1_000, Mix::Plain);
    let claim = Claim::plain(name(1));
    for (jobs, board) in [("1,000", &mut thousand), ("1,000,000", &mut million)] {
        criterion.bench_function(&format!("pick among {jobs}"), |bencher| {
            bencher.iter_batched(
                || (),
                |()| {
                    let pick = board.pick(&claim, NOW);
                    if let Ok(Some(pick)) = &pick {
                        board.end_offer(pick.job, NOW);
                    }
                    pick
                },
                BatchSize::PerIteration,
            );
        });
    }
    let ratios: Vec<f64> =
        (0..5).map(|_| median(&mut million).as_secs_f64() / median(&mut thousand).as_secs_f64()).collect();
    println!("pick among 1,000,000 / pick among 1,000 (medians of 2,000, five times): {ratios:.2?}");
    drop(million);
    for (what, mix) in [("due at a time of their own", Mix::Dated), ("under 1,000 keys", Mix::Keyed)] {
        let (mut thousand, mut many) = (board(1_000, mix), board(200_000, mix));
        let (few, more) = (median(&mut thousand), median(&mut many));
        println!("jobs {what}: {few:?} among 1,000, {more:?} among 200,000");
    }
    criterion.final_summary();
}
