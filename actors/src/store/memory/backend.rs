//! Writes batches into the tables, unless the plan says otherwise.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::dispatch::Standing;
use domain::{ProductId, job::Stage};

use super::locked;
use super::plan::{Plan, Upset};
use super::tables::{Tables, Tenant};
use crate::store::committer::Taken;
use crate::store::{Backend, Numbered, Opened, Pinned, Why, Written};

/// The tables in memory, as a committer writes them.
pub struct MemoryBackend {
    tables: Arc<Mutex<Tables>>,
    plan: Plan,
}

impl MemoryBackend {
    pub(super) fn new(tables: Arc<Mutex<Tables>>, plan: Plan) -> Self {
        Self { tables, plan }
    }

    fn apply(&self, batch: &[Numbered]) -> Written {
        let mut tables = locked(&self.tables);
        for numbered in batch {
            let tenant = tables.products.entry(numbered.write.product.clone()).or_default();
            tenant.write(numbered);
        }
        Written::Committed
    }

    /// Whether each write of the batch follows what is stored, taken one by one.
    fn contradiction(&self, batch: &[Numbered]) -> Option<String> {
        let tables = locked(&self.tables);
        let firsts = batch
            .iter()
            .enumerate()
            .filter(|(at, numbered)| batch[..*at].iter().all(|before| before.write.product != numbered.write.product));
        firsts
            .filter_map(|(_, numbered)| tables.products.get(&numbered.write.product).map(|tenant| (tenant, numbered)))
            .find_map(|(tenant, numbered)| tenant.contradiction(numbered))
    }
}

#[async_trait]
impl Backend for MemoryBackend {
    async fn taken(&mut self, keys: &[(ProductId, String)]) -> Result<Vec<Taken>, Why> {
        let tables = locked(&self.tables);
        let found = keys.iter().filter_map(|(product, key)| {
            let tenant = tables.products.get(product)?;
            let job = *tenant.keys.get(key)?;
            let hash = tenant.jobs.get(&job).and_then(|(job, _)| job.spec.content_hash.clone());
            Some((product.clone(), key.clone(), job, hash))
        });
        Ok(found.collect())
    }

    async fn write(&mut self, batch: &[Numbered]) -> Written {
        if let Some(what) = self.contradiction(batch) {
            return Written::Contradicted(what);
        }
        match self.plan.take() {
            None => self.apply(batch),
            Some(Upset::Slow(pause)) => {
                tokio::time::sleep(pause).await;
                self.apply(batch)
            }
            Some(Upset::Unavailable) => Written::NotWritten(Why::Unavailable("planned".into())),
            Some(Upset::Full) => Written::NotWritten(Why::Full),
            Some(Upset::LostUnwritten) => Written::Lost,
            Some(Upset::LostWritten) => {
                self.apply(batch);
                Written::Lost
            }
        }
    }

    async fn pin(&mut self, product: &ProductId) -> Result<Pinned, Why> {
        let opened = locked(&self.tables).products.get(product).map(opened).unwrap_or_default();
        Ok(Pinned { last_seq: opened.last_seq, load: Box::pin(async move { Ok(opened) }) })
    }
}

fn opened(tenant: &Tenant) -> Opened {
    let jobs = || tenant.jobs.values().map(|(job, _)| job);
    let waiting: Vec<Standing> = jobs()
        .filter(|job| job.held().is_none() && matches!(job.stage, Stage::Queued | Stage::Blocked))
        .map(|job| Standing::of(job))
        .collect();
    let named = waiting.iter().filter_map(|standing| standing.awaits.as_ref()).flat_map(|awaits| &awaits.jobs);
    Opened {
        last_seq: tenant.log.len() as u64,
        last_at: tenant.log.last().map(|logged| logged.at).unwrap_or_default(),
        settings: tenant.settings.clone(),
        factories: tenant.factories.values().cloned().collect(),
        reviewing: jobs().filter(|job| job.stage == Stage::Review).map(|job| job.id).collect(),
        leased: jobs().filter(|job| job.held().is_some()).cloned().collect(),
        dependencies: named.filter_map(|id| tenant.jobs.get(id).map(|(job, _)| (*id, job.stage))).collect(),
        waiting,
    }
}
