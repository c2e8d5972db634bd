//! The newest renewals, for whoever reads a job from the database.

use std::sync::Arc;

use dashmap::DashMap;
use domain::JobId;
use domain::job::Job;
use domain::product::Held;

/// Renewals that a stored job may not show yet. Written by the product's actor only.
#[derive(Clone, Default)]
pub(crate) struct Soft {
    renewed: Arc<DashMap<JobId, Held>>,
}

impl Soft {
    pub(super) fn put(&self, job: JobId, held: Held) {
        self.renewed.insert(job, held);
    }

    pub(super) fn remove(&self, job: JobId) {
        self.renewed.remove(&job);
    }

    /// The job with the newest renewal of the same epoch written into its lease.
    pub(crate) fn over(&self, job: &Arc<Job>) -> Arc<Job> {
        let Some(held) =
            job.held().and_then(|lease| self.renewed.get(&job.id).filter(|held| held.epoch == lease.epoch))
        else {
            return job.clone();
        };
        let mut job = Job::clone(job);
        if let Some(lease) = &mut job.lease {
            lease.expires_at = held.expires_at;
            lease.ttl_sec = held.ttl_sec;
            lease.renewals = held.renewals;
        }
        Arc::new(job)
    }
}
