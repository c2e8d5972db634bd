//! What is lost when the power goes: nothing, and where the disk or the settings lie, something that is found.

use std::fs;
use std::path::Path;
use std::time::Instant;

use vfs::Skip;

use super::disk::{Disk, State};
use super::workload::{Recorded, record};
use crate::disk::oracle::Oracle;
use crate::disk::scratch::{Dice, scratch};

/// What became of a number of states.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) acknowledged: usize,
    /// The first few, in words.
    pub(crate) losses: Vec<String>,
}

/// Takes the power away from a recorded disk so many times. Ends early at so many losses.
pub(crate) async fn crash(recorded: &Recorded, seed: u64, states: usize, enough: usize) -> Found {
    let (log, mut dice) = (&recorded.log, Dice(seed));
    let mut moments: Vec<usize> = (0..states).map(|_| dice.below(log.len() + 1)).collect();
    moments.sort_unstable();
    let mut found = Found { acknowledged: recorded.history.acknowledged(), ..Found::default() };
    let (dir, mut oracle, mut disk) = (scratch(), Oracle::new(recorded.history.clone()), Disk::before(log));
    for at in moments {
        disk.advance(at);
        let state = disk.crashed(&mut dice);
        let data = dir.path().join(format!("state-{}", found.states));
        lay_out(&data, &state);
        found.states += 1;
        if let Err(why) = oracle.judge(&data, at).await {
            let sizes: Vec<_> = state.iter().map(|(name, data)| format!("{name} {}", data.len())).collect();
            found.losses.push(format!("seed {seed}, entry {at} of {}, [{}]: {why}", log.len(), sizes.join(", ")));
            if found.losses.len() >= enough {
                break;
            }
        }
        fs::remove_dir_all(&data).unwrap();
    }
    found
}

fn lay_out(data: &Path, state: &State) {
    fs::create_dir(data).unwrap();
    for (name, content) in state {
        fs::write(data.join(name), content).unwrap();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// So many workloads on an honest disk, so many states of each.
async fn nothing_is_lost(seed: u64, workloads: u64, states: usize) {
    let (begin, mut total, mut acknowledged) = (Instant::now(), 0, 0);
    for seed in seed..seed + workloads {
        let recorded = record(seed, Skip::Nothing, |_| {}).await;
        let found = crash(&recorded, seed, states, 1).await;
        total += found.states;
        acknowledged += found.acknowledged;
        assert!(found.acknowledged > 100, "too little was going on: {found:?}");
        assert!(found.losses.is_empty(), "{found:#?}");
    }
    eprintln!("{total} states of {workloads} workloads with {acknowledged} writes in {:?}", begin.elapsed());
}

#[test]
fn nothing_acknowledged_is_lost_when_the_power_goes() {
    block_on(nothing_is_lost(1, 2, 1_300));
}

#[test]
fn nothing_acknowledged_is_lost_when_the_power_goes_elsewhere() {
    block_on(nothing_is_lost(101, 2, 1_300));
}

/// A fault that these tests have to see: with it, states are lost.
async fn something_is_lost(skip: Skip, prepare: impl Fn(&Path)) {
    for seed in 1..=4 {
        let recorded = record(seed, skip, &prepare).await;
        let found = crash(&recorded, seed, 500, 1).await;
        if let Some(loss) = found.losses.first() {
            eprintln!("{skip:?}: lost after {} states: {loss}", found.states);
            return;
        }
    }
    panic!("{skip:?}: not seen");
}

#[test]
fn a_commit_that_is_not_synced_is_seen_to_be_lost() {
    block_on(something_is_lost(Skip::Commits, |_| {}));
}

#[test]
fn a_wal_that_is_moved_without_a_sync_is_seen_to_be_lost() {
    block_on(something_is_lost(Skip::Database, |_| {}));
}

#[test]
fn a_directory_that_is_not_synced_is_seen_to_be_lost() {
    block_on(something_is_lost(Skip::Directory, |_| {}));
}

/// The setting itself, which only a build with the feature can lower.
#[cfg(feature = "faults")]
#[test]
fn synchronous_normal_is_seen_to_lose() {
    block_on(something_is_lost(Skip::Nothing, gigafactory::store::lower));
}
