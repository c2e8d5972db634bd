//! A connection of the test's own, beside those of what is tested: looks at a database, moves its WAL.

use std::ffi::{CStr, CString, c_int};
use std::path::Path;
use std::ptr;

use libsqlite3_sys::{
    SQLITE_CANTOPEN, SQLITE_DONE, SQLITE_OK, SQLITE_OPEN_FULLMUTEX, SQLITE_OPEN_READWRITE, SQLITE_ROW, sqlite3,
    sqlite3_close, sqlite3_column_text, sqlite3_errmsg, sqlite3_extended_errcode, sqlite3_finalize, sqlite3_open_v2,
    sqlite3_prepare_v2, sqlite3_step,
};

/// What SQLite says went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Its extended result code.
    pub code: i32,
    /// In words.
    pub message: String,
}

/// A connection to a database that exists. Does not wait for locks.
#[derive(Debug)]
pub struct Raw(*mut sqlite3);

// SAFETY: opened in SQLite's serialized mode, in which any thread may use a connection.
unsafe impl Send for Raw {}

impl Raw {
    /// Opens a database that exists.
    pub fn open(file: &Path) -> Result<Self, Failed> {
        let path = file.to_str().and_then(|path| CString::new(path).ok());
        let Some(path) = path else {
            return Err(Failed { code: SQLITE_CANTOPEN, message: "not a path for SQLite".to_owned() });
        };
        let mut raw = Self(ptr::null_mut());
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX;
        // SAFETY: the path ends with a zero; the place for the connection is ours.
        let code = unsafe { sqlite3_open_v2(path.as_ptr(), &mut raw.0, flags, ptr::null()) };
        if code == SQLITE_OK { Ok(raw) } else { Err(raw.failed()) }
    }

    /// Runs one statement; gives back the first column of every row as text.
    pub fn query(&self, sql: &str) -> Result<Vec<String>, Failed> {
        let (mut statement, mut rows) = (ptr::null_mut(), Vec::new());
        let length = c_int::try_from(sql.len()).unwrap_or(c_int::MAX);
        // SAFETY: the connection is open until the drop; the text is as long as said.
        let code = unsafe { sqlite3_prepare_v2(self.0, sql.as_ptr().cast(), length, &mut statement, ptr::null_mut()) };
        if code != SQLITE_OK {
            return Err(self.failed());
        }
        let outcome = loop {
            // SAFETY: the statement was prepared above and is finalized below.
            match unsafe { sqlite3_step(statement) } {
                SQLITE_ROW => {
                    // SAFETY: on a row; the text is copied before the next step.
                    let text = unsafe { sqlite3_column_text(statement, 0) };
                    // SAFETY: SQLite's texts end with a zero; null stands for NULL.
                    rows.push(unsafe { words(text.cast()) });
                }
                SQLITE_DONE => break Ok(rows),
                _ => break Err(self.failed()),
            }
        };
        // SAFETY: prepared above, not used any more.
        unsafe { sqlite3_finalize(statement) };
        outcome
    }

    fn failed(&self) -> Failed {
        // SAFETY: the connection is open, or was opened in vain; both keep their last error. Null is answered too.
        unsafe { Failed { code: sqlite3_extended_errcode(self.0), message: words(sqlite3_errmsg(self.0)) } }
    }
}

/// # Safety
/// `text` is null, or ends with a zero.
unsafe fn words(text: *const std::ffi::c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: not null, and ends with a zero by contract.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: nothing of this connection is used any more; null is allowed.
        unsafe { sqlite3_close(self.0) };
    }
}
