//! A coordinator in memory that remembers what it was told and refuses what a test wants refused.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent::fleet::{Fleet, Refused};
use serde_json::{Value, json};
use wire::{ClaimRequest, Grant, Heartbeat, HeartbeatAnswer, Job, Release, Renew, Renewed, Report, Stage};

pub(crate) const JOB: &str = "01890000-0000-7000-8000-000000000001";
const AT: &str = "2026-11-21T10:00:00.000Z";

/// What a coordinator was told, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) reports: Vec<Report>,
    pub(crate) releases: Vec<Release>,
    pub(crate) beats: Vec<Heartbeat>,
    pub(crate) claims: Vec<ClaimRequest>,
    pub(crate) renewals: usize,
}

#[derive(Default)]
struct Inner {
    told: Told,
    job: Value,
    grants: VecDeque<Grant>,
    refusals: BTreeMap<usize, Refused>,
    fence_at: Option<usize>,
    lost: bool,
    state: Option<&'static str>,
}

#[derive(Clone)]
pub(crate) struct Coordinator {
    inner: Arc<Mutex<Inner>>,
}

/// A job as the coordinator shows it, with `members` over the defaults.
pub(crate) fn job(members: &Value) -> Value {
    let mut job = json!({
        "id": JOB, "productId": "p", "title": "Do it", "bodyMd": "true", "manifestSnapshot": {}, "kind": "leaf",
        "stage": "assigned", "priority": "normal", "capabilities": [], "engines": ["shell"], "allowedScope": [], "yolo": false,
        "autoShip": false, "dependsOn": [], "depsMode": "all", "onDepFailure": "block", "concurrencyLimit": 1,
        "retry": {"maxAttempts": 3, "backoffSec": 30}, "attempt": 0, "labels": {},
        "approvals": {"required": 0, "reviewers": [], "by": []}, "notes": [], "leaseEpoch": 1, "rev": 1, "createdAt": AT,
        "updatedAt": AT,
    });
    for (name, value) in members.as_object().unwrap() {
        job[name] = value.clone();
    }
    job
}

/// A grant of such a job.
pub(crate) fn grant(members: &Value, epoch: u64, attempt: u32) -> Grant {
    // Unlike any other: a run's processes are known by it, and tests run beside each other.
    let id = uuid::Uuid::now_v7();
    let run =
        json!({"id": id, "jobId": JOB, "attempt": attempt, "factoryId": "f", "leaseEpoch": epoch, "startedAt": AT});
    serde_json::from_value(json!({
        "job": job(members), "run": run, "leaseEpoch": epoch, "leaseExpiresAt": AT, "leaseTtlSec": 90, "renewAfterSec": 30,
        "scoreBreakdown": {},
    }))
    .unwrap()
}

impl Coordinator {
    pub(crate) fn new() -> Self {
        Self { inner: Arc::default() }
    }

    /// Has this job to give away.
    pub(crate) fn offer(&self, grant: Grant) {
        self.inner.lock().unwrap().grants.push_back(grant);
    }

    /// Answers the write with this number, counted from 1, with a refusal.
    pub(crate) fn refuse_at(&self, number: usize, refused: Refused) {
        self.inner.lock().unwrap().refusals.insert(number, refused);
    }

    /// Fences the write with this number, and all after it.
    pub(crate) fn fence_at(&self, number: usize) {
        self.inner.lock().unwrap().fence_at = Some(number);
    }

    /// Counts every lease that a heartbeat lists as lost from now on.
    pub(crate) fn lose(&self) {
        self.inner.lock().unwrap().lost = true;
    }

    /// Calls the factory `draining`, `revoked`, … from now on.
    pub(crate) fn call(&self, state: &'static str) {
        self.inner.lock().unwrap().state = Some(state);
    }

    pub(crate) fn told(&self) -> Told {
        self.inner.lock().unwrap().told.clone()
    }

    /// The stages that were reported.
    pub(crate) fn stages(&self) -> Vec<Stage> {
        self.told().reports.iter().filter_map(|report| report.stage).collect()
    }

    fn write(&self, note: impl FnOnce(&mut Told)) -> Result<Job, Refused> {
        let mut inner = self.inner.lock().unwrap();
        note(&mut inner.told);
        let writes = inner.told.reports.len() + inner.told.releases.len() + inner.told.renewals;
        if let Some(refused) = inner.refusals.remove(&writes) {
            return Err(refused);
        }
        if inner.fence_at.is_some_and(|at| writes >= at) {
            return Err(Refused::Fenced);
        }
        let stage = inner.told.reports.iter().rev().find_map(|report| report.stage).unwrap_or(Stage::Assigned);
        inner.job = job(&json!({"stage": stage}));
        Ok(serde_json::from_value(inner.job.clone()).unwrap())
    }
}

impl Fleet for Coordinator {
    async fn heartbeat(&self, beat: &Heartbeat) -> Result<HeartbeatAnswer, Refused> {
        let (lost, state) = {
            let mut inner = self.inner.lock().unwrap();
            inner.told.beats.push(beat.clone());
            (inner.lost, inner.state.unwrap_or("online"))
        };
        let listed = beat.leases.clone().unwrap_or_default();
        let (gone, leases) = if lost { (listed, Vec::new()) } else { (Vec::new(), listed) };
        let renewed = leases.iter().map(|lease| {
            json!({"jobId": lease.job_id, "leaseEpoch": lease.lease_epoch, "leaseExpiresAt": AT, "leaseTtlSec": 90})
        });
        let renewed: Vec<Value> = renewed.collect();
        Ok(serde_json::from_value(json!({
            "factory": {
                "factoryId": "f", "productId": "p", "descriptor": {}, "engines": [], "repos": [], "capabilities": [],
                "engineClasses": [], "health": "ok", "load": 0.0, "seatLimit": 1, "seatsUsed": 0, "state": state,
                "heartbeatSec": 30, "lastHeartbeatAt": AT, "rev": 1,
            },
            "renewed": renewed, "lost": gone, "unlisted": [], "signals": [], "claimable": 0, "serverTime": AT,
            "heartbeatSec": 30,
        }))
        .unwrap())
    }

    async fn claim(&self, claim: &ClaimRequest) -> Result<Vec<Grant>, Refused> {
        let grant = {
            let mut inner = self.inner.lock().unwrap();
            inner.told.claims.push(claim.clone());
            inner.grants.pop_front()
        };
        if grant.is_none() {
            tokio::time::sleep(Duration::from_secs(claim.wait_sec.unwrap_or(0).into())).await;
        }
        Ok(grant.into_iter().collect())
    }

    async fn report(&self, id: &str, report: &Report) -> Result<Job, Refused> {
        assert_eq!(id, JOB);
        self.write(|told| told.reports.push(report.clone()))
    }

    async fn renew(&self, _id: &str, renew: &Renew) -> Result<Renewed, Refused> {
        self.write(|told| told.renewals += 1)?;
        let renewed =
            json!({"leaseEpoch": renew.lease_epoch, "leaseExpiresAt": AT, "leaseTtlSec": 90, "renewAfterSec": 30});
        Ok(serde_json::from_value(renewed).unwrap())
    }

    async fn release(&self, _id: &str, release: &Release) -> Result<Job, Refused> {
        self.write(|told| told.releases.push(release.clone()))
    }
}
