//! Jobs to begin stories with, and how a story drives a job.

use std::sync::Arc;

use domain::job::spec::{Approvals, JobBudget, Retry};
use domain::job::{self, Command, Fact, Job, Refusal, Spec, Stage, Submitted, transition};
use domain::{By, JobId, ProductId, Timestamp};
use uuid::Uuid;

use super::members::{Members, at};
use super::order;
use super::record;
use super::story::{Actor, Turn};

/// The job of most stories.
pub(crate) const JOB: JobId = JobId(Uuid::from_u128(1));

/// The product of every story.
pub(crate) fn product() -> ProductId {
    "p".parse().expect("a good name")
}

/// What is asked for in most stories: everything as usual.
pub(crate) fn spec() -> Spec {
    Spec {
        title: "Fix the door".into(),
        body_md: "# Fix the door".into(),
        manifest_json: "{}".into(),
        priority: job::state::Priority::Normal,
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
        kind: job::spec::Kind::Leaf,
        parent: None,
        auto_complete: false,
        depends_on: Vec::new(),
        deps_mode: job::spec::DepsMode::All,
        on_dep_failure: job::spec::OnDepFailure::Block,
        concurrency_key: None,
        concurrency_limit: 1,
        budget: JobBudget::default(),
        timeout_sec: None,
        retry: Retry::default(),
        not_before: None,
        due_at: None,
        labels: Default::default(),
        approvals: Approvals::default(),
        given: None,
    }
}

/// A job as submitted at 0 s: queued, or blocked where its dependencies are open.
pub(crate) fn submitted(spec: Spec, deps_met: bool) -> Submitted {
    job::submit(JOB, product(), spec, (deps_met, 0), Timestamp(0))
}

/// A queued job of that spec.
pub(crate) fn queued(spec: Spec) -> Job {
    submitted(spec, true).job
}

/// A job that waits for two others.
pub(crate) fn waiting(mut spec: Spec) -> Job {
    spec.depends_on = vec![JobId(Uuid::from_u128(0xa1)), JobId(Uuid::from_u128(0xa2))];
    submitted(spec, false).job
}

/// A queued job with everything as usual.
pub(crate) fn queued_job() -> Job {
    queued(spec())
}

/// The job after these orders, each at its second. Panics where one is refused.
pub(crate) fn after(job: Job, orders: impl IntoIterator<Item = (i64, Command)>) -> Job {
    orders.into_iter().fold(job, |job, (secs, order)| {
        let now = Timestamp(secs * 1_000);
        match transition(&job, order.clone(), &order::by(&order), now) {
            Ok(step) => step.next,
            Err(refusal) => panic!("{} was refused at {}: {refusal}", order::said(&order), at(now)),
        }
    })
}

/// A job that f1 leased at 0 s for 60 s and reported in this stage.
pub(crate) fn leased(spec: Spec, stage: Stage) -> Job {
    let job = after(queued(spec), [(0, order::lease("f1"))]);
    if stage == Stage::Assigned { job } else { after(job, [(0, order::told(order::report(stage)))]) }
}

/// A fact as its event has it.
pub(crate) fn event(fact: &Fact) -> String {
    let data = serde_json::to_string(fact).expect("every fact can be written");
    if data == "null" { fact.kind().to_owned() } else { format!("{} {data}", fact.kind()) }
}

/// A refusal in its own words, and its name.
pub(crate) fn refusal(refusal: &Refusal) -> String {
    let name = match refusal {
        Refusal::StaleLease { .. } => "StaleLease",
        Refusal::LeaseEnded { .. } => "LeaseEnded",
        Refusal::IllegalTransition { .. } => "IllegalTransition",
        Refusal::ApprovalsMissing { .. } => "ApprovalsMissing",
        Refusal::ReportMismatch => "ReportMismatch",
        Refusal::NotReady { .. } => "NotReady",
        Refusal::LeasedField { .. } => "LeasedField",
        Refusal::Unfit { .. } => "Unfit",
    };
    format!("{name}: {refusal}")
}

impl Actor for Job {
    type Order = Command;

    fn said(order: &Command) -> String {
        order::said(order)
    }

    fn obeys(&self, order: Command, now: Timestamp) -> Result<Turn<Self>, String> {
        let by = order::by(&order);
        let step = transition(self, order, &by, now).map_err(|no| refusal(&no))?;
        assert_replays(self, &step.facts, &step.next, &by, now);
        Ok(Turn {
            next: step.next,
            events: step.facts.iter().map(event).collect(),
            ended: step.ended.as_ref().map(record::ended),
        })
    }

    fn members(&self) -> Members {
        record::job(self)
    }

    fn standing(&self) -> String {
        let reason = self.blocked_reason.map(|why| format!(" ({})", super::members::word(&why))).unwrap_or_default();
        let lease = self.lease.as_ref().map_or_else(
            || "no lease yet".to_owned(),
            |lease| format!("lease {} {}", lease.holder, super::members::word(&lease.status)),
        );
        format!("{}{reason}, epoch {}, attempt {}, {lease}", self.stage, self.epoch, self.attempt)
    }

    fn deadline(&self) -> String {
        self.deadline().map_or_else(|| "none".to_owned(), |(when, why)| format!("{} {why:?}", at(when)))
    }
}

/// The facts alone lead to the next state.
fn assert_replays(job: &Job, facts: &[Fact], next: &Job, by: &By, now: Timestamp) {
    let replayed = facts.iter().fold(job.clone(), |job, fact| job::apply(job, fact, by, now));
    let expected =
        Job { rev: replayed.rev, updated_at: replayed.updated_at, spec: Arc::clone(&next.spec), ..next.clone() };
    assert_eq!(replayed, expected, "the facts tell another story than the step");
}
