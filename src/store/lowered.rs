//! Which databases are synced less than the store asks for. In test builds only, which have to see what that loses.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

static LOWERED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Has the store in this directory work with `synchronous=NORMAL` from its next start on.
pub fn lower(dir: &Path) {
    LOWERED.lock().unwrap_or_else(PoisonError::into_inner).insert(dir.to_owned());
}

/// How much is synced: the setting's word, and its number when it is read back.
pub(super) fn synchronous(file: &Path) -> (&'static str, i64) {
    let lowered = LOWERED.lock().unwrap_or_else(PoisonError::into_inner);
    if file.parent().is_some_and(|dir| lowered.contains(dir)) { ("NORMAL", 1) } else { ("FULL", 2) }
}
