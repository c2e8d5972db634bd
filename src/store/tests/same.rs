//! Every change and every read, against the store in memory.

use std::sync::Arc;

use actors::store::{Change, Fault, JobQuery, ReceiptKind, Renewed, Store, Write};
use domain::dispatch::{Term, Weight};
use domain::factory;
use domain::job::command::{Approve, Cancel, Edit, Release, Requeue};
use domain::job::state::{Checkpoint, Priority};
use domain::job::{Command, Fact, Insights, RunResult, Stage};
use domain::product::{self, Settings};
use domain::profile::{self, Profile, Snapshot};
use domain::{By, Epoch, Usd, event};
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::store::connect::{Role, connect};

use super::support::{Pair, T0, card, id, lease_to, open, opened, product as named, report, spec};

fn queries() -> Vec<JobQuery> {
    let any = JobQuery::default;
    vec![
        any(),
        JobQuery { stages: vec![Stage::Queued, Stage::Blocked], ..any() },
        JobQuery { stages: vec![Stage::Shipped, Stage::Building], ..any() },
        JobQuery { priority: Some(Priority::High), ..any() },
        JobQuery { factory: Some("mac-1".parse().unwrap()), ..any() },
        JobQuery { capability: Some("os:linux".into()), ..any() },
        JobQuery { label: Some(("team".into(), None)), ..any() },
        JobQuery { label: Some(("team".into(), Some("blue".into()))), ..any() },
        JobQuery { label: Some(("te".into(), None)), ..any() },
        JobQuery { tracker_item_id: Some("GF-7".into()), ..any() },
        JobQuery { text: Some("mEND".into()), ..any() },
        JobQuery { text: Some("100%_\\".into()), ..any() },
        JobQuery { text: Some("%".into()), ..any() },
    ]
}

async fn some_jobs(pair: &mut Pair) {
    let keyed = spec(json!({"idempotencyKey": "k1", "contentHash": "abc", "labels": {"team": "blue"}}));
    pair.submit(1, keyed, true).await;
    let needs = spec(json!({
        "title": "Paint 100%_\\ of it", "priority": "high", "capabilities": ["tool:git", "os:linux", "os:linux"],
        "engines": ["claude"], "concurrencyKey": "main", "concurrencyLimit": 3, "labels": {"team": "red"},
        "dueAt": T0.plus_secs(900), "repo": "git@host:a.git", "budget": {"usd": 2_500_000},
        "retry": {"maxAttempts": 7, "backoffSec": 30}, "profile": "careful@1", "given": ["engines", "budgetUsd"],
    }));
    pair.submit(2, needs.clone(), true).await;
    pair.submit(3, spec(json!({"dependsOn": [id(1), id(2)], "depsMode": "any", "onDepFailure": "ignore"})), false)
        .await;
    pair.submit(4, spec(json!({"dependsOn": [id(1)], "trackerItemId": "GF-7"})), false).await;
    pair.submit(5, needs, true).await;
    pair.submit(6, spec(json!({"notBefore": T0.plus_secs(3600)})), true).await;
    pair.submit(7, spec(json!({"bodyMd": ""})), true).await;
}

async fn some_runs(pair: &mut Pair) {
    pair.does(1, lease_to("mac-1", 1), Some((ReceiptKind::Claim, "mac-1/c1"))).await;
    let mut building = report(1, Stage::Building);
    building.checkpoint = Some(Checkpoint { wip_branch: "gigafactory/wip".into(), ..Checkpoint::default() });
    pair.does(1, Command::Report(Box::new(building)), Some((ReceiptKind::Report, "r1"))).await;
    pair.does(1, Command::Report(Box::new(report(1, Stage::Review))), Some((ReceiptKind::Report, "r2"))).await;
    pair.does(1, Command::Approve(Approve { reviewer: "bob".into(), note: Some("fine\n".into()) }), None).await;
    pair.does(1, Command::Ship, None).await;
    pair.does(2, lease_to("mac-1", 2), None).await;
    let fence = report(1, Stage::Building).fence;
    pair.does(2, Command::Release(Release { fence, result: RunResult::Released, resets_at: None }), None).await;
    pair.does(2, lease_to("linux-1", 3), None).await;
    pair.does(2, Command::Expire(Epoch(3)), None).await;
    pair.does(5, lease_to("mac-1", 4), None).await;
    pair.does(7, Command::Cancel(Cancel { reason: None }), None).await;
    pair.does(7, Command::Requeue(Requeue { fresh: true, note: Some("again".into()) }), None).await;
    let edited = spec(json!({"title": "Mend it twice", "priority": "critical"}));
    pair.does(7, Command::Edit(Box::new(Edit { spec: edited, changed: vec!["title".into()] })), None).await;
}

async fn some_notes(pair: &mut Pair) {
    let (of, by, at) = (pair.product.clone(), By::Coordinator, pair.now.plus_secs(60));
    let late = Insights { tokens_in: Some(5_000), cost_usd: Some(Usd(420_000)), ..Insights::default() };
    for (n, epoch) in [(1, 1), (2, 9), (5, 1)] {
        let fenced = Fact::Fenced { epoch: Epoch(epoch), factory: None };
        let usage = Some((Epoch(epoch), Box::new(late.clone())));
        let change = Change::Note { job: id(n), prev_seq: pair.jobs[&id(n)].1, usage, receipt: None };
        let write = Write { product: of.clone(), at, by: by.clone(), facts: vec![fenced.into()], change };
        pair.commit(write).await.unwrap();
    }
    let renewed =
        |n, epoch| Renewed { job: id(n), epoch: Epoch(epoch), expires_at: at.plus_secs(90), ttl_sec: 120, renewals: 3 };
    let change = Change::Renewals { renewed: vec![renewed(5, 1), renewed(2, 77), renewed(6, 1), renewed(999, 1)] };
    pair.commit(Write { product: of.clone(), at, by: by.clone(), facts: vec![], change }).await.unwrap();
    for (factory, fact) in [(card(false, 1), factory::Fact::Resumed {}), (card(true, 2), factory::Fact::Stale {})] {
        let change = Change::Factory { factory: Arc::new(factory) };
        let facts = vec![event::Fact::from(fact)];
        pair.commit(Write { product: of.clone(), at, by: by.clone(), facts, change }).await.unwrap();
    }
    let step = product::transition(&Settings::new(of.clone()), product::Command::Pause);
    let choices = product::Choices {
        review_limit: Some(4),
        estimate_usd: Some(Usd(5)),
        record_scores: true,
        default_profile: "careful@1".parse().ok(),
        default_repo: Some("/srv/shop".into()),
    };
    let weights = [(Term::Due, Weight::of_thousandths(1).unwrap())].into_iter().collect();
    let set = product::transition(&step.next, product::Command::Set(choices));
    let weighed = product::transition(&set.next, product::Command::SetWeights(weights));
    for step in [step, set, weighed] {
        let facts = step.facts.into_iter().map(event::Fact::from).collect();
        let change = Change::Settings { settings: Arc::new(step.next) };
        pair.commit(Write { product: of.clone(), at, by: by.clone(), facts, change }).await.unwrap();
    }
}

fn version(pair: &Pair, name: &str, version: u32) -> Write {
    let profile = Profile {
        product: pair.product.clone(),
        name: name.parse().unwrap(),
        version,
        snapshot: Snapshot {
            persona: (version > 1).then(|| format!("\"Careful\", {version} times\n")),
            defaults: profile::Defaults { engines: Some(vec!["codex".into()]), ..profile::Defaults::default() },
        },
        created_at: pair.now,
    };
    let facts = vec![profile::Fact::Published { name: profile.name.clone(), version }.into()];
    let (by, change) = (By::Operator("ann".into()), Change::Profile { profile: Arc::new(profile) });
    Write { product: pair.product.clone(), at: pair.now, by, facts, change }
}

async fn some_profiles(pair: &mut Pair) {
    for (name, number) in [("careful", 1), ("bold", 1), ("careful", 2), ("zealous", 1), ("careful", 10)] {
        pair.now = pair.now.plus_secs(1);
        let write = version(pair, name, number);
        pair.commit(write).await.unwrap();
    }
}

#[tokio::test]
async fn a_version_of_a_profile_is_written_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::new(dir.path()).await;
    some_profiles(&mut pair).await;
    let twice = version(&pair, "careful", 2);
    assert_eq!(pair.commit(twice).await, Err(Fault::Lost));
    let kept = pair.sqlite.profile(&pair.product, &"careful@2".parse().unwrap()).await.unwrap().unwrap();
    assert!(kept.created_at < pair.now);
    pair.agree(&[]).await;
}

#[tokio::test]
async fn every_change_reads_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::new(dir.path()).await;
    pair.agree(&queries()).await;
    some_jobs(&mut pair).await;
    pair.agree(&queries()).await;
    some_runs(&mut pair).await;
    pair.agree(&queries()).await;
    some_profiles(&mut pair).await;
    pair.agree(&queries()).await;
    some_notes(&mut pair).await;
    // The renewals are in the snapshots, so the pair's own copies are older than both stores now.
    pair.agree(&queries()).await;
}

#[tokio::test]
async fn a_foreign_product_sees_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::new(dir.path()).await;
    some_jobs(&mut pair).await;
    some_runs(&mut pair).await;
    some_profiles(&mut pair).await;
    pair.product = named("p2");
    let theirs = &pair.sqlite;
    assert!(theirs.job(&pair.product, id(1)).await.unwrap().is_none());
    assert!(theirs.profile(&pair.product, &"careful".parse().unwrap()).await.unwrap().is_none());
    assert!(theirs.runs(&pair.product, id(1)).await.unwrap().is_empty());
    assert!(theirs.run(&pair.product, id(1), Epoch(1)).await.unwrap().is_none());
    assert!(theirs.stages(&pair.product, &[id(1)]).await.unwrap().is_empty());
    pair.jobs.clear();
    pair.agree(&queries()).await;
}

#[tokio::test]
async fn opened_again_it_is_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::new(dir.path()).await;
    some_jobs(&mut pair).await;
    some_runs(&mut pair).await;
    some_profiles(&mut pair).await;
    some_notes(&mut pair).await;
    let before = opened(open(&pair.sqlite, &pair.product).await);
    pair.sqlite.close().await;
    let wal = std::fs::metadata(dir.path().join("gigafactory.db-wal")).map_or(0, |file| file.len());
    assert_eq!(wal, 0, "the WAL is empty");
    pair.sqlite = crate::store::SqliteStore::open(dir.path()).await.unwrap();
    assert_eq!(opened(open(&pair.sqlite, &pair.product).await), before);
    pair.agree(&queries()).await;
}

#[tokio::test]
async fn rows_of_the_first_schema_read_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::new(dir.path()).await;
    some_jobs(&mut pair).await;
    pair.sqlite.close().await;
    let db = connect(&dir.path().join("gigafactory.db"), Role::Writer).await.unwrap();
    // What schema 2 added to jobs that never ran.
    db.execute_unprepared("UPDATE job SET schema = 1, state = json_remove(state, '$.m')").await.unwrap();
    db.close().await.unwrap();
    pair.sqlite = crate::store::SqliteStore::open(dir.path()).await.unwrap();
    pair.agree(&queries()).await;
    some_runs(&mut pair).await;
    pair.agree(&queries()).await;
}

#[tokio::test]
async fn equal_needs_are_loaded_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::new(dir.path()).await;
    some_jobs(&mut pair).await;
    let opened = open(&pair.sqlite, &pair.product).await;
    let needs = |n| &opened.waiting.iter().find(|standing| standing.job == id(n)).unwrap().needs;
    assert!(Arc::ptr_eq(needs(2), needs(5)));
    assert!(!Arc::ptr_eq(needs(1), needs(2)));
}
