//! An open file of a watched directory: forwards every call to the file below it, and writes down or fails some.
//!
//! Its memory is ours first, then the layer's below.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::slice;
use std::sync::Arc;

use libsqlite3_sys::{
    SQLITE_FCNTL_COMMIT_PHASETWO, SQLITE_IOERR, SQLITE_NOTFOUND, SQLITE_OK, SQLITE_SHM_LOCK, sqlite3_file,
    sqlite3_int64, sqlite3_io_methods,
};

use crate::fault::Kind;
use crate::log::{Entry, Skip};
use crate::watch::Watched;

/// What a file is to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Database,
    Wal,
    Other,
}

#[repr(C)]
struct File {
    base: sqlite3_file,
    /// Ours until the file is closed.
    watched: Arc<Watched>,
    number: usize,
    role: Role,
    /// The next sync syncs the directory too.
    syncs_dir: bool,
    /// Frames were written by this connection since its last sync.
    frames: bool,
}

/// How much of a file's memory comes before the part of the layer below.
pub(crate) const AHEAD: usize = size_of::<File>();

/// The part of a file's memory that belongs to the layer below.
///
/// # Safety
/// `file` is memory for a file of this layer.
pub(crate) unsafe fn below(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: SQLite gave as much memory as both parts need.
    unsafe { file.cast::<u8>().add(AHEAD).cast() }
}

/// Makes a file of this layer over the one below, which is open.
///
/// # Safety
/// `into` is memory for a file of this layer.
pub(crate) unsafe fn begin(into: *mut sqlite3_file, watched: Arc<Watched>, number: usize, role: Role, syncs_dir: bool) {
    let base = sqlite3_file { pMethods: &METHODS };
    let file = File { base, watched, number, role, syncs_dir, frames: false };
    // SAFETY: large enough by contract, and SQLite aligns to the 8 bytes that it needs.
    unsafe { ptr::write(into.cast::<File>(), file) };
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // The second version has no mapped pages: everything is read and written through here.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Calls a method of the file below.
macro_rules! forward {
    ($file:expr, $method:ident $(, $arg:expr)*) => {{
        // SAFETY: SQLite calls methods of open files only; the file below is open as long as ours is, and is given what
        // SQLite gave.
        unsafe {
            let below = below($file);
            match (*(*below).pMethods).$method {
                Some(method) => method(below $(, $arg)*),
                None => SQLITE_IOERR,
            }
        }
    }};
}

/// Our part of a file.
///
/// # Safety
/// `file` was made by `begin` and is not closed; nobody else uses it meanwhile.
unsafe fn ours<'a>(file: *mut sqlite3_file) -> &'a mut File {
    // SAFETY: by contract; SQLite never uses a connection's file on two threads at once.
    unsafe { &mut *file.cast::<File>() }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let code = forward!(file, xClose);
    // SAFETY: made by `begin`; without methods SQLite does not use it any more, so this is the last use.
    unsafe {
        let ours = ptr::read(file.cast::<File>());
        (*file).pMethods = ptr::null();
        drop(ours);
    }
    code
}

unsafe extern "C" fn read(file: *mut sqlite3_file, into: *mut c_void, amount: c_int, at: sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls this with an open file.
    if let Some(code) = unsafe { ours(file) }.watched.fails(Kind::Read) {
        return code;
    }
    forward!(file, xRead, into, amount, at)
}

unsafe extern "C" fn write(file: *mut sqlite3_file, from: *const c_void, amount: c_int, at: sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls this with an open file.
    let ours = unsafe { ours(file) };
    let mut state = ours.watched.lock();
    let (mut amount, mut failed) = (amount, None);
    if let Some(fault) = state.meets(Kind::Write) {
        amount = c_int::try_from(fault.torn).unwrap_or(c_int::MAX).min(amount - 1);
        failed = Some(fault.code);
    }
    if amount > 0 {
        let code = forward!(file, xWrite, from, amount, at);
        if code != SQLITE_OK {
            return code;
        }
        // SAFETY: SQLite gives as many bytes as it says, and at least as many as are left after a tear.
        let bytes = unsafe { slice::from_raw_parts(from.cast::<u8>(), amount.unsigned_abs() as usize) };
        let (number, offset) = (ours.number, at.unsigned_abs());
        state.note(|| Entry::Write { file: number, offset, bytes: bytes.to_vec() });
        ours.frames |= ours.role == Role::Wal && at > 0;
    }
    failed.unwrap_or(SQLITE_OK)
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls this with an open file.
    let ours = unsafe { ours(file) };
    let mut state = ours.watched.lock();
    if let Some(fault) = state.meets(Kind::Truncate) {
        return fault.code;
    }
    let code = forward!(file, xTruncate, size);
    if code == SQLITE_OK {
        let number = ours.number;
        state.note(|| Entry::Truncate { file: number, size: size.unsigned_abs() });
    }
    code
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite calls this with an open file.
    let ours = unsafe { ours(file) };
    let mut state = ours.watched.lock();
    if let Some(fault) = state.meets(Kind::Sync) {
        return fault.code;
    }
    let code = forward!(file, xSync, flags);
    if code != SQLITE_OK {
        return code;
    }
    let skipped = match state.skip {
        Skip::Nothing | Skip::Directory => false,
        Skip::Database => ours.role == Role::Database,
        Skip::Commits => ours.role == Role::Wal && ours.frames,
    };
    ours.frames = false;
    if !skipped {
        let number = ours.number;
        state.note(|| Entry::Sync { file: number });
        if std::mem::take(&mut ours.syncs_dir) && state.skip != Skip::Directory {
            state.note(|| Entry::SyncDir);
        }
    }
    SQLITE_OK
}

unsafe extern "C" fn size(file: *mut sqlite3_file, into: *mut sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls this with an open file.
    if let Some(code) = unsafe { ours(file) }.watched.fails(Kind::Size) {
        return code;
    }
    forward!(file, xFileSize, into)
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite calls this with an open file.
    if let Some(code) = unsafe { ours(file) }.watched.fails(Kind::Lock) {
        return code;
    }
    forward!(file, xLock, level)
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    forward!(file, xUnlock, level)
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, into: *mut c_int) -> c_int {
    forward!(file, xCheckReservedLock, into)
}

unsafe extern "C" fn control(file: *mut sqlite3_file, what: c_int, with: *mut c_void) -> c_int {
    // SAFETY: SQLite calls this with an open file.
    let ours = unsafe { ours(file) };
    if what == SQLITE_FCNTL_COMMIT_PHASETWO
        && let Some(code) = ours.watched.fails(Kind::Committed)
    {
        return code;
    }
    match forward!(file, xFileControl, what, with) {
        SQLITE_IOERR if what == SQLITE_FCNTL_COMMIT_PHASETWO => SQLITE_NOTFOUND,
        code => code,
    }
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    forward!(file, xSectorSize)
}

unsafe extern "C" fn characteristics(file: *mut sqlite3_file) -> c_int {
    forward!(file, xDeviceCharacteristics)
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    page: c_int,
    size: c_int,
    extends: c_int,
    into: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite calls this with an open file.
    if let Some(code) = unsafe { ours(file) }.watched.fails(Kind::ShmMap) {
        // SAFETY: SQLite gives a place for the answer.
        unsafe { *into = ptr::null_mut() };
        return code;
    }
    forward!(file, xShmMap, page, size, extends, into)
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, offset: c_int, n: c_int, flags: c_int) -> c_int {
    if flags & SQLITE_SHM_LOCK != 0
        // SAFETY: SQLite calls this with an open file.
        && let Some(code) = unsafe { ours(file) }.watched.fails(Kind::ShmLock)
    {
        return code;
    }
    forward!(file, xShmLock, offset, n, flags)
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: as in `forward!`.
    unsafe {
        let below = below(file);
        if let Some(method) = (*(*below).pMethods).xShmBarrier {
            method(below);
        }
    }
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, deletes: c_int) -> c_int {
    forward!(file, xShmUnmap, deletes)
}
