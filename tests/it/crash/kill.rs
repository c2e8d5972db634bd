//! SIGKILL at a moment nobody chose, again and again, on one data directory.

use std::time::Duration;

use super::clients::{submitter, worker};
use super::ledger::Ledger;
use super::server::{Http, Server};
use super::verify::verify;

/// How often the coordinator is killed.
const KILLS: usize = 20;
const SUBMITTERS: usize = 12;
const WORKERS: usize = 20;

#[test]
fn nothing_acknowledged_is_lost_when_the_coordinator_is_killed_under_load() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ledger = Ledger::default();
    for round in 0..KILLS {
        let server = Server::start(dir.path());
        let http = Http::new(&server.api);
        runtime.block_on(async {
            verify(&http, &ledger).await;
            let mut clients = tokio::task::JoinSet::new();
            for me in 0..SUBMITTERS {
                clients.spawn(submitter(http.clone(), ledger.clone(), me, round));
            }
            for me in 0..WORKERS {
                clients.spawn(worker(http.clone(), ledger.clone(), me, round));
            }
            // A different moment each round, from the first writes to a warm coordinator.
            tokio::time::sleep(Duration::from_millis(60 + (round as u64 * 97) % 400)).await;
            server.kill();
            while let Some(ended) = clients.join_next().await {
                ended.unwrap();
            }
        });
    }
    let server = Server::start(dir.path());
    let http = Http::new(&server.api);
    let events = runtime.block_on(verify(&http, &ledger));
    let (jobs, shipped) = (ledger.jobs().len(), ledger.jobs().values().filter(|known| known.shipped.is_some()).count());
    eprintln!(
        "{KILLS} kills, {jobs} jobs, {shipped} shipped, {events} events; the last start took {:?}",
        server.started_in
    );
    assert!(jobs > 100 && shipped > 50, "the load was too small to mean anything: {jobs} jobs, {shipped} shipped");
}
