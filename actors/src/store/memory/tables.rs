//! The records, and what a write does to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::factory::Factory;
use domain::job::{Job, Run};
use domain::product::Settings;
use domain::profile::Profile;
use domain::{FactoryId, JobId, ProductId, ProfileName};

use crate::store::{Change, Logged, Numbered, Receipt, ReceiptKind};

/// Everything that is stored.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) products: BTreeMap<ProductId, Tenant>,
}

/// Everything of one product.
#[derive(Debug, Default)]
pub(super) struct Tenant {
    pub(super) settings: Option<Settings>,
    pub(super) factories: BTreeMap<FactoryId, Arc<Factory>>,
    pub(super) jobs: BTreeMap<JobId, (Arc<Job>, u64)>,
    pub(super) keys: BTreeMap<String, JobId>,
    pub(super) runs: BTreeMap<JobId, Vec<Run>>,
    pub(super) receipts: BTreeMap<(ReceiptKind, String), Receipt>,
    pub(super) profiles: BTreeMap<(ProfileName, u32), Arc<Profile>>,
    pub(super) log: Vec<Logged>,
}

impl Tenant {
    /// What contradicts the stored state: a snapshot that does not follow the stored one.
    pub(super) fn contradiction(&self, numbered: &Numbered) -> Option<String> {
        if numbered.first_seq != self.log.len() as u64 + 1 {
            return Some(format!("seq {} after {}", numbered.first_seq, self.log.len()));
        }
        match &numbered.write.change {
            Change::Submit { job } => self.jobs.contains_key(&job.id).then(|| format!("{} exists", job.id)),
            Change::Job { job, .. } => {
                let stored = self.jobs.get(&job.id).map(|(job, _)| job.rev);
                (stored != Some(job.rev - 1)).then(|| format!("{} has rev {stored:?}, not {}", job.id, job.rev - 1))
            }
            Change::Profile { profile } => {
                let stored = self.profiles.contains_key(&(profile.name.clone(), profile.version));
                stored.then(|| format!("{} exists", profile.pinned()))
            }
            Change::Note { .. } | Change::Factory { .. } | Change::Settings { .. } | Change::Renewals { .. } => None,
        }
    }

    /// The children of a job, in the order of their ids.
    pub(super) fn children(&self, parent: JobId) -> impl Iterator<Item = &Arc<Job>> {
        self.jobs.values().map(|(job, _)| job).filter(move |job| job.spec.parent == Some(parent))
    }

    pub(super) fn write(&mut self, numbered: &Numbered) {
        let write = &numbered.write;
        let last_seq = numbered.first_seq + write.facts.len() as u64 - 1;
        for (seq, fact) in (numbered.first_seq..).zip(&write.facts) {
            self.log.push(Logged {
                seq,
                product: write.product.clone(),
                job: write.job_id(),
                factory: write.factory_id().cloned(),
                rev: write.rev(),
                kind: fact.kind().into(),
                at: write.at,
                by: write.by.to_string(),
                data: serde_json::to_string(fact).expect("a fact is plain data"),
            });
        }
        match &write.change {
            Change::Submit { job } => {
                if let Some(key) = write.key() {
                    self.keys.insert(key.to_owned(), job.id);
                }
                self.jobs.insert(job.id, (job.clone(), last_seq));
            }
            Change::Job { job, ended, receipt, .. } => {
                self.jobs.insert(job.id, (job.clone(), last_seq));
                self.runs.entry(job.id).or_default().extend(ended.as_deref().cloned());
                if let Some(receipt) = receipt {
                    self.receipts.insert((receipt.kind, receipt.key.clone()), receipt.clone());
                }
            }
            Change::Note { job, usage, receipt, .. } => {
                if let Some(receipt) = receipt {
                    self.receipts.insert((receipt.kind, receipt.key.clone()), receipt.clone());
                }
                if let Some(entry) = self.jobs.get_mut(job).filter(|_| !write.facts.is_empty()) {
                    entry.1 = last_seq;
                }
                let runs = self.runs.entry(*job).or_default();
                if let Some((epoch, usage)) = usage
                    && let Some(run) = runs.iter_mut().find(|run| run.epoch == *epoch)
                {
                    run.insights = run.insights.merged(usage);
                }
            }
            Change::Factory { factory } => {
                self.factories.insert(factory.id.clone(), factory.clone());
            }
            Change::Settings { settings } => self.settings = Some((**settings).clone()),
            Change::Profile { profile } => {
                self.profiles.insert((profile.name.clone(), profile.version), profile.clone());
            }
            Change::Renewals { renewed } => {
                for renewal in renewed {
                    let Some((job, _)) = self.jobs.get_mut(&renewal.job) else { continue };
                    let Some(lease) = Arc::make_mut(job).lease.as_mut().filter(|l| l.epoch == renewal.epoch) else {
                        continue;
                    };
                    lease.expires_at = renewal.expires_at;
                    lease.ttl_sec = renewal.ttl_sec;
                    lease.renewals = renewal.renewals;
                }
            }
        }
    }
}
