//! The factory as a whole against a coordinator in memory.

use std::time::Duration;

use crate::support::fleet::{Coordinator, JOB, grant};
use crate::support::{Repo, git, runs, until};
use agent::lease::Stop;
use agent::{Config, FactoryError, Finish, Summary, run_with};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;
use wire::{ReleaseResult, Stage};

fn config(repo: &Repo) -> Config {
    let mut config = Config::new("http://unused/api", "p".parse().unwrap(), repo.path("state"));
    config.claim_wait_sec = 1;
    config.once_wait = Duration::from_secs(1);
    config.grace = Duration::from_millis(300);
    config
}

#[tokio::test]
async fn once_takes_one_job_does_it_and_ends() {
    let (repo, fleet) = (Repo::new(), Coordinator::new());
    fleet.offer(grant(&json!({"repo": repo.url(), "bodyMd": "echo x > x"}), 4, 1));
    let (_keep, shutdown) = watch::channel(false);
    let summary = run_with(Config { once: true, ..config(&repo) }, fleet.clone(), shutdown).await.unwrap();
    assert_eq!(summary, Summary { jobs: 1, last: Some(Finish::Reported(Stage::Review)) });
    let told = fleet.told();
    let beat = &told.beats[0];
    assert!(beat.capabilities.as_ref().unwrap().contains(&"engine:shell".to_owned()));
    assert_eq!((beat.seat_limit, beat.leases.as_deref()), (Some(1), Some(&[][..])));
    assert_eq!((told.claims.len(), told.claims[0].lease_ttl_sec), (1, Some(90)));
    assert!(told.reports.iter().all(|report| report.lease_epoch == 4));
}

#[tokio::test]
async fn once_without_a_job_ends_too() {
    let (repo, fleet) = (Repo::new(), Coordinator::new());
    let (_keep, shutdown) = watch::channel(false);
    let summary = run_with(Config { once: true, ..config(&repo) }, fleet, shutdown).await.unwrap();
    assert_eq!(summary, Summary::default());
}

#[tokio::test]
async fn a_shutdown_keeps_the_work_and_gives_the_lease_back() {
    let (repo, fleet) = (Repo::new(), Coordinator::new());
    let ready = repo.path("ready");
    let body = format!("echo x > x; touch '{}'; sleep 60", ready.display());
    fleet.offer(grant(&json!({"repo": repo.url(), "bodyMd": body}), 1, 1));
    let (ask, shutdown) = watch::channel(false);
    let factory = tokio::spawn(run_with(config(&repo), fleet.clone(), shutdown));
    until("the engine works", || ready.exists()).await;
    let lists = |fleet: &Coordinator| fleet.told().beats.iter().any(|beat| !beat.leases.as_ref().unwrap().is_empty());
    until("a heartbeat lists the lease", || lists(&fleet)).await;
    let began = Instant::now();
    ask.send(true).unwrap();
    let summary = factory.await.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(summary.last, Some(Finish::Released));
    assert_eq!(fleet.told().releases[0].result, Some(ReleaseResult::Released));
    assert_eq!(git(&repo.user, &["show", &format!("refs/gigafactory/wip/{JOB}/1:x")]), "x");
}

#[tokio::test]
async fn a_start_keeps_the_work_of_a_dead_life_and_ends_its_processes() {
    let (repo, fleet) = (Repo::new(), Coordinator::new());
    let (ready, copy) = (repo.path("ready"), repo.path("copy"));
    let body = format!("echo x > x; touch '{}'; sleep 60", ready.display());
    fleet.offer(grant(&json!({"repo": repo.url(), "bodyMd": body}), 1, 1));
    let (ask, shutdown) = watch::channel(false);
    let factory = tokio::spawn(run_with(config(&repo), fleet.clone(), shutdown.clone()));
    until("the engine works", || ready.exists()).await;
    // What a power failure would leave behind.
    let copied = std::process::Command::new("cp").arg("-r").arg(repo.path("state")).arg(&copy).status().unwrap();
    assert!(copied.success());
    ask.send(true).unwrap();
    factory.await.unwrap().unwrap();

    ask.send(false).unwrap();
    let later = Config { once: true, workdir: copy.clone(), ..config(&repo) };
    run_with(later, Coordinator::new(), shutdown).await.unwrap();
    assert_eq!(std::fs::read_dir(copy.join("runs")).unwrap().count(), 0);
    let journal = std::fs::read_to_string(copy.join("journal.ndjson")).unwrap();
    assert!(journal.lines().last().unwrap().contains("\"event\":\"recovered\""), "{journal}");
    assert!(journal.contains("work kept"), "{journal}");
}

#[tokio::test]
async fn two_factories_do_not_share_a_directory() {
    let (repo, fleet) = (Repo::new(), Coordinator::new());
    let (ask, shutdown) = watch::channel(false);
    let first = tokio::spawn(run_with(config(&repo), fleet.clone(), shutdown.clone()));
    until("the first one claims", || !fleet.told().claims.is_empty()).await;
    let second = run_with(config(&repo), fleet, shutdown).await;
    assert!(matches!(second, Err(FactoryError::Taken(_))), "{second:?}");
    ask.send(true).unwrap();
    assert_eq!(first.await.unwrap().unwrap(), Summary::default());
}

#[tokio::test]
async fn a_lease_that_the_heartbeat_finds_lost_ends_its_run() {
    let (repo, fleet) = (Repo::new(), Coordinator::new());
    let ready = repo.path("ready");
    let body = format!("echo $$ > '{}'; sleep 60", ready.display());
    fleet.offer(grant(&json!({"repo": repo.url(), "bodyMd": body}), 1, 1));
    let (_keep, shutdown) = watch::channel(false);
    let config = Config { once: true, heartbeat: Duration::from_secs(1), ..config(&repo) };
    let factory = tokio::spawn(run_with(config, fleet.clone(), shutdown));
    let told = || std::fs::read_to_string(&ready).unwrap_or_default();
    until("the engine works", || told().ends_with('\n')).await;
    fleet.lose();
    let summary = factory.await.unwrap().unwrap();
    assert_eq!(summary.last, Some(Finish::Aborted(Stop::Fenced)));
    assert!(!runs(told().trim().parse().unwrap()));
    assert_eq!(fleet.stages(), [Stage::Building]);
    assert!(fleet.told().releases.is_empty());
}

#[tokio::test]
async fn a_drained_factory_claims_nothing_until_it_is_resumed_and_a_revoked_one_ends() {
    let (repo, fleet) = (Repo::new(), Coordinator::new());
    fleet.call("draining");
    let (_keep, shutdown) = watch::channel(false);
    let config = Config { heartbeat: Duration::from_secs(1), ..config(&repo) };
    let factory = tokio::spawn(run_with(config, fleet.clone(), shutdown));
    until("it has beaten twice", || fleet.told().beats.len() > 1).await;
    assert!(fleet.told().claims.is_empty());
    fleet.call("online");
    until("it claims", || !fleet.told().claims.is_empty()).await;
    fleet.call("revoked");
    let end = factory.await.unwrap();
    assert!(matches!(end, Err(FactoryError::Refused(_))), "{end:?}");
}
