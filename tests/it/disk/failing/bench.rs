//! A house whose disk can be made to fail, and what has to be true after each failure.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actors::NotDone;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use vfs::{Fault, Watch};

use super::acts::{Act, PRODUCT, Ready};
use super::variants::FULL;
use crate::disk::history::History;
use crate::disk::house::House;
use crate::disk::oracle::Oracle;
use crate::disk::scratch::scratch;

/// It serves again within this time once the disk is well.
const AGAIN: Duration = Duration::from_secs(5);
/// No caller waits longer for an answer, whatever the disk does.
const ANSWER: Duration = Duration::from_secs(20);

/// A house on a scratch disk.
pub(crate) struct Bench {
    pub(crate) house: Option<House>,
    pub(crate) data: PathBuf,
    pub(crate) watch: Arc<Watch>,
    pub(crate) history: History,
    oracle: Oracle,
    scratch: TempDir,
    n: u64,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let scratch = scratch();
        let data = scratch.path().canonicalize().unwrap().join("data");
        fs::create_dir(&data).unwrap();
        let watch = Arc::new(Watch::over(&data).unwrap());
        let history = History::default();
        let house = Some(House::open(&data, &watch, &history).await.unwrap());
        let bench = Self { house, data, watch, oracle: Oracle::new(history.clone()), history, scratch, n: 0 };
        bench.house().beat(PRODUCT, "f1", 10_000).await.unwrap();
        bench
    }

    pub(crate) fn house(&self) -> &House {
        self.house.as_ref().unwrap()
    }

    /// Prepares an act; the disk is well, but may not have been a moment ago.
    pub(crate) async fn ready(&mut self, act: Act) -> Ready {
        self.n += 1;
        let until = Instant::now() + AGAIN;
        loop {
            match act.ready(self.house(), self.n).await {
                Ok(ready) => return ready,
                Err(why) => assert!(Instant::now() < until, "{act:?} cannot be prepared: {why:?}"),
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Does an act while the disk fails. Gives back what the caller was told, and how often the disk has failed.
    pub(crate) async fn fail(&mut self, act: Act, ready: Ready, fault: Fault) -> (Result<(), NotDone>, u64) {
        self.watch.fail(fault);
        let told = timeout(ANSWER, act.act(self.house(), ready)).await;
        let hits = self.watch.heal();
        let told = told.unwrap_or_else(|_| panic!("{act:?} {fault:?}: no answer"));
        match &told {
            Ok(()) | Err(NotDone::Full | NotDone::OutcomeUnknown | NotDone::Overloaded { .. }) => {}
            Err(NotDone::Unavailable(_)) if fault.code != FULL => {}
            Err(why) => panic!("{act:?} {fault:?}: told {why:?}"),
        }
        assert!(hits > 0 || told.is_ok(), "{act:?} {fault:?}: nothing failed, told {told:?}");
        (told, hits)
    }

    /// What a start would find if the process were killed now.
    pub(crate) async fn judge(&mut self, what: &dyn std::fmt::Debug) {
        let copy = self.scratch.path().join("copy");
        copied(&self.data, &copy);
        if let Err(why) = self.oracle.judge(&copy, usize::MAX).await {
            panic!("{what:?}: {why}");
        }
        fs::remove_dir_all(&copy).unwrap();
    }

    /// Does an act on a disk that is well; gives back how long it took until it was done.
    pub(crate) async fn again(&mut self, act: Act) -> Duration {
        let begin = Instant::now();
        loop {
            let ready = self.ready(act).await;
            match act.act(self.house(), ready).await {
                Ok(()) => return begin.elapsed(),
                Err(why) => assert!(begin.elapsed() < AGAIN, "{act:?}: still {why:?}"),
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// How many pages the WAL's file has room for.
    pub(crate) fn wal_frames(&self) -> u64 {
        fs::metadata(self.data.join("gigafactory.db-wal")).map_or(0, |wal| wal.len() / (4_096 + 24))
    }

    /// Opens the house again; the disk is well.
    pub(crate) async fn reopen(&mut self) {
        self.house = Some(House::open(&self.data, &self.watch, &self.history).await.unwrap());
    }
}

/// Waits until no file in a data directory is open. The thread of a connection closes it a moment after its pool has
/// been told to, and the last one to close removes the WAL.
pub(crate) async fn left_alone(data: &Path) {
    let until = Instant::now() + AGAIN;
    let is_in_it = |entry: std::io::Result<fs::DirEntry>| {
        entry.and_then(|entry| fs::read_link(entry.path())).is_ok_and(|file| file.starts_with(data))
    };
    while fs::read_dir("/proc/self/fd").is_ok_and(|mut open| open.any(is_in_it)) {
        assert!(Instant::now() < until, "a file in {} stays open", data.display());
        sleep(Duration::from_millis(1)).await;
    }
}

/// Copies the files of a database that a kill leaves behind.
fn copied(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        // The shared memory goes with the process: its file may be there, and is not looked at by a first opener.
        if !name.to_string_lossy().ends_with("-shm") {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
