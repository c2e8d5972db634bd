//! The WAL is moved in the background; a failure of that hurts nobody and is tried again.

use std::fs;
use std::time::{Duration, Instant};

use vfs::{Fault, Kind, Raw};

use super::acts::{Act, PRODUCT};
use super::bench::{Bench, block_on};
use crate::disk::house::spec;

#[test]
fn a_wal_that_cannot_be_moved_is_moved_later() {
    block_on(async {
        let mut bench = Bench::new().await;
        let file = bench.data.join("gigafactory.db");
        // A reader keeps it from being moved until the disk fails.
        let reader = Raw::open(&file).unwrap();
        reader.query("BEGIN").unwrap();
        reader.query("SELECT count(*) FROM event").unwrap();
        for n in 0..25 {
            bench.house().submit(PRODUCT, spec(&format!("large {n}"), 200_000)).await.unwrap();
        }
        let size = || fs::metadata(&file).unwrap().len();
        let before = size();
        bench.watch.fail(Fault { kind: Kind::Write, nth: 3, code: 778, lasts: true, torn: 700 });
        drop(reader);
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert!(bench.watch.heal() > 0, "nobody has tried to move it");
        bench.judge(&"half moved").await;
        bench.again(Act::Submit).await;
        let (begin, large) = (Instant::now(), before + 4_000_000);
        while size() < large {
            assert!(begin.elapsed() < Duration::from_secs(20), "never moved: {before} and {} bytes", size());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        eprintln!("moved {:?} after the disk was well", begin.elapsed());
        bench.judge(&"moved").await;
        bench.again(Act::Submit).await;
    });
}
