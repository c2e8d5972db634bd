//! Long runs, started by hand: kills until the time is up, full disks until the time is up. Each prints one line that
//! begins with `campaign:`.

#![allow(clippy::print_stdout, reason = "a campaign says what it did")]

use std::time::{Duration, Instant};

use super::dice::Dice;
use super::full::{Disk, End, SMALL_CROWD, cycle};
use super::judge::good;
use super::kill::{CROWD, POINTS, fault, random_kills, verdict};
use super::server::Build;
use super::session::Session;

/// Kills on one data directory before the next one is begun.
const KILLS_A_DIRECTORY: usize = 50;
/// Cycles on one disk before the next one is mounted.
const CYCLES_A_DISK: usize = 10;

/// A number that the environment gives, or another one.
pub(crate) fn given(name: &str, otherwise: u64) -> u64 {
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
