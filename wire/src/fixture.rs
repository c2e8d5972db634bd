//! Two jobs for tests: one that waits and one that a factory holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::job::insights::Insights;
use domain::job::spec::{JobBudget, Spec};
use domain::job::state::{Job, Lease, LeaseStatus, Run, Spent, Stage};
use domain::{Epoch, JobId, RunId, Timestamp, Usd};

use crate::submit::SubmitRequest;

fn spec() -> Spec {
    let request = SubmitRequest { body_md: "# Fix it\n".into(), ..SubmitRequest::default() };
    let mut spec = request.into_spec(|_| None).unwrap();
    spec.manifest_json = "{\"x\":1}".into();
    spec.budget = JobBudget { usd: Some(Usd(2_500_000)), wall_sec: None };
    spec
}

/// A job that waits for a factory.
pub(crate) fn queued() -> Job {
    Job {
        id: "01890000-0000-7000-8000-000000000001".parse::<JobId>().unwrap(),
        product: "acme".parse().unwrap(),
        spec: Arc::new(spec()),
        edition: 1,
        stage: Stage::Queued,
        blocked_reason: None,
        epoch: Epoch(0),
        lease: None,
        run: None,
        runs: 0,
        attempt: 0,
        not_before: None,
        deps_met: true,
        children: 0,
        settled: None,
        checkpoint: None,
        saved_by: None,
        saved_at: None,
        approved_by: Vec::new(),
        notes: Vec::new(),
        question: None,
        result: None,
        spent: Spent::default(),
        failed_on: BTreeMap::new(),
        preempted: 0,
        rev: 1,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        queued_at: Some(Timestamp(0)),
        finished_at: None,
    }
}

/// The same job, held by `f1` under epoch 1.
pub(crate) fn leased() -> Job {
    let mut job = queued();
    job.stage = Stage::Assigned;
    job.epoch = Epoch(1);
    job.lease = Some(Lease {
        holder: "f1".parse().unwrap(),
        epoch: Epoch(1),
        expires_at: Timestamp(90_000),
        ttl_sec: 90,
        renewals: 2,
        status: LeaseStatus::Held,
        reached: Stage::Assigned,
    });
    job.run = Some(Run {
        id: "01890000-0000-7000-8000-000000000002".parse::<RunId>().unwrap(),
        attempt: 1,
        factory: "f1".parse().unwrap(),
        epoch: Epoch(1),
        engine: Some("shell".into()),
        started_at: Timestamp(0),
        ended_at: None,
        exit: None,
        verify_result: None,
        result: None,
        reached: Stage::Assigned,
        insights: Insights { tokens_in: Some(0), cost_usd: Some(Usd(50_000)), ..Insights::default() },
    });
    job
}
