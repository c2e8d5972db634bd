//! SIGKILL, at moments that nobody chose and at every fail point, again and again on one data directory.

use std::path::Path;
use std::time::Duration;

use checker::Verdict;

use super::dice::Dice;
use super::evidence::gather;
use super::judge::{good, judge};
use super::load::Crowd;
use super::server::{Build, contains};
use super::session::Session;

/// The load of a kill loop: more than one core's worth.
pub(crate) const CROWD: Crowd =
    Crowd { submitters: 4, workers: 10, operators: 4, gatekeepers: 1, importers: 0, hosts: 0 };

/// Fail points, each with how often it is passed at most before it ends the process. Those of a start are passed at once.
pub(crate) const POINTS: [(&str, u64); 15] = [
    ("start.locked", 1),
    ("start.migrated", 1),
    ("start.open", 1),
    ("open.pinned", 2),
    ("open.loaded", 2),
    ("keys.read", 30),
    ("commit.before", 120),
    ("commit.after", 120),
    ("commit.told", 120),
    ("commit.answered", 120),
    ("receipts.swept", 1),
    ("checkpoint.before", 2),
    ("checkpoint.after", 2),
    ("stop.before", 1),
    ("stop.after", 1),
];

/// The store is lost to its products, which reload; the process ends in the middle of that.
const RELOADS: [&str; 2] = ["commit.before=lose@40,open.pinned=abort@3", "commit.after=lose@40,open.loaded=abort@3"];

/// Lives under load, each ended at a random moment; a few are ended while they start. Gives back how many.
pub(crate) fn random_kills(session: &mut Session, program: &Path, kills: u64) -> u64 {
    for n in 0..kills {
        if n % 5 == 4 {
            let after = Duration::from_micros(session.dice.below(40_000));
            super::server::Server::start_and_kill(program, &session.data, after);
            continue;
        }
        let server = session.start(program, None).unwrap();
        // From the first writes to a warm coordinator.
        let lasts = Duration::from_millis(50 + session.dice.below(500));
        session.kill_after(server, lasts);
    }
    kills
}

/// A life that ends at a fail point, which must be met. Gives back the fault.
pub(crate) fn fault(session: &mut Session, program: &Path, point: &str, most: u64) -> String {
    let faults = format!("{point}=abort@{}", 1 + session.dice.below(most));
    end_by(session, program, &faults, point.starts_with("stop."));
    faults
}

fn end_by(session: &mut Session, program: &Path, faults: &str, stops: bool) {
    let ended = match session.start(program, Some(faults)) {
        Ok(server) => session.until_it_ends(server, stops),
        Err(ended) => ended,
    };
    assert!(ended.was_killed(), "{faults}: {ended:?}");
}

/// The coordinator's last start, the judgement, and an orderly stop.
pub(crate) fn verdict(session: &Session, program: &Path) -> Verdict {
    let server = session.start(program, None).unwrap();
    let evidence = session.alone(&server.address.clone(), gather);
    let started_in = server.started_in;
    let ended = server.stop();
    assert!(ended.status.success(), "{ended:?}");
    eprintln!("the last start took {started_in:?}");
    judge(&session.history(), &evidence)
}

#[test]
fn nothing_acknowledged_is_lost_at_random_kills() {
    let Some(program) = Build::Shipped.program() else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut session = Session::new(&dir.path().join("data"), 1, CROWD);
    let kills = random_kills(&mut session, &program, 20);
    let verdict = verdict(&session, &program);
    eprintln!("{kills} kills");
    good(&verdict);
    assert!(verdict.counts.acknowledged > 1_000, "the load was too small to mean anything: {verdict:?}");
}

#[test]
fn nothing_acknowledged_is_lost_at_any_fail_point() {
    let Some(program) = Build::Faulty.program() else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut session = Session::new(&dir.path().join("data"), 2, CROWD);
    // The first on an empty directory; the second finds products to open.
    for (point, most) in POINTS {
        let fault = fault(&mut session, &program, point, most);
        eprintln!("ended by {fault}");
        if point == "start.open" {
            random_kills(&mut session, &program, 1);
        }
    }
    for faults in RELOADS {
        end_by(&mut session, &program, faults, false);
        eprintln!("ended by {faults}");
    }
    let verdict = verdict(&session, &program);
    eprintln!("{} kills", POINTS.len() + RELOADS.len() + 1);
    good(&verdict);
    assert!(verdict.counts.acknowledged > 500, "the load was too small to mean anything: {verdict:?}");
}

/// The first start makes the schema: it must be able to end anywhere in it.
#[test]
fn a_first_start_can_be_killed_at_any_moment() {
    let Some(program) = Build::Shipped.program() else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut dice = Dice::new(3);
    for n in 0..40 {
        let data = dir.path().join(format!("data{n}"));
        super::server::Server::start_and_kill(&program, &data, Duration::from_micros(500 * n + dice.below(500)));
        let session = Session::new(&data, n, CROWD);
        let server = session.start(&program, None).unwrap_or_else(|ended| panic!("after {n}: {ended:?}"));
        assert!(server.stop().status.success());
    }
}

#[test]
fn fail_points_are_in_no_program_that_is_shipped() {
    let Some(shipped) = Build::Shipped.program() else { return };
    if cfg!(feature = "faults") && std::env::var_os("GIGAFACTORY_RELEASE_BIN").is_none() {
        eprintln!("SKIPPED: this test build has fail points");
        return;
    }
    let points = POINTS.map(|(point, _)| point);
    assert!(!contains(&shipped, &points) && !contains(&shipped, &["GIGAFACTORY_FAULTS"]), "{}", shipped.display());
    let dir = tempfile::tempdir().unwrap();
    let session = Session::new(&dir.path().join("data"), 4, CROWD);
    let ignored = session.start(&shipped, Some("start.open=abort@1")).unwrap();
    assert!(ignored.stop().status.success());
    let Some(faulty) = Build::Faulty.program() else { return };
    assert!(contains(&faulty, &points[..1]) && contains(&faulty, &["GIGAFACTORY_FAULTS"]), "the search finds nothing");
    let Err(refused) = session.start(&faulty, Some("start.nowhere=abort@1")) else { panic!("it starts") };
    assert_eq!(refused.status.code(), Some(2));
    let (_, named) = refused.said.split_once("points: ").unwrap_or_else(|| panic!("{refused:?}"));
    let mut named: Vec<_> = named.trim().split(", ").collect();
    named.sort_unstable();
    let mut known = points.to_vec();
    known.sort_unstable();
    assert_eq!(named, known, "every fail point is met by this suite");
}
