//! What the clients were told: every acknowledged change, to be held against the coordinator later.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A job as far as its clients know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// The epochs under which a grant was acknowledged, and to whom.
    pub(crate) grants: BTreeMap<u64, String>,
    /// The highest `rev` that any answer showed.
    pub(crate) rev: u64,
    /// A `shipped` was acknowledged, under this epoch.
    pub(crate) shipped: Option<u64>,
}

/// Everything that was acknowledged. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    jobs: Arc<Mutex<BTreeMap<String, Known>>>,
    keys: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Ledger {
    pub(crate) fn submitted(&self, key: &str, job: &str, rev: u64) {
        let before = self.keys.lock().unwrap().insert(key.to_owned(), job.to_owned());
        assert!(before.as_deref().is_none_or(|before| before == job), "key {key} names {before:?} and {job}");
        self.seen(job, rev);
    }

    pub(crate) fn seen(&self, job: &str, rev: u64) {
        let mut jobs = self.jobs.lock().unwrap();
        let known = jobs.entry(job.to_owned()).or_default();
        known.rev = known.rev.max(rev);
    }

    pub(crate) fn granted(&self, job: &str, epoch: u64, factory: &str, rev: u64) {
        self.seen(job, rev);
        let mut jobs = self.jobs.lock().unwrap();
        let before = jobs.entry(job.to_owned()).or_default().grants.insert(epoch, factory.to_owned());
        assert!(before.as_deref().is_none_or(|before| before == factory), "{job} e{epoch}: {before:?} and {factory}");
    }

    pub(crate) fn shipped(&self, job: &str, epoch: u64, rev: u64) {
        self.seen(job, rev);
        self.jobs.lock().unwrap().entry(job.to_owned()).or_default().shipped = Some(epoch);
    }

    pub(crate) fn jobs(&self) -> BTreeMap<String, Known> {
        self.jobs.lock().unwrap().clone()
    }

    pub(crate) fn keys(&self) -> BTreeMap<String, String> {
        self.keys.lock().unwrap().clone()
    }
}
