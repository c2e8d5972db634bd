//! The reaper's brake, at its boundaries: more than 30 %, at least 20 leases, at least 3 factories, within 5 s.

use domain::product::Reaper;
use domain::{JobId, Timestamp};
use uuid::Uuid;

use crate::support::job::product;
use crate::support::order::factory;

/// A node with `due` leases of so many factories that fall due at 5 s, and `later` ones at 5.001 s.
fn node(due: u128, factories: u128, later: u128) -> Reaper {
    let mut reaper = Reaper::default();
    for no in 0..due {
        let holder = factory(&format!("f{}", no % factories));
        reaper.note(&product(), JobId(Uuid::from_u128(no)), Some((Timestamp(5_000), holder)));
    }
    for no in due..due + later {
        let holder = factory(&format!("g{no}"));
        reaper.note(&product(), JobId(Uuid::from_u128(no)), Some((Timestamp(5_001), holder)));
    }
    reaper
}

#[test]
fn brakes_only_past_every_boundary() {
    let now = Timestamp(0);
    assert!(node(20, 3, 0).brakes(now));
    assert!(!node(19, 3, 0).brakes(now), "fewer than 20 leases");
    assert!(!node(20, 2, 0).brakes(now), "fewer than 3 factories");
    assert!(!node(30, 3, 70).brakes(now), "30 % is not more than 30 %");
    assert!(node(31, 3, 69).brakes(now), "31 % is");
    assert!(!node(20, 3, 0).brakes(Timestamp(-1)), "due within 5 s, not 5.001 s");
    assert!(node(20, 3, 0).brakes(Timestamp(60_000)), "what is overdue counts");
    assert!(!Reaper::default().brakes(now));
}

#[test]
fn a_lease_that_moves_or_ends_counts_no_more() {
    let (now, job) = (Timestamp(0), JobId(Uuid::from_u128(0)));
    let mut reaper = node(20, 3, 0);
    reaper.note(&product(), job, Some((Timestamp(5_001), factory("f0"))));
    assert!(!reaper.brakes(now), "renewed");
    reaper.note(&product(), job, None);
    assert!(!reaper.brakes(now), "ended");
    reaper.note(&product(), job, Some((Timestamp(5_000), factory("f0"))));
    assert!(reaper.brakes(now));
}

#[test]
fn a_brake_holds_for_its_window_though_those_that_were_spared_count_no_more() {
    let mut reaper = node(40, 3, 0);
    assert!(reaper.brakes(Timestamp(0)));
    for no in 0..30 {
        reaper.note(&product(), JobId(Uuid::from_u128(no)), Some((Timestamp(60_000), factory("f0"))));
    }
    assert!(reaper.brakes(Timestamp(5_000)), "the other ten are spared as well");
    assert!(!reaper.brakes(Timestamp(5_001)), "and then it is over");
}

#[test]
fn products_share_the_nodes_brake_and_a_product_that_has_gone_counts_no_more() {
    let other: domain::ProductId = "q".parse().expect("a good name");
    let mut reaper = node(10, 2, 0);
    for no in 0..10 {
        reaper.note(&other, JobId(Uuid::from_u128(no)), Some((Timestamp(5_000), factory("f0"))));
    }
    assert!(reaper.brakes(Timestamp(0)), "the same name in another product is another factory");
    reaper.forget(&other);
    assert!(!reaper.brakes(Timestamp(5_001)));
}
