//! A COMMIT that fails when all of it is written: the store has to find out, and must not say what it does not know.

use actors::NotDone;
use vfs::{Fault, Kind, Raw};

use super::acts::{Act, PRODUCT};
use super::bench::{Bench, block_on};
use super::variants::SHM_SIZE;
use crate::disk::house::spec;

#[test]
fn a_commit_that_failed_after_it_was_written_is_done() {
    block_on(async {
        let mut bench = Bench::new().await;
        let ready = bench.ready(Act::Submit).await;
        let fault = Fault { kind: Kind::Committed, nth: 1, code: 10, lasts: false, torn: 0 };
        let (told, hits) = bench.fail(Act::Submit, ready, fault).await;
        assert_eq!((told, hits), (Ok(()), 1));
        bench.judge(&"written").await;
        bench.again(Act::Submit).await;
    });
}

#[test]
fn a_commit_that_failed_before_it_was_written_is_not_done() {
    block_on(async {
        let mut bench = Bench::new().await;
        let ready = bench.ready(Act::Submit).await;
        let fault = Fault { kind: Kind::Write, nth: 3, code: 13, lasts: false, torn: 100 };
        let (told, hits) = bench.fail(Act::Submit, ready, fault).await;
        assert_eq!((told, hits), (Err(NotDone::Full), 1));
        bench.judge(&"not written").await;
        bench.again(Act::Submit).await;
    });
}

/// Submits until the index of the WAL has to grow and cannot; gives back what that caller was told. A reader keeps the
/// WAL from being started anew before; it leaves a little earlier, or when the next one has been told that there is no
/// room.
async fn outgrow(bench: &mut Bench, leaves: bool) -> Option<NotDone> {
    let reader = Raw::open(&bench.data.join("gigafactory.db")).unwrap();
    reader.query("BEGIN").unwrap();
    reader.query("SELECT count(*) FROM event").unwrap();
    let mut reader = Some(reader);
    bench.watch.fail(Fault { kind: Kind::ShmMap, nth: 1, code: SHM_SIZE, lasts: false, torn: 0 });
    for n in 0..120 {
        if leaves && bench.wal_frames() > 4_000 {
            reader = None;
        }
        let told = bench.house().submit(PRODUCT, spec(&format!("large {n}"), 200_000)).await;
        if let Err(why) = told {
            assert_eq!(bench.watch.heal(), 1);
            bench.judge(&why).await;
            if !leaves {
                // What may come back stands in the way: nothing is tried, and nobody is told that it may have been done.
                assert_eq!(bench.house().submit(PRODUCT, spec("next", 10)).await.unwrap_err(), NotDone::Full);
                bench.judge(&"next").await;
            }
            return Some(why);
        }
    }
    drop(reader);
    assert_eq!(bench.watch.heal(), 0);
    None
}

/// Every 4,096 pages the WAL's index grows, after the commit is in the WAL and synced. If it cannot grow, the commit is
/// not valid for anybody, but a new start would find it.
#[test]
fn a_commit_that_the_index_of_the_wal_has_no_room_for_does_not_come_back() {
    block_on(async {
        for _ in 0..10 {
            let mut bench = Bench::new().await;
            // The WAL may have been moved and started anew in the moment after the reader has left.
            let Some(told) = outgrow(&mut bench, true).await else { continue };
            assert_eq!(told, NotDone::Full);
            bench.again(Act::Submit).await;
            bench.judge(&"again").await;
            return;
        }
        panic!("the index never had to grow");
    });
}

#[test]
fn a_commit_that_may_come_back_is_not_called_refused() {
    block_on(async {
        let mut bench = Bench::new().await;
        assert_eq!(outgrow(&mut bench, false).await, Some(NotDone::OutcomeUnknown));
        bench.again(Act::Submit).await;
        bench.judge(&"again").await;
    });
}
