//! A sync that fails: the process ends at once, and what it had acknowledged is there at the next start. Each case is a
//! process of its own, this very binary.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use actors::store::{JobQuery, Page, Store};
use gigafactory::store::SqliteStore;
use vfs::{Fault, Kind, Raw, Watch};

use super::acts::{Act, PRODUCT, RUNNING};
use super::bench::{block_on, left_alone};
use super::variants::FSYNC;
use crate::disk::history::History;
use crate::disk::house::House;
use crate::disk::scratch::scratch;

/// What a process that has lost a write ends with.
const LOST: i32 = 74;
/// What the process ends with that could not start.
const NOT_STARTED: i32 = 75;
/// A test's own: it went on after a failed sync.
const WENT_ON: i32 = 76;
const CASE: &str = "GIGAFACTORY_TEST_CASE";
const ACTS: [Act; 2] = [Act::Start, Act::Stop];

#[test]
fn a_process_whose_disk_loses_a_write_ends_and_loses_nothing_acknowledged() {
    let (mut cases, mut ended) = (0, 0);
    for (number, act) in RUNNING.iter().chain(&ACTS).enumerate() {
        for nth in 1.. {
            let dir = scratch();
            let Output { status, stderr, .. } = child(number, nth, dir.path());
            cases += 1;
            let expected = match status.code() {
                Some(0 | LOST) => true,
                Some(NOT_STARTED) => *act == Act::Start,
                _ => false,
            };
            assert!(expected, "{act:?}, sync {nth}: {status:?}: {}", String::from_utf8_lossy(&stderr));
            block_on(verify(dir.path()));
            if status.success() {
                break;
            }
            ended += u32::from(status.code() == Some(LOST));
            assert!(nth < 50, "{act:?}: it never ends");
        }
    }
    eprintln!("{cases} processes, {ended} of them ended by a failed sync");
    assert!(ended >= 12, "too few syncs have failed: {ended} of {cases}");
}

fn child(act: usize, nth: u64, dir: &Path) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "disk::failing::ended::one_case", "--ignored"]);
    command.env(CASE, format!("{act} {nth} {}", dir.display()));
    command.output().unwrap()
}

/// What was acknowledged is there.
async fn verify(dir: &Path) {
    let data = dir.canonicalize().unwrap().join("data");
    let store = SqliteStore::open(&data).await.unwrap();
    let product = PRODUCT.parse().unwrap();
    let all = store.jobs(&product, &JobQuery::default(), Page { after: None, limit: 1_000 }).await.unwrap();
    let ledger = fs::read_to_string(dir.join("ledger")).unwrap();
    assert!(!ledger.is_empty(), "nothing was acknowledged");
    for line in ledger.lines() {
        let (job, rev) = line.split_once(' ').unwrap();
        let found = all.iter().find(|found| found.id.to_string() == job).unwrap_or_else(|| panic!("{job} is lost"));
        assert!(found.rev >= rev.parse().unwrap(), "{job} stepped back from rev {rev} to {}", found.rev);
    }
    let events = store.events(&product, None, Page { after: None, limit: 10_000 }).await.unwrap();
    assert!(events.iter().zip(1..).all(|(event, seq)| event.seq == seq), "the log has a gap");
    store.close().await;
    left_alone(&data).await;
    let raw = Raw::open(&data.join("gigafactory.db")).unwrap();
    assert_eq!(raw.query("PRAGMA integrity_check"), Ok(vec!["ok".to_owned()]));
}

#[test]
#[ignore = "a process that the test above starts: not a test"]
fn one_case() {
    let case = std::env::var(CASE).unwrap();
    let mut words = case.splitn(3, ' ');
    let mut next = || words.next().unwrap();
    let (act, nth) = (next().parse::<usize>().unwrap(), next().parse().unwrap());
    let act = *RUNNING.iter().chain(&ACTS).nth(act).unwrap();
    let code = block_on(fail_a_sync(act, nth, Path::new(next())));
    std::process::exit(code);
}

async fn fail_a_sync(act: Act, nth: u64, dir: &Path) -> i32 {
    let data = dir.canonicalize().unwrap().join("data");
    fs::create_dir(&data).unwrap();
    let (watch, history) = (Arc::new(Watch::over(&data).unwrap()), History::default());
    let house = House::open(&data, &watch, &history).await.unwrap();
    house.beat(PRODUCT, "f1", 10).await.unwrap();
    Act::Submit.act(&house, Act::Submit.ready(&house, 0).await.unwrap()).await.unwrap();
    let ready = act.ready(&house, 1).await.unwrap();
    let shown = history.shown(usize::MAX);
    let lines: String = shown.iter().map(|(job, rev)| format!("{job} {rev}\n")).collect();
    fs::write(dir.join("ledger"), lines).unwrap();
    let fault = Fault { kind: Kind::Sync, nth, code: FSYNC, lasts: false, torn: 0 };
    if act == Act::Start {
        house.close().await;
        watch.fail(fault);
        if House::open(&data, &watch, &history).await.is_err() {
            return NOT_STARTED;
        }
    } else {
        watch.fail(fault);
        drop(act.act(&house, ready).await);
        if act == Act::Stop {
            house.close().await;
        }
    }
    if watch.heal() > 0 { WENT_ON } else { 0 }
}
