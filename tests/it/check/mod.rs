//! `gigafactory check` on the data directory of a coordinator that has worked: good as it is, and caught where it was
//! tampered with.

mod work;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use crate::crash::desk::Desk;
use crate::crash::server::{Build, Server};

/// Each tampers with one row of a table, and has to be found under a rule.
const TAMPERED: [(&str, &str, &str); 12] = [
    ("I13", "an event is gone", "DELETE FROM event WHERE type = 'job.fenced'"),
    (
        "I2",
        "an epoch was used before",
        "UPDATE event SET data = json_set(data, '$.epoch', 9) WHERE type = 'job.leased'",
    ),
    ("I8", "a job is gone", "DELETE FROM job WHERE stage = 'shipped'"),
    ("I23", "a job says another stage", "UPDATE job SET stage = 'failed' WHERE stage = 'shipped'"),
    ("I23", "a job says another attempt", "UPDATE job SET state = json_set(state, '$.t', 7)"),
    ("I23", "a run is gone", "DELETE FROM run"),
    ("I23", "a factory says other seats", "UPDATE factory SET data = json_set(data, '$.seat_limit', 9)"),
    ("data", "the chain of a job's events is broken", "UPDATE event SET prev = 1 WHERE type = 'job.shipped'"),
    ("data", "the last event is another one", "UPDATE job SET last_seq = 1"),
    ("data", "a grant has left no receipt", "DELETE FROM receipt WHERE kind = 'claim'"),
    ("data", "a receipt names an epoch that never was", "UPDATE receipt SET epoch = 9 WHERE kind = 'report'"),
    ("unreadable", "a layout that nobody knows", "UPDATE job SET schema = 7"),
];

fn check(dir: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gigafactory"));
    command.args(["check", "--json", "--data"]).arg(dir).args(more).output().unwrap()
}

fn verdict(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

async fn open(dir: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(dir.join("gigafactory.db")).connect().await.unwrap()
}

/// A data directory in which work was done. The coordinator was killed: its log of writes still lies there.
async fn worked() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let program = Build::Shipped.program().unwrap();
    let server = Server::start(&program, dir.path(), None).unwrap_or_else(|ended| panic!("{ended:?}"));
    work::a_little(&Desk::new().at(&server.address)).await;
    let served = check(dir.path(), &[]);
    assert_eq!(served.status.code(), Some(4), "a directory that is served is refused: {served:?}");
    server.kill();
    dir
}

fn copied(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.path().join(file.file_name())).unwrap();
    }
    to
}

#[tokio::test]
async fn a_data_directory_is_good_until_it_is_tampered_with() {
    let dir = worked().await;
    let before = std::fs::metadata(dir.path().join("gigafactory.db")).unwrap().modified().unwrap();
    let good = check(dir.path(), &[]);
    assert_eq!(good.status.code(), Some(0), "{}", String::from_utf8_lossy(&good.stdout));
    let counts = &verdict(&good)["counts"];
    assert!(counts["events"] == 20 && counts["jobs"] == 4, "{counts}");
    assert_eq!(std::fs::metadata(dir.path().join("gigafactory.db")).unwrap().modified().unwrap(), before);
    for (rule, name, sql) in TAMPERED {
        let copy = copied(dir.path());
        let mut db = open(copy.path()).await;
        let changed = sqlx::query(sql).execute(&mut db).await.unwrap().rows_affected();
        assert!(changed > 0, "{name}: nothing was changed");
        db.close().await.unwrap();
        let output = check(copy.path(), &[]);
        assert_eq!(output.status.code(), Some(1), "{name}: {}", String::from_utf8_lossy(&output.stdout));
        let broken = &verdict(&output)["broken"];
        assert!(broken.get(rule).is_some(), "{name}: {rule} is not among {broken}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_found() {
    let dir = worked().await;
    let mut db = open(dir.path()).await;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut db).await.unwrap();
    sqlx::query("PRAGMA writable_schema = ON").execute(&mut db).await.unwrap();
    // An index over rows that it does not have.
    sqlx::query("DELETE FROM sqlite_schema WHERE name = 'job_open'").execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let output = check(dir.path(), &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(verdict(&output)["broken"].get("data").is_some(), "{}", verdict(&output)["broken"]);
}

#[test]
fn what_is_not_there_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(check(dir.path(), &[]).status.code(), Some(3));
    assert_eq!(check(dir.path(), &["--events", "none"]).status.code(), Some(2));
    let file = dir.path().join("history");
    std::fs::write(&file, "{\"mark\":{\"mark\":\"started\",\"stamp\":1,\"at\":0}}\nnonsense\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gigafactory"));
    let output = command.args(["check", "--history"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("history:2: "), "{output:?}");
}

#[test]
fn an_interrupted_check_ends_without_reading_on() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gigafactory"));
    command.args(["check", "--history", "/dev/stdin"]);
    let mut checking = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = checking.stdin.take().unwrap();
    // More than a pipe holds: once it is taken the check is reading, and waits for more.
    input.write_all(&vec![b'\n'; 4 << 20]).unwrap();
    kill(Pid::from_raw(checking.id().cast_signed()), Signal::SIGINT).unwrap();
    let patience = Instant::now() + Duration::from_secs(10);
    let ended = loop {
        match checking.try_wait().unwrap() {
            Some(ended) => break Some(ended),
            None if Instant::now() > patience => break None,
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    checking.kill().unwrap();
    checking.wait().unwrap();
    drop(input);
    assert_eq!(ended.and_then(|ended| ended.code()), Some(130), "{ended:?}");
}
