//! The local log of one run: everything that its processes wrote, up to a cap. What comes after the cap is dropped
//! and marked, so that a flood costs neither disk nor memory.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The cap of a log, in bytes.
pub const CAP: u64 = 16 * 1024 * 1024;
const MARK: &[u8] = b"\n[the log is cut off here: it has reached its limit]\n";

/// A log that several readers of pipes write to.
#[derive(Clone, Debug)]
pub struct Log {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    left: u64,
    marked: bool,
}

impl Log {
    /// Makes a new log of at most `cap` bytes, and the mark.
    pub fn create(path: &Path, cap: u64) -> io::Result<Self> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let inner = Inner { file: File::create(path)?, left: cap, marked: false };
        Ok(Self { inner: Arc::new(Mutex::new(inner)) })
    }

    /// Adds what fits. A full disk loses log lines, never the run.
    pub fn write(&self, bytes: &[u8]) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = bytes.len().min(usize::try_from(inner.left).unwrap_or(usize::MAX));
        let _ = inner.file.write_all(&bytes[..fits]);
        inner.left -= fits as u64;
        if fits < bytes.len() && !inner.marked {
            inner.marked = true;
            let _ = inner.file.write_all(MARK);
        }
    }

    /// Adds a line of the factory's own.
    pub fn note(&self, line: &str) {
        self.write(format!("[factory] {line}\n").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_ends_at_the_cap_with_one_mark() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("logs/a.log");
        let log = Log::create(&path, 10).unwrap();
        for _ in 0..3 {
            log.write(b"1234567");
        }
        let text = std::fs::read(&path).unwrap();
        assert_eq!(text, [b"1234567123".as_slice(), MARK].concat());
    }
}
