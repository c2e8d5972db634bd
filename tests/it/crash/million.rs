//! One history of a million writes over many lives of one data directory, and one check of all of it. Started by hand,
//! as the other campaigns are.

#![allow(clippy::print_stdout, reason = "a campaign says what it did")]

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use checker::{Line, Op};
use serde_json::Value;

use super::campaign::given;
use super::kill::{POINTS, fault};
use super::load::Crowd;
use super::server::Build;
use super::session::Session;

/// How long a life lasts that no fail point ends, at most.
const LIFE: Duration = Duration::from_secs(6);
/// How often a fail point of the commits may be passed here, to how often it may be in the kill loop.
const LONGER: u64 = 5;
/// The check of a million writes takes no longer.
const CHECKED_WITHIN: Duration = Duration::from_secs(60);
/// Every kind of client, and those that write by the hundred.
const CROWD: Crowd = Crowd { submitters: 4, workers: 8, operators: 4, gatekeepers: 1, importers: 2, hosts: 6 };

/// What the lives of a coordinator came to.
#[derive(Default)]
struct Lives {
    random: u64,
    at_points: u64,
    /// Writes that were acknowledged, counted by their answers; the checker's count is the one that holds.
    acknowledged: u64,
    took: Duration,
}

#[test]
#[ignore = "a campaign, not a test"]
fn one_million_writes() {
    let (Some(shipped), faulty) = (Build::Shipped.program(), Build::Faulty.program()) else { return };
    let wanted = given("GIGAFACTORY_CAMPAIGN_WRITES", 1_000_000);
    let dir = tempfile::tempdir().unwrap();
    let (data, path) = (dir.path().join("data"), dir.path().join("history.jsonl"));
    let mut session = Session::new(&data, given("GIGAFACTORY_CAMPAIGN_SEED", 1), CROWD);
    let mut history = BufWriter::new(File::create(&path).unwrap());
    let mut lives = live(&mut session, &shipped, faulty.as_deref(), wanted, &mut history);
    let server = session.start(&shipped, None).unwrap();
    let started_in = server.started_in;
    assert!(server.stop().status.success());
    lives.acknowledged += append(&mut history, session.history());
    history.flush().unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len();
    let checked = check(&shipped, &path, &data);
    if checked.violations() > 0 || checked.took > CHECKED_WITHIN {
        eprintln!("the evidence is in {}", dir.keep().display());
    }
    let Lives { random, at_points, took, .. } = lives;
    eprintln!(
        "campaign: one million writes: {} acknowledged in {took:.0?}, {} kills ({random} random, {at_points} at fail \
         points), {} requests, {} outcomes unknown, {} jobs, {} leases, {} events, history of {} MB, the last start took \
         {started_in:.1?}, all of it checked in {:.1?} with {} MB of memory, {} violations",
        checked.count("acknowledged"),
        random + at_points,
        checked.count("ops"),
        checked.count("unknown"),
        checked.count("jobs"),
        checked.count("grants"),
        checked.count("events"),
        bytes >> 20,
        checked.took,
        checked.memory_kb >> 10,
        checked.violations(),
    );
    assert_eq!(checked.violations(), 0, "{}", checked.verdict["violations"]);
    assert!(checked.count("acknowledged") >= wanted, "the answers were counted as {}", lives.acknowledged);
    assert!(checked.took <= CHECKED_WITHIN, "the check is too slow");
}

/// Life after life, each ended by a kill, until as many writes as are wanted were acknowledged.
fn live(session: &mut Session, shipped: &Path, faulty: Option<&Path>, wanted: u64, history: &mut impl Write) -> Lives {
    let (mut lives, began) = (Lives::default(), Instant::now());
    while lives.acknowledged < wanted {
        match faulty {
            Some(faulty) if session.dice.one_in(3) => {
                let (point, most) = *session.dice.pick(&POINTS).unwrap();
                let most = if point.starts_with("commit.") { most * LONGER } else { most };
                let fault = fault(session, faulty, point, most);
                eprintln!("ended by {fault}");
                lives.at_points += 1;
            }
            _ => {
                let server = session.start(shipped, None).unwrap();
                let started_in = server.started_in;
                let lasts = LIFE / 2 + LIFE.mul_f64(session.dice.below(50) as f64 / 100.0);
                session.kill_after(server, lasts);
                eprintln!("started in {started_in:.1?}, killed after {lasts:.1?}");
                lives.random += 1;
            }
        }
        lives.acknowledged += append(history, session.history());
        eprintln!(
            "{} kills, {} writes acknowledged, {:.0?}",
            lives.random + lives.at_points,
            lives.acknowledged,
            began.elapsed()
        );
    }
    lives.took = began.elapsed();
    lives
}

/// Writes a part of the history down and counts the writes in it that were acknowledged.
fn append(file: &mut impl Write, lines: Vec<Line>) -> u64 {
    let mut all = 0;
    for line in lines {
        serde_json::to_writer(&mut *file, &line).unwrap();
        file.write_all(b"\n").unwrap();
        if let Line::Op(op) = &line {
            all += acknowledged(op);
        }
    }
    all
}

/// How many writes a request was told to have made, by the words of its answer.
fn acknowledged(op: &Op) -> u64 {
    let Some(answer) = op.answer.as_deref().filter(|_| op.method != "GET" && op.status.is_some_and(|s| s < 300)) else {
        return 0;
    };
    let times = |word: &str| answer.get().matches(word).count() as u64;
    if op.path.ends_with("/heartbeat") || op.path.ends_with("/renew") || op.path.contains("dryRun") {
        0
    } else if op.path.contains("/jobs/batch") {
        times("\"outcome\":\"created\"")
    } else if op.path.ends_with("/claim") {
        times("\"renewAfterSec\":") - times("\"repeated\":true")
    } else {
        u64::from(times("\"repeated\":true") + times("\"outcome\":\"duplicate\"") == 0)
    }
}

/// What the program made of a history.
struct Checked {
    verdict: Value,
    took: Duration,
    /// The most that it had at a time; 0 where the system does not tell.
    memory_kb: u64,
}

impl Checked {
    fn count(&self, name: &str) -> u64 {
        self.verdict["counts"][name].as_u64().unwrap()
    }

    fn violations(&self) -> u64 {
        self.verdict["broken"].as_object().unwrap().values().filter_map(Value::as_u64).sum()
    }
}

/// Has the program check a whole history against a stopped data directory.
fn check(program: &Path, history: &Path, data: &Path) -> Checked {
    let began = Instant::now();
    let mut check = Command::new(program);
    check.args(["--json", "check", "--complete", "--history"]).arg(history).arg("--data").arg(data);
    let mut child = check.stdout(Stdio::piped()).spawn().unwrap();
    let (id, mut said) = (child.id(), child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        said.read_to_string(&mut text).unwrap();
        text
    });
    let mut memory_kb = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        memory_kb = peak_kb(id).unwrap_or(memory_kb);
        std::thread::sleep(Duration::from_millis(20));
    };
    let took = began.elapsed();
    let text = reader.join().unwrap();
    let verdict = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status}, {error}: {text}"));
    Checked { verdict, took, memory_kb }
}

/// The most memory that a process has had so far.
fn peak_kb(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}
