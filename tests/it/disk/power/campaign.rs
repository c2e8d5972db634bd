//! The same for as long as is asked, with a fresh workload now and then.

use std::time::{Duration, Instant};

use vfs::Skip;

use super::loss::crash;
use super::workload::record;

const STATES: usize = 2_000;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |value| value.parse().unwrap())
}

#[test]
#[ignore = "a campaign: not a test"]
fn campaign_power() {
    let until = Instant::now() + Duration::from_secs(number("GIGAFACTORY_CAMPAIGN_SECONDS", 60));
    let first = number("GIGAFACTORY_CAMPAIGN_SEED", 1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut states, mut workloads, mut acknowledged, mut losses) = (0, 0, 0, Vec::new());
    while Instant::now() < until {
        let seed = first.wrapping_mul(1_000_003).wrapping_add(workloads);
        let found =
            runtime.block_on(async { crash(&record(seed, Skip::Nothing, |_| {}).await, seed, STATES, 3).await });
        states += found.states;
        acknowledged += found.acknowledged;
        losses.extend(found.losses);
        workloads += 1;
    }
    eprintln!(
        "campaign: power states={states} workloads={workloads} writes={acknowledged} losses={} seed={first}",
        losses.len()
    );
    assert!(losses.is_empty(), "{losses:#?}");
}
