//! Every act, every way to fail, every N until the act is done without reaching it.

use std::time::Duration;

use tokio::time::timeout;
use vfs::Fault;

use super::acts::{Act, RUNNING};
use super::bench::{Bench, block_on, left_alone};
use super::variants::{OUT_OF_REACH, VARIANTS};
use crate::disk::house::House;

/// No act needs more operations of a kind.
const MOST: u64 = 2_000;

/// What the acts of a node that runs have come to.
#[derive(Debug, Default)]
struct Count {
    cases: u64,
    refused: u64,
    unknown: u64,
    done: u64,
    slowest: Duration,
}

async fn every(acts: &[Act]) {
    let mut count = Count::default();
    for act in acts {
        let mut bench = Bench::new().await;
        for variant in VARIANTS {
            for nth in 1..=MOST {
                assert!(nth < MOST, "{act:?} {variant:?}: it never ends");
                let (ready, fault) = (bench.ready(*act).await, Fault { nth, ..variant });
                let (told, hits) = bench.fail(*act, ready, fault).await;
                if hits == 0 {
                    break;
                }
                count.cases += 1;
                match told {
                    Ok(()) => count.done += 1,
                    Err(actors::NotDone::OutcomeUnknown | actors::NotDone::Overloaded { .. }) => count.unknown += 1,
                    Err(_) => count.refused += 1,
                }
                bench.judge(&(act, fault, told)).await;
                count.slowest = count.slowest.max(bench.again(*act).await);
            }
        }
        bench.house.take().unwrap().close().await;
        bench.judge(&(act, "closed")).await;
    }
    eprintln!("{acts:?}: {count:?}");
    assert!(count.cases > 60 && count.refused > 50, "too little has failed: {count:?}");
}

#[test]
fn every_operation_of_a_submit_may_fail() {
    block_on(every(&RUNNING[..3]));
}

#[test]
fn every_operation_of_a_lease_may_fail() {
    block_on(every(&RUNNING[3..6]));
}

#[test]
fn every_operation_of_an_operator_may_fail() {
    block_on(every(&RUNNING[6..9]));
}

#[test]
fn every_operation_of_a_product_may_fail() {
    block_on(every(&RUNNING[9..]));
}

/// A start or a stop that meets a failing disk ends in order, and the next start finds everything.
async fn coming_and_going(act: Act) {
    let (mut bench, mut cases, mut refused) = (Bench::new().await, 0, Vec::new());
    for variant in VARIANTS {
        for nth in 1..=MOST {
            assert!(nth < MOST, "{act:?} {variant:?}: it never ends");
            bench.again(Act::Submit).await;
            let (fault, house) = (Fault { nth, ..variant }, bench.house.take().unwrap());
            if act == Act::Stop {
                bench.watch.fail(fault);
                timeout(Duration::from_secs(20), house.close()).await.unwrap();
            } else {
                house.close().await;
                bench.watch.fail(fault);
                // A refusal is an answer; whatever it was, nothing may be left of it.
                let opening = House::open(&bench.data, &bench.watch, &bench.history);
                match timeout(Duration::from_secs(20), opening).await.unwrap() {
                    Ok(house) => house.close().await,
                    Err(why) => refused.push(why.to_string()),
                }
            }
            let hits = bench.watch.heal();
            left_alone(&bench.data).await;
            bench.judge(&(act, fault)).await;
            bench.reopen().await;
            if hits == 0 {
                break;
            }
            cases += 1;
        }
    }
    refused.sort();
    refused.dedup();
    eprintln!("{act:?}: {cases} cases; refused by {refused:#?}");
    assert!(cases > 20, "too little has failed: {cases}");
}

#[test]
fn every_operation_of_a_start_may_fail() {
    block_on(coming_and_going(Act::Start));
}

#[test]
fn every_operation_of_a_stop_may_fail() {
    block_on(coming_and_going(Act::Stop));
}

#[test]
fn it_serves_again_as_soon_as_the_disk_is_back() {
    block_on(async {
        let (mut bench, mut slowest, mut failed) = (Bench::new().await, Duration::ZERO, 0);
        for fault in OUT_OF_REACH {
            for act in [Act::Submit, Act::Ship, Act::Open] {
                let ready = bench.ready(act).await;
                let (told, hits) = bench.fail(act, ready, fault).await;
                failed += u64::from(told.is_err());
                eprintln!("{act:?} {:?}: {hits} operations failed, {told:?}", fault.kind);
                bench.judge(&(act, fault, &told)).await;
                slowest = slowest.max(bench.again(act).await);
            }
        }
        eprintln!("it served again after {slowest:?}");
        assert!(failed >= 5, "too little has failed: {failed}");
    });
}
