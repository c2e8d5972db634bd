//! Reads straight from the tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::factory::Factory;
use domain::job::{Job, Run, Stage};
use domain::profile::{Profile, Wanted};
use domain::{Epoch, JobId, ProductId, ProfileName, Timestamp};

use super::tables::Tenant;
use super::{MemoryStore, locked};
use crate::store::{
    Committed, Ears, Fault, JobQuery, Logged, Node, Opened, Page, Receipt, ReceiptKind, Store, Stored, Why, Write,
};

impl MemoryStore {
    fn read<T: Default>(&self, product: &ProductId, read: impl FnOnce(&Tenant) -> T) -> T {
        locked(&self.tables).products.get(product).map(read).unwrap_or_default()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, write: Write) -> Result<Committed, Fault> {
        self.committer.commit(write).await
    }

    async fn commit_all(&self, writes: Vec<Write>) -> Result<Vec<Committed>, Fault> {
        self.committer.commit_all(writes).await
    }

    async fn open(&self, product: &ProductId, ears: Arc<dyn Ears>) -> Result<Opened, Fault> {
        self.committer.open(product, ears).await
    }

    async fn settled(&self, product: &ProductId) {
        self.committer.settled(product).await;
    }

    async fn job(&self, product: &ProductId, id: JobId) -> Result<Option<Stored>, Why> {
        Ok(self.read(product, |tenant| {
            let (job, last_seq) = tenant.jobs.get(&id).cloned()?;
            let of_job = |receipt: &&Receipt| receipt.kind == ReceiptKind::Report && receipt.job == id;
            let receipts = tenant.receipts.values().filter(of_job).cloned().collect();
            Some(Stored { job, last_seq, receipts })
        }))
    }

    async fn jobs(&self, product: &ProductId, query: &JobQuery, page: Page<JobId>) -> Result<Vec<Arc<Job>>, Why> {
        Ok(self.read(product, |tenant| {
            let older = tenant.jobs.iter().rev().filter(|(id, _)| page.after.is_none_or(|after| **id < after));
            older.map(|(_, (job, _))| job).filter(|job| matches(query, job)).take(page.limit).cloned().collect()
        }))
    }

    async fn stages(&self, product: &ProductId, ids: &[JobId]) -> Result<Vec<(JobId, Stage)>, Why> {
        Ok(self.read(product, |tenant| {
            ids.iter().filter_map(|id| tenant.jobs.get(id).map(|(job, _)| (*id, job.stage))).collect()
        }))
    }

    async fn children(&self, product: &ProductId, parent: JobId) -> Result<Vec<(JobId, Stage)>, Why> {
        Ok(self.read(product, |tenant| tenant.children(parent).map(|job| (job.id, job.stage)).collect()))
    }

    async fn dag(&self, product: &ProductId, root: JobId, most: usize) -> Result<Vec<Node>, Why> {
        Ok(self.read(product, |tenant| {
            let (mut found, mut next) = (BTreeMap::new(), vec![root]);
            while let Some(id) = next.pop() {
                let Some((job, _)) = tenant.jobs.get(&id).filter(|_| found.len() < most && !found.contains_key(&id))
                else {
                    continue;
                };
                next.extend(tenant.children(id).map(|child| child.id).chain(job.spec.depends_on.iter().copied()));
                found.insert(id, node(job));
            }
            found.into_values().collect()
        }))
    }

    async fn runs(&self, product: &ProductId, job: JobId) -> Result<Vec<Run>, Why> {
        Ok(self.read(product, |tenant| tenant.runs.get(&job).cloned().unwrap_or_default()))
    }

    async fn run(&self, product: &ProductId, job: JobId, epoch: Epoch) -> Result<Option<Run>, Why> {
        Ok(self.read(product, |tenant| tenant.runs.get(&job)?.iter().find(|run| run.epoch == epoch).cloned()))
    }

    async fn events(&self, product: &ProductId, job: Option<JobId>, page: Page<u64>) -> Result<Vec<Logged>, Why> {
        let after = page.after.unwrap_or(0);
        Ok(self.read(product, |tenant| {
            let wanted = tenant.log.iter().filter(|event| event.seq > after && (job.is_none() || event.job == job));
            wanted.take(page.limit).cloned().collect()
        }))
    }

    async fn factories(&self, product: &ProductId) -> Result<Vec<Arc<Factory>>, Why> {
        Ok(self.read(product, |tenant| tenant.factories.values().cloned().collect()))
    }

    async fn profiles(&self, product: &ProductId, page: Page<ProfileName>) -> Result<Vec<Arc<Profile>>, Why> {
        Ok(self.read(product, |tenant| {
            let newest: BTreeMap<_, _> = tenant.profiles.iter().map(|((name, _), profile)| (name, profile)).collect();
            let beyond = newest.into_iter().filter(|(name, _)| page.after.as_ref().is_none_or(|after| *name > after));
            beyond.map(|(_, profile)| profile.clone()).take(page.limit).collect()
        }))
    }

    async fn profile(&self, product: &ProductId, wanted: &Wanted) -> Result<Option<Arc<Profile>>, Why> {
        Ok(self.read(product, |tenant| match wanted.version {
            Some(version) => tenant.profiles.get(&(wanted.name.clone(), version)).cloned(),
            None => {
                let versions = (wanted.name.clone(), 0)..=(wanted.name.clone(), u32::MAX);
                tenant.profiles.range(versions).next_back().map(|(_, profile)| profile.clone())
            }
        }))
    }

    async fn receipt(&self, product: &ProductId, kind: ReceiptKind, key: &str) -> Result<Option<Receipt>, Why> {
        Ok(self.read(product, |tenant| tenant.receipts.get(&(kind, key.to_owned())).cloned()))
    }

    async fn products(&self) -> Result<Vec<ProductId>, Why> {
        Ok(locked(&self.tables).products.keys().cloned().collect())
    }

    async fn newest(&self) -> Result<Timestamp, Why> {
        let tables = locked(&self.tables);
        Ok(tables
            .products
            .values()
            .filter_map(|tenant| tenant.log.last())
            .map(|last| last.at)
            .max()
            .unwrap_or_default())
    }

    async fn ready(&self) -> Result<(), Why> {
        Ok(())
    }
}

fn node(job: &Job) -> Node {
    Node {
        id: job.id,
        title: job.spec.title.clone(),
        kind: job.kind(),
        stage: job.stage,
        parent: job.spec.parent,
        depends_on: job.spec.depends_on.clone(),
    }
}

fn matches(query: &JobQuery, job: &Job) -> bool {
    let spec = &job.spec;
    let text = |needle: &String| {
        let needle = needle.to_lowercase();
        spec.title.to_lowercase().contains(&needle) || spec.body_md.to_lowercase().contains(&needle)
    };
    let label = |(key, value): &(String, Option<String>)| {
        spec.labels.get(key).is_some_and(|has| value.as_ref().is_none_or(|value| value == has))
    };
    (query.stages.is_empty() || query.stages.contains(&job.stage))
        && query.priority.is_none_or(|priority| priority == spec.priority)
        && query.factory.as_ref().is_none_or(|id| job.held().is_some_and(|lease| lease.holder == *id))
        && query.capability.as_ref().is_none_or(|wanted| spec.capabilities.contains(wanted))
        && query.label.as_ref().is_none_or(label)
        && query.kind.is_none_or(|kind| kind == job.kind())
        && query.parent.is_none_or(|parent| spec.parent == Some(parent))
        && query.tracker_item_id.as_ref().is_none_or(|id| spec.tracker_item_id.as_ref() == Some(id))
        && query.text.as_ref().is_none_or(text)
}
