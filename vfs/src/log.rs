//! What has reached the files of a directory, in one order.

use std::collections::BTreeMap;

/// One thing that was done. Files are numbered as they come into being; one that is created anew is another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A name came into the directory.
    Create {
        /// The name.
        name: String,
        /// The file behind it.
        file: usize,
    },
    /// A name left the directory.
    Delete {
        /// The name.
        name: String,
    },
    /// The directory was synced: its names are durable.
    SyncDir,
    /// Bytes were written.
    Write {
        /// Into which file.
        file: usize,
        /// Where, in bytes.
        offset: u64,
        /// What.
        bytes: Vec<u8>,
    },
    /// A file was cut, or lengthened with zeros.
    Truncate {
        /// Which file.
        file: usize,
        /// Its size since, in bytes.
        size: u64,
    },
    /// A file was synced: everything written to it before is durable.
    Sync {
        /// Which file.
        file: usize,
    },
}

/// Syncs that are answered and not written down: a disk that lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Skip {
    /// None: the disk is honest.
    #[default]
    Nothing,
    /// Those of the database file.
    Database,
    /// Those of the WAL by which a commit becomes durable; what `synchronous=NORMAL` leaves out.
    Commits,
    /// Those of the directory.
    Directory,
}

/// The log, and the names as they are now.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) entries: Vec<Entry>,
    names: BTreeMap<String, usize>,
    files: usize,
}

impl Log {
    /// The file behind a name, which is created where there is none.
    pub(crate) fn open(&mut self, name: &str) -> usize {
        if let Some(file) = self.names.get(name) {
            return *file;
        }
        let file = self.files;
        self.files += 1;
        self.names.insert(name.to_owned(), file);
        self.entries.push(Entry::Create { name: name.to_owned(), file });
        file
    }

    pub(crate) fn delete(&mut self, name: &str) {
        if self.names.remove(name).is_some() {
            self.entries.push(Entry::Delete { name: name.to_owned() });
        }
    }
}
