//! Random orders to a job: each aims at where the job stands, now and then at where it stood before.

use domain::job::command::{
    Adopt, Answer, Approve, Cancel, Edit, Fence, Lease, Outcome, Preempt, Prior, Reject, Release, Report, Requeue,
};
use domain::job::spec::{Approvals, JobBudget, Kind, OnDepFailure, Retry};
use domain::job::state::{Checkpoint, Priority};
use domain::job::{Command, Insights, Job, RunResult, Spec, Stage};
use domain::{Epoch, FactoryId, JobId, RunId, Timestamp, Usd};
use proptest::option::of;
use proptest::prelude::*;
use uuid::Uuid;

/// What a job is asked for, as far as it decides where the job can go.
pub(crate) fn spec() -> impl Strategy<Value = Spec> {
    let limits = (of(1_u64..40), of(1_u64..60), of(0_u64..40));
    let after = prop_oneof![Just(OnDepFailure::Block), Just(OnDepFailure::Fail), Just(OnDepFailure::Ignore)];
    (1_u32..4, 0_u64..20, 0_u32..2, limits, after).prop_map(|(max_attempts, backoff_sec, required, limits, after)| {
        let (timeout_sec, wall_sec, usd) = limits;
        Spec {
            timeout_sec,
            budget: JobBudget { usd: usd.map(Usd), wall_sec },
            retry: Retry { max_attempts, backoff_sec },
            on_dep_failure: after,
            approvals: Approvals { required, reviewers: Vec::new() },
            ..plain()
        }
    })
}

/// What a job is asked for where nothing matters.
pub(crate) fn plain() -> Spec {
    Spec {
        title: "t".into(),
        body_md: "b".into(),
        manifest_json: "{}".into(),
        priority: Priority::Normal,
        capabilities: Vec::new(),
        engine_class: None,
        engines: Vec::new(),
        profile: None,
        repo: None,
        base: None,
        cwd: None,
        verify: None,
        allowed_scope: Vec::new(),
        yolo: false,
        auto_ship: false,
        idempotency_key: None,
        content_hash: None,
        tracker_item_id: None,
        kind: Kind::Leaf,
        parent: None,
        auto_complete: false,
        depends_on: Vec::new(),
        deps_mode: domain::job::spec::DepsMode::All,
        on_dep_failure: OnDepFailure::Block,
        concurrency_key: None,
        concurrency_limit: 1,
        budget: JobBudget::default(),
        timeout_sec: None,
        retry: Retry::default(),
        not_before: None,
        due_at: None,
        labels: std::collections::BTreeMap::new(),
        approvals: Approvals::default(),
    }
}

/// An order before it knows the job.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    kind: u8,
    /// Milliseconds since the order before.
    pub(crate) pause_ms: u64,
    /// How far behind the lease's epoch it comes; mostly 0.
    behind: u64,
    stranger: bool,
    report: Report,
}

/// A random order.
pub(crate) fn draft() -> impl Strategy<Value = Draft> {
    let behind = prop_oneof![6 => Just(0), 1 => 1_u64..3];
    let stranger = prop_oneof![8 => Just(false), 1 => Just(true)];
    let pause_ms = prop_oneof![3 => 0_u64..3_000, 1 => 0_u64..90_000];
    (0_u8..44, pause_ms, behind, stranger, report()).prop_map(|(kind, pause_ms, behind, stranger, report)| Draft {
        kind,
        pause_ms,
        behind,
        stranger,
        report,
    })
}

fn report() -> impl Strategy<Value = Report> {
    let stage = prop_oneof![
        2 => Just(Stage::Building),
        2 => Just(Stage::Review),
        1 => Just(Stage::Testing),
        1 => Just(Stage::Shipped),
        2 => Just(Stage::Failed),
        1 => Just(Stage::Blocked),
        1 => proptest::sample::select(&Stage::ALL[..]),
    ];
    let result = proptest::sample::select(&RESULTS[..]);
    let costs = of((0_u64..40).prop_map(Usd));
    let words = (of(0_u8..3), any::<bool>(), of(Just("Which?".to_owned())));
    (prop::option::weighted(0.8, stage), prop::option::weighted(0.3, result), costs, words).prop_map(
        |(stage, result, cost_usd, (wip, retryable, question))| Report {
            fence: Fence { epoch: Epoch(0), factory: None },
            prior: Prior::None,
            stage,
            checkpoint: wip.map(|no| Checkpoint { wip_branch: format!("w{no}"), ..Checkpoint::default() }),
            insights: Insights { cost_usd, ..Insights::default() },
            result,
            exit: None,
            verify_result: None,
            retryable,
            reason: None,
            question,
        },
    )
}

const RESULTS: [RunResult; 11] = [
    RunResult::Succeeded,
    RunResult::NoChanges,
    RunResult::Failed,
    RunResult::TimedOut,
    RunResult::OverBudget,
    RunResult::NeedsInput,
    RunResult::Quota,
    RunResult::Lost,
    RunResult::Cancelled,
    RunResult::Preempted,
    RunResult::Released,
];

fn factory(name: &str) -> FactoryId {
    name.parse().expect("given in a good form")
}

impl Draft {
    /// The order, aimed at the job.
    pub(crate) fn aim(&self, job: &Job) -> Command {
        let (last, holder) = match &job.lease {
            Some(lease) => (lease.epoch.0, lease.holder.clone()),
            None => (1, factory("f1")),
        };
        let epoch = Epoch(last.saturating_sub(self.behind));
        let stranger = if holder.as_str() == "f1" { "f2" } else { "f1" };
        let fence = Fence { epoch, factory: Some(if self.stranger { factory(stranger) } else { holder }) };
        let note = self.report.question.clone();
        match self.kind {
            0..=8 => Command::Lease(Lease {
                factory: factory(if self.kind.is_multiple_of(2) { "f1" } else { "f2" }),
                run: RunId(Uuid::from_u128(u128::from(job.runs) + 1)),
                engine: None,
                ttl_sec: 60,
                claim_id: None,
                decision: None,
            }),
            9..=21 => Command::Report(Box::new(Report { fence, ..self.report.clone() })),
            22 => Command::Release(Release { fence, result: RunResult::Released, resets_at: None }),
            23 => {
                let result = self.report.result.unwrap_or(RunResult::Quota);
                Command::Release(Release { fence, result, resets_at: Some(Timestamp(self.pause_ms.cast_signed())) })
            }
            24 => Command::Renew(fence),
            25 | 26 => Command::Expire(epoch),
            27 => Command::Reclaim(epoch),
            28 => Command::Limit(epoch),
            29 => Command::Evict,
            30 => Command::DependenciesMet,
            31 => Command::DependencyFailed,
            32 => Command::Ship,
            33 => Command::Reject(Reject { note: "no".into(), is_final: !self.report.retryable }),
            34 => Command::Approve(Approve { reviewer: if self.stranger { "ann" } else { "bob" }.into(), note }),
            35 => Command::Answer(Answer { text: "that one".into() }),
            36 | 37 => Command::Requeue(Requeue { fresh: self.report.retryable, note }),
            38 => Command::Cancel(Cancel { reason: None }),
            40 => Command::ChildrenOpen,
            41 => Command::ChildrenMet(if self.stranger { Outcome::Settled } else { Outcome::Shipped }),
            42 => Command::Adopt(Adopt {
                children: 2,
                ended: Vec::new(),
                fence: (!self.report.retryable).then_some(fence),
            }),
            39 => Command::Preempt(Preempt { epoch, for_job: JobId(Uuid::from_u128(9)) }),
            _ => {
                let spec = Spec { title: format!("title {}", self.pause_ms), ..(*job.spec).clone() };
                Command::Edit(Box::new(Edit { spec, changed: vec!["title".into()] }))
            }
        }
    }
}
