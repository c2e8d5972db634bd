//! Questions about jobs: submit, look, act.

use std::time::Duration;

use reqwest::Method;
use serde::Serialize;

use super::{BATCH_TIMEOUT, Client, ClientError, JobFilter, MARKDOWN, TIMEOUT, WAIT_MARGIN, answer};
use crate::action::{Answer, Approve, Cancel, Reject, Requeue, ShipRequest};
use crate::explain::Explanation;
use crate::patch::Report;
use crate::submit::{BatchAnswer, BatchRequest, SubmitRequest, Submitted};
use crate::{Event, Job, Lease, List, Release, Renew, Renewed, Run};

impl Client {
    /// Submits a job.
    pub async fn submit(&self, request: &SubmitRequest) -> Result<Submitted, ClientError> {
        self.post(&["fleet", "jobs"], request).await
    }

    /// Submits a markdown file with or without front matter.
    pub async fn submit_markdown(&self, text: &str) -> Result<Submitted, ClientError> {
        let url = self.url(&["fleet", "jobs"])?;
        let body = (MARKDOWN, text.as_bytes().to_vec());
        answer(self.call(Method::POST, url, Some(body), TIMEOUT).await?).await
    }

    /// Submits several jobs, each on its own.
    pub async fn batch(&self, request: &BatchRequest) -> Result<BatchAnswer, ClientError> {
        answer(self.send(Method::POST, &["fleet", "jobs", "batch"], request, BATCH_TIMEOUT).await?).await
    }

    /// Lists jobs.
    pub async fn jobs(&self, filter: &JobFilter) -> Result<List<Job>, ClientError> {
        let mut url = self.url(&["fleet", "jobs"])?;
        filter.write(&mut url);
        self.get(url).await
    }

    /// Looks at a job.
    pub async fn job(&self, id: &str) -> Result<Job, ClientError> {
        self.get(self.url(&["fleet", "jobs", id])?).await
    }

    /// Looks at a job as soon as its revision is above `rev`, or after `secs` seconds.
    pub async fn wait_job(&self, id: &str, rev: u64, secs: u32) -> Result<Job, ClientError> {
        let mut url = self.url(&["fleet", "jobs", id])?;
        url.query_pairs_mut().append_pair("waitRev", &rev.to_string()).append_pair("waitSec", &secs.to_string());
        let timeout = Duration::from_secs(secs.into()) + WAIT_MARGIN;
        answer(self.call(Method::GET, url, None, timeout).await?).await
    }

    /// Reports how a run goes.
    pub async fn report(&self, id: &str, report: &Report) -> Result<Job, ClientError> {
        answer(self.send(Method::PATCH, &["fleet", "jobs", id], report, TIMEOUT).await?).await
    }

    /// Asks for more time.
    pub async fn renew(&self, id: &str, renew: &Renew) -> Result<Renewed, ClientError> {
        self.post(&["fleet", "jobs", id, "lease", "renew"], renew).await
    }

    /// Gives a lease back.
    pub async fn release(&self, id: &str, release: &Release) -> Result<Job, ClientError> {
        self.post(&["fleet", "jobs", id, "lease", "release"], release).await
    }

    /// Looks at a job's lease.
    pub async fn lease(&self, id: &str) -> Result<Lease, ClientError> {
        self.get(self.url(&["fleet", "jobs", id, "lease"])?).await
    }

    /// Lists a job's runs.
    pub async fn runs(&self, id: &str) -> Result<List<Run>, ClientError> {
        self.get(self.url(&["fleet", "jobs", id, "runs"])?).await
    }

    /// Lists a job's events after a `seq`.
    pub async fn job_events(&self, id: &str, after: u64) -> Result<List<Event>, ClientError> {
        let mut url = self.url(&["fleet", "jobs", id, "events"])?;
        url.query_pairs_mut().append_pair("after", &after.to_string());
        self.get(url).await
    }

    /// Asks why a job waits, or how it was placed.
    pub async fn explain(&self, id: &str) -> Result<Explanation, ClientError> {
        self.get(self.url(&["fleet", "jobs", id, "explain"])?).await
    }

    /// Puts a job back into the queue.
    pub async fn requeue(&self, id: &str, requeue: &Requeue) -> Result<Job, ClientError> {
        self.act(id, "requeue", requeue).await
    }

    /// Refuses delivered work.
    pub async fn reject(&self, id: &str, reject: &Reject) -> Result<Job, ClientError> {
        self.act(id, "reject", reject).await
    }

    /// Ends a job.
    pub async fn cancel(&self, id: &str, cancel: &Cancel) -> Result<Job, ClientError> {
        self.act(id, "cancel", cancel).await
    }

    /// Ships delivered work.
    pub async fn ship(&self, id: &str) -> Result<Job, ClientError> {
        self.act(id, "ship", &ShipRequest {}).await
    }

    /// Approves a job.
    pub async fn approve(&self, id: &str, approve: &Approve) -> Result<Job, ClientError> {
        self.act(id, "approve", approve).await
    }

    /// Answers the question that a job is blocked on.
    pub async fn answer(&self, id: &str, text: &Answer) -> Result<Job, ClientError> {
        self.act(id, "answer", text).await
    }

    async fn act(&self, id: &str, action: &str, body: &impl Serialize) -> Result<Job, ClientError> {
        self.post(&["fleet", "jobs", id, action], body).await
    }
}
