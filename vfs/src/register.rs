//! Registers the layer as SQLite's default, over the one that was the default before. Decides which files it is for.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;
use std::sync::OnceLock;

use libsqlite3_sys::{
    SQLITE_IOERR_DELETE, SQLITE_OK, SQLITE_OPEN_CREATE, SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_WAL,
    sqlite3_file, sqlite3_initialize, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

use crate::fault::Kind;
use crate::file::{self, Role};
use crate::log::{Entry, Skip};
use crate::watch::Watched;

const NAME: &CStr = c"gigafactory-test";

/// The layer below. It is never taken out of SQLite's list, and never written to.
#[derive(Clone, Copy)]
struct Below(*mut sqlite3_vfs);

// SAFETY: SQLite itself hands this pointer to every thread; the layer below is made for that.
unsafe impl Send for Below {}
// SAFETY: as above.
unsafe impl Sync for Below {}

static BELOW: OnceLock<Result<Below, &'static str>> = OnceLock::new();

/// Makes the layer the process's default. Does nothing the second time.
pub(crate) fn install() -> Result<(), &'static str> {
    (*BELOW.get_or_init(register)).map(drop)
}

fn register() -> Result<Below, &'static str> {
    // SAFETY: may be called at any time, from any thread.
    if unsafe { sqlite3_initialize() } != SQLITE_OK {
        return Err("SQLite does not start");
    }
    // SAFETY: a null name asks for the default one.
    let below = unsafe { sqlite3_vfs_find(ptr::null()) };
    if below.is_null() {
        return Err("SQLite has no files here");
    }
    // SAFETY: what SQLite has found lives as long as the process. All methods but two are the ones from below: they are
    // given this copy instead of the original, which differs in nothing that they look at.
    let mut layer = unsafe { *below };
    layer.pNext = ptr::null_mut();
    layer.zName = NAME.as_ptr();
    layer.szOsFile += file::AHEAD as c_int;
    layer.xOpen = Some(open);
    layer.xDelete = Some(delete);
    let layer = Box::leak(Box::new(layer));
    // SAFETY: the layer is leaked, so it lives as long as the process.
    match unsafe { sqlite3_vfs_register(layer, 1) } {
        SQLITE_OK => Ok(Below(below)),
        _ => Err("SQLite does not take another layer"),
    }
}

fn below() -> *mut sqlite3_vfs {
    BELOW.get().copied().and_then(Result::ok).map_or(ptr::null_mut(), |below| below.0)
}

/// The watched directory that a file lies in, with the file's name.
///
/// # Safety
/// `name` is null, or a text that ends with a zero.
unsafe fn watched(name: *const c_char) -> Option<(std::sync::Arc<Watched>, String)> {
    if name.is_null() {
        return None;
    }
    // SAFETY: not null, and ends with a zero by this function's contract.
    Watched::of(unsafe { CStr::from_ptr(name) }.to_str().ok()?)
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    into: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let below = below();
    // SAFETY: `below` was found by `register`, without which nobody calls this.
    let Some(real) = (unsafe { (*below).xOpen }) else { return SQLITE_IOERR_DELETE };
    // SAFETY: SQLite's names end with a zero.
    let Some((watched, file)) = (unsafe { watched(name) }) else {
        // SAFETY: the memory is larger than the layer below asked for; the file is its own from here on.
        return unsafe { real(below, name, into, flags, out) };
    };
    // SAFETY: SQLite gives memory for a file; one without methods is not open.
    unsafe { (*into).pMethods = ptr::null() };
    let mut state = watched.lock();
    if let Some(fault) = state.meets(Kind::Open) {
        return fault.code;
    }
    // SAFETY: behind our own part the memory is as large as the layer below asked for.
    let code = unsafe { real(below, name, file::below(into), flags, out) };
    if code != SQLITE_OK {
        return code;
    }
    let number = state.log.as_mut().map_or(0, |log| log.open(&file));
    drop(state);
    let kind = |wanted: c_int| flags & wanted != 0;
    let role = match () {
        () if kind(SQLITE_OPEN_MAIN_DB) => Role::Database,
        () if kind(SQLITE_OPEN_WAL) => Role::Wal,
        () => Role::Other,
    };
    // The layer below syncs the directory with the first sync of such a file.
    let syncs_dir = kind(SQLITE_OPEN_CREATE) && kind(SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL);
    // SAFETY: the memory is ours up to the file below, which is open.
    unsafe { file::begin(into, watched, number, role, syncs_dir) };
    SQLITE_OK
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, syncs_dir: c_int) -> c_int {
    let below = below();
    // SAFETY: as in `open`.
    let Some(real) = (unsafe { (*below).xDelete }) else { return SQLITE_IOERR_DELETE };
    // SAFETY: SQLite's names end with a zero.
    let Some((watched, file)) = (unsafe { watched(name) }) else {
        // SAFETY: handed on as it came.
        return unsafe { real(below, name, syncs_dir) };
    };
    let mut state = watched.lock();
    if let Some(fault) = state.meets(Kind::Delete) {
        return fault.code;
    }
    // SAFETY: handed on as it came.
    let code = unsafe { real(below, name, syncs_dir) };
    if code == SQLITE_OK {
        if let Some(log) = &mut state.log {
            log.delete(&file);
        }
        if syncs_dir & 1 != 0 && state.skip != Skip::Directory {
            state.note(|| Entry::SyncDir);
        }
    }
    code
}
