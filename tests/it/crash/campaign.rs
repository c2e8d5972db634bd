//! Long runs, started by hand: kills until the time is up, full disks until the time is up, and one history of a million
//! writes. Each prints one line that begins with `campaign:`.

#![allow(clippy::print_stdout, reason = "a campaign says what it did")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use checker::Line;

use super::dice::Dice;
use super::full::{Disk, End, SMALL_CROWD, cycle};
use super::judge::good;
use super::kill::{CROWD, POINTS, fault, random_kills, verdict};
use super::load::Crowd;
use super::server::Build;
use super::session::Session;

/// Kills on one data directory before the next one is begun.
const KILLS_A_DIRECTORY: usize = 50;
/// Cycles on one disk before the next one is mounted.
const CYCLES_A_DISK: usize = 10;
/// How long a life lasts in the run of a million writes, at most.
const LIFE: Duration = Duration::from_secs(4);
/// As fast as it gets.
const BIG_CROWD: Crowd = Crowd { submitters: 12, workers: 24, operators: 4, gatekeepers: 1 };

/// A number that the environment gives, or another one.
fn given(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap())
}

fn until() -> Instant {
    Instant::now() + Duration::from_secs(given("GIGAFACTORY_CAMPAIGN_SECONDS", 60))
}

fn seeds() -> Dice {
    Dice::new(given("GIGAFACTORY_CAMPAIGN_SEED", 1))
}

#[test]
#[ignore = "a campaign, not a test"]
fn campaign_kill() {
    let (Some(shipped), faulty) = (Build::Shipped.program(), Build::Faulty.program()) else { return };
    let (until, mut seeds) = (until(), seeds());
    let (mut random, mut at_points, mut acknowledged, mut unknown, mut events, mut directories) = (0, 0, 0, 0, 0, 0);
    while Instant::now() < until {
        let (dir, seed) = (tempfile::tempdir().unwrap(), seeds.roll());
        eprintln!("seed {seed}");
        let mut session = Session::new(&dir.path().join("data"), seed, CROWD);
        for _ in 0..KILLS_A_DIRECTORY {
            match (&faulty, session.dice.one_in(2)) {
                (Some(faulty), true) => {
                    let (point, most) = *session.dice.pick(&POINTS).unwrap();
                    fault(&mut session, faulty, point, most);
                    at_points += 1;
                }
                _ => random += random_kills(&mut session, &shipped, 1),
            }
            if Instant::now() >= until {
                break;
            }
        }
        let verdict = verdict(&session, &shipped);
        good(&verdict);
        acknowledged += verdict.counts.acknowledged;
        unknown += verdict.counts.unknown;
        events += verdict.counts.events;
        directories += 1;
    }
    eprintln!(
        "campaign: kill: {} kills ({random} random, {at_points} at fail points), {directories} directories, \
         {acknowledged} writes acknowledged, {unknown} outcomes unknown, {events} events, 0 violations",
        random + at_points
    );
}

#[test]
#[ignore = "a campaign, not a test"]
fn campaign_full_disk() {
    let Some(program) = Build::Shipped.program() else { return };
    let (until, mut seeds) = (until(), seeds());
    let (mut cycles, mut acknowledged, mut slowest) = (0, 0, Duration::ZERO);
    while Instant::now() < until {
        let Some(disk) = Disk::mount() else { return };
        let seed = seeds.roll();
        eprintln!("seed {seed}");
        let mut session = Session::new(&disk.path().join("data"), seed, SMALL_CROWD);
        for _ in 0..CYCLES_A_DISK {
            let end = if session.dice.one_in(2) { End::Freed } else { End::Full };
            slowest = slowest.max(cycle(&mut session, &disk, &program, end));
            cycles += 1;
            if Instant::now() >= until || !disk.has_room() {
                break;
            }
        }
        let verdict = verdict(&session, &program);
        good(&verdict);
        acknowledged += verdict.counts.acknowledged;
    }
    eprintln!(
        "campaign: full disk: {cycles} cycles, {acknowledged} writes acknowledged, serves again after {slowest:?} at the \
         latest, 0 violations"
    );
}

/// One data directory, a kill every few seconds, a million writes, and one check of all of it.
#[test]
#[ignore = "a campaign, not a test"]
fn one_million_writes() {
    let Some(program) = Build::Shipped.program() else { return };
    let wanted = given("GIGAFACTORY_CAMPAIGN_WRITES", 1_000_000);
    let dir = tempfile::tempdir().unwrap();
    let (data, path) = (dir.path().join("data"), dir.path().join("history.jsonl"));
    let mut session = Session::new(&data, given("GIGAFACTORY_CAMPAIGN_SEED", 1), BIG_CROWD);
    let mut history = BufWriter::new(File::create(&path).unwrap());
    let (mut acknowledged, mut kills, began) = (0, 0, Instant::now());
    while acknowledged < wanted {
        let server = session.start(&program, None).unwrap();
        let lasts = LIFE / 2 + LIFE.mul_f64(session.dice.below(50) as f64 / 100.0);
        session.kill_after(server, lasts);
        kills += 1;
        acknowledged += append(&mut history, session.history());
        eprintln!("{kills} kills, {acknowledged} writes acknowledged, {:?}", began.elapsed());
    }
    let server = session.start(&program, None).unwrap();
    let started_in = server.started_in;
    assert!(server.stop().status.success());
    acknowledged += append(&mut history, session.history());
    history.flush().unwrap();
    let (took, bytes) = (began.elapsed(), std::fs::metadata(&path).unwrap().len());
    let checked = check(&program, &path, &data);
    eprintln!(
        "campaign: one million writes: {acknowledged} acknowledged in {took:?}, {kills} kills, history of {bytes} bytes, \
         the last start took {started_in:?}, checked in {checked:?}"
    );
    assert!(checked <= Duration::from_secs(60), "the check is too slow");
}

/// Writes a part of the history down and counts the writes in it that were acknowledged.
fn append(file: &mut impl Write, lines: Vec<Line>) -> u64 {
    let mut acknowledged = 0;
    for line in lines {
        serde_json::to_writer(&mut *file, &line).unwrap();
        file.write_all(b"\n").unwrap();
        if let Line::Op(op) = &line {
            acknowledged += u64::from(op.method != "GET" && op.status.is_some_and(|status| status < 300));
        }
    }
    acknowledged
}

/// Has the program check a history against a stopped data directory, and tells how long it took.
fn check(program: &Path, history: &Path, data: &Path) -> Duration {
    let began = Instant::now();
    let mut check = Command::new(program);
    let status = check.arg("check").arg("--history").arg(history).arg("--data").arg(data).status().unwrap();
    assert!(status.success(), "{status}");
    began.elapsed()
}
