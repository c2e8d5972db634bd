//! What clients have come to know, for those who guess at each other's jobs and leases. Decides nothing.

use std::collections::BTreeMap;

/// A lease that a factory was given.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) product: String,
    pub(super) job: String,
    pub(super) epoch: u64,
}

/// What has been seen so far.
#[derive(Default)]
pub(super) struct Notes {
    jobs: BTreeMap<String, Vec<String>>,
    /// Jobs that have children.
    parents: BTreeMap<String, Vec<String>>,
    factories: BTreeMap<String, Vec<String>>,
    pub(super) given: Vec<Given>,
    /// A report that was sent: product, path, body.
    pub(super) reports: Vec<(String, String, String)>,
}

impl Notes {
    pub(super) fn job(&mut self, product: &str, id: &str) {
        let jobs = self.jobs.entry(product.to_owned()).or_default();
        if !jobs.iter().any(|known| known == id) {
            jobs.push(id.to_owned());
        }
    }

    pub(super) fn parent(&mut self, product: &str, id: &str) {
        self.parents.entry(product.to_owned()).or_default().push(id.to_owned());
    }

    pub(super) fn parents(&self, product: &str) -> &[String] {
        self.parents.get(product).map_or(&[], Vec::as_slice)
    }

    pub(super) fn factory(&mut self, product: &str, id: &str) {
        self.factories.entry(product.to_owned()).or_default().push(id.to_owned());
    }

    pub(super) fn jobs(&self, product: &str) -> &[String] {
        self.jobs.get(product).map_or(&[], Vec::as_slice)
    }

    pub(super) fn factories(&self, product: &str) -> &[String] {
        self.factories.get(product).map_or(&[], Vec::as_slice)
    }
}
