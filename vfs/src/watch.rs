//! A directory under watch: its log, its fault. Everything that changes one of its files goes through one lock, so the
//! log has the order in which things happened.

use std::ffi::c_int;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::fault::{Armed, Fault, Kind};
use crate::log::{Entry, Log, Skip};
use crate::register::install;

static WATCHED: Mutex<Vec<Arc<Watched>>> = Mutex::new(Vec::new());

/// Watches a directory until it is dropped. Files that are open by then stay watched until they are closed.
#[derive(Debug)]
pub struct Watch(Arc<Watched>);

#[derive(Debug)]
pub(crate) struct Watched {
    dir: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) log: Option<Log>,
    pub(crate) skip: Skip,
    fault: Option<Armed>,
}

impl Watch {
    /// Begins to watch a directory that exists.
    pub fn over(dir: &Path) -> io::Result<Self> {
        install().map_err(io::Error::other)?;
        let watched = Arc::new(Watched { dir: dir.canonicalize()?, state: Mutex::default() });
        locked(&WATCHED).push(watched.clone());
        Ok(Self(watched))
    }

    /// Begins to write down what reaches the directory, which is empty.
    pub fn record(&self, skip: Skip) {
        let mut state = self.0.lock();
        state.log = Some(Log::default());
        state.skip = skip;
    }

    /// How many entries the log has by now.
    pub fn now(&self) -> usize {
        self.0.lock().log.as_ref().map_or(0, |log| log.entries.len())
    }

    /// Ends the log and takes it.
    pub fn take(&self) -> Vec<Entry> {
        self.0.lock().log.take().map(|log| log.entries).unwrap_or_default()
    }

    /// Lets an operation fail from now on. Counts from here, for all connections together.
    pub fn fail(&self, fault: Fault) {
        self.0.lock().fault = Some(Armed::new(fault));
    }

    /// Ends the fault; gives back how many operations it has failed.
    pub fn heal(&self) -> u64 {
        self.0.lock().fault.take().map_or(0, |armed| armed.hits)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        locked(&WATCHED).retain(|watched| !Arc::ptr_eq(watched, &self.0));
    }
}

impl Watched {
    /// The watched directory that a file lies in, with the file's name.
    pub(crate) fn of(path: &str) -> Option<(Arc<Self>, String)> {
        let path = Path::new(path);
        let (dir, name) = (path.parent()?, path.file_name()?.to_str()?);
        let watched = locked(&WATCHED).iter().find(|watched| watched.dir == dir)?.clone();
        Some((watched, name.to_owned()))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// The code to fail with, if this operation is to fail.
    pub(crate) fn fails(&self, kind: Kind) -> Option<c_int> {
        self.lock().meets(kind).map(|fault| fault.code)
    }
}

impl State {
    pub(crate) fn meets(&mut self, kind: Kind) -> Option<Fault> {
        self.fault.as_mut().and_then(|armed| armed.meets(kind))
    }

    /// Writes down what was done.
    pub(crate) fn note(&mut self, entry: impl FnOnce() -> Entry) {
        if let Some(log) = &mut self.log {
            log.entries.push(entry());
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
