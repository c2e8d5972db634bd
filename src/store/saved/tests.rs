//! The bytes of what is saved, pinned: a change of them is a new schema.

use std::collections::BTreeMap;

use domain::Usd;
use domain::dispatch::{Term, Weight};
use domain::job::{Command, Job, Spec, Stage, transition};
use domain::product::Settings;
use domain::{By, Timestamp};
use serde_json::json;

use super::{FIRST, JobRow, SCHEMA, State};
use crate::store::tests::support::{T0, card, factory, lease_to, product, report, spec, submit};

fn queued() -> Job {
    let members = json!({"capabilities": ["os:linux", "tool:git"], "engines": ["claude"], "priority": "high"});
    submit(&product("default"), 1, spec(members), true).0
}

fn building() -> Job {
    let by = By::Factory(factory("mac-studio-1"));
    let leased = transition(&queued(), lease_to("mac-studio-1", 1), &by, T0.plus_secs(60)).unwrap().next;
    let report = Command::Report(Box::new(report(1, Stage::Building)));
    transition(&leased, report, &by, T0.plus_secs(90)).unwrap().next
}

/// A job that works in a repository and has saved something.
fn saved() -> Job {
    let job = building();
    let spec = Spec { repo: Some("git@host:fence.git".into()), ..(*job.spec).clone() };
    let mut report = report(1, Stage::Building);
    report.checkpoint = Some(serde_json::from_value(json!({"wipBranch": "gigafactory/fence"})).unwrap());
    let job = Job { spec: std::sync::Arc::new(spec), ..job };
    let by = By::Factory(factory("mac-studio-1"));
    transition(&job, Command::Report(Box::new(report)), &by, T0.plus_secs(95)).unwrap().next
}

/// What schema 2 added.
fn more(job: Job) -> Job {
    let members = json!({
        "capabilities": ["os:linux", "tool:git"], "engines": ["claude"], "priority": "high", "dueAt": T0.plus_secs(3_600),
        "repo": "git@host:a.git", "budget": {"usd": 2_500_000}, "retry": {"maxAttempts": 7, "backoffSec": 30},
    });
    Job {
        spec: std::sync::Arc::new(spec(members)),
        saved_by: Some(factory("mac-studio-1")),
        saved_at: Some(Timestamp(6)),
        failed_on: BTreeMap::from([(factory("mac-2"), 1), (factory("mac-studio-1"), 2)]),
        preempted: 3,
        ..job
    }
}

fn everything() -> Job {
    let mut job = building();
    job.blocked_reason = Some(domain::job::BlockedReason::DependencyFailed);
    job.deps_met = false;
    job.attempt = 2;
    job.not_before = Some(Timestamp(7));
    job.checkpoint = Some(serde_json::from_value(json!({"wipBranch": "b", "wipCommit": "c", "note": "n"})).unwrap());
    job.approved_by = vec!["bob".into()];
    job.notes = serde_json::from_value(json!([{"at": 5, "by": "operator:ada", "text": "mind the \"gap\"\n"}])).unwrap();
    job.question = Some("why?".into());
    job.result = Some(domain::job::RunResult::TimedOut);
    job.spent = serde_json::from_value(json!({"wall_ms": 9, "usd": 12})).unwrap();
    job.finished_at = Some(Timestamp(8));
    if let Some(lease) = &mut job.lease {
        lease.renewals = 4;
        lease.status = domain::job::LeaseStatus::Evicted;
    }
    if let Some(run) = &mut job.run {
        run.factory = factory("other");
        run.attempt = 7;
        run.epoch = domain::Epoch(9);
        run.exit = Some(-1);
        run.reached = Stage::Testing;
    }
    job
}

fn row(job: &Job) -> JobRow {
    JobRow {
        id: job.id.0,
        product: job.product.to_string(),
        stage: job.stage.to_string(),
        rev: job.rev.cast_signed(),
        epoch: job.epoch.0.cast_signed(),
        wake_at: job.not_before.map(|at| at.0),
        finished_at: job.finished_at.map(|at| at.0),
        last_seq: 1,
        edition: job.edition.cast_signed(),
        schema: SCHEMA,
        state: serde_json::to_string(&State::of(job)).unwrap(),
        spec: serde_json::to_string(&job.spec).unwrap(),
    }
}

#[test]
fn a_job_comes_back_as_it_was_saved() {
    let parent = Job { children: 3, settled: Some(vec![queued().id]), ..everything() };
    for job in [queued(), building(), everything(), more(everything()), more(queued()), saved(), parent] {
        assert_eq!(row(&job).job().unwrap(), job);
    }
}

#[test]
fn a_job_of_the_first_schema_has_nothing_of_the_second() {
    for job in [queued(), building(), everything()] {
        assert_eq!(JobRow { schema: FIRST, ..row(&job) }.job().unwrap(), job);
    }
}

#[test]
fn the_bytes_of_a_schema_do_not_change() {
    // Without what schema 2 added, a job has the bytes of schema 1.
    pinned(FIRST, vec![queued(), building(), everything()]);
    pinned(SCHEMA, vec![more(queued()), saved(), more(everything())]);
}

fn pinned(schema: i32, jobs: Vec<Job>) {
    let text = jobs.into_iter().map(|job| {
        let JobRow { state, spec, .. } = row(&job);
        let run = job.run.map(|run| serde_json::to_string(&run).unwrap()).unwrap_or_default();
        format!("state {state}\nspec {spec}\nrun {run}\n")
    });
    let card = serde_json::to_string(&card(true, 2)).unwrap();
    let saved = serde_json::to_string(&Settings::new(product("default"))).unwrap();
    let text = format!("{}\nfactory {card}\nsettings {saved}\n", text.collect::<Vec<_>>().join("\n"));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/saved"));
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(format!("schema_{schema}"), text));
}

fn chosen() -> Settings {
    let weight = |thousandths| Weight::of_thousandths(thousandths).unwrap();
    Settings {
        review_limit: Some(5),
        estimate_usd: Some(Usd(250_000)),
        record_scores: true,
        weights: [(Term::CapabilityFit, weight(1)), (Term::Age, weight(300_000))].into_iter().collect(),
        rev: 7,
        ..Settings::new(product("default"))
    }
}

#[test]
fn chosen_settings_are_saved_beside_the_gate() {
    let bytes = r#"{"product":"default","paused":false,"rev":7,"review_limit":5,"estimate_usd":250000,"record_scores":true,"weights":{"age":300000,"capabilityFit":1}}"#;
    assert_eq!(serde_json::to_string(&chosen()).unwrap(), bytes);
    assert_eq!(serde_json::from_str::<Settings>(bytes).unwrap(), chosen());
}

#[test]
fn settings_that_were_saved_before_there_was_anything_to_choose_are_read() {
    let before = r#"{"product":"default","paused":true,"rev":3}"#;
    let settings: Settings = serde_json::from_str(before).unwrap();
    assert_eq!(settings, Settings { paused: true, rev: 3, ..Settings::new(product("default")) });
    assert_eq!(serde_json::to_string(&settings).unwrap(), before);
}

#[test]
fn an_ordinary_job_is_small() {
    for job in [building(), more(queued())] {
        let state = row(&job).state;
        assert!(state.len() <= 300, "{} bytes: {state}", state.len());
    }
}

#[test]
fn another_schema_is_refused() {
    assert!(JobRow { schema: SCHEMA + 1, ..row(&queued()) }.job().is_err());
    assert!(JobRow { stage: "lost".into(), ..row(&queued()) }.job().is_err());
}
