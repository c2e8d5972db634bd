//! The faults of a schedule, one after the other. Each leaves its mark in the history.

use std::time::Duration;

use checker::Moment;
use tokio::time::{Instant, sleep, sleep_until};

use super::schedule::{Fault, Part, Schedule};
use super::world::{World, count};

/// Kills after which a job is left alone, and some more: one may find its actor asleep.
const POISONED: u32 = 10;
/// How long the end of a job that others wait for is waited for.
const CUT: Duration = Duration::from_secs(40);

/// Lets everything happen that is planned, until the time of chaos is over.
pub(super) async fn happen(world: &World, schedule: &Schedule) {
    let began = Instant::now();
    for timed in &schedule.faults {
        sleep_until(began + Duration::from_millis(timed.at_ms)).await;
        count(&world.counts.faults);
        happens(world, timed.fault).await;
    }
    sleep_until(began + Duration::from_millis(schedule.chaos_ms)).await;
}

async fn happens(world: &World, fault: Fault) {
    match fault {
        Fault::Crash { down_ms, back_ms } => crash(world, down_ms, back_ms).await,
        Fault::Cut { down_ms } => cut(world, down_ms).await,
        Fault::Freeze { ms } => {
            if ms >= 60_000 {
                world.sometimes.hit("the node was frozen for longer than a lease lasts");
            }
            world.mark(Moment::Halted);
            world.wall.stop();
            world.trouble.freeze(true);
            sleep(Duration::from_millis(ms)).await;
            world.wall.go_on();
            world.trouble.freeze(false);
            world.mark(Moment::Resumed);
        }
        Fault::Stall { ms } => {
            world.sometimes.hit("the store stood still");
            world.mark(Moment::Halted);
            world.trouble.stand(true);
            sleep(Duration::from_millis(ms)).await;
            world.trouble.stand(false);
            world.mark(Moment::Resumed);
        }
        Fault::Partition { ms } => {
            world.sometimes.hit("nothing got from the clients to the node");
            world.trouble.part(true);
            sleep(Duration::from_millis(ms)).await;
            world.trouble.part(false);
        }
        Fault::Jump { ms } => {
            if ms < 0 {
                world.sometimes.hit("the clock was set back");
            } else if leases(world).await > 0 {
                world.sometimes.hit("the clock was set forward while leases were held");
            }
            world.wall.set(ms);
            world.mark(Moment::Jumped);
        }
        Fault::Commit { how } => world.trouble.upset(how),
        Fault::Blind { reads } => world.trouble.blind(reads),
        Fault::Kill { part } => kill(world, part).await,
        Fault::Poison { job } => {
            for _ in 0..POISONED {
                kill(world, Part::Job(job)).await;
                sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn crash(world: &World, down_ms: u64, back_ms: u64) {
    if leases(world).await > 0 {
        world.sometimes.hit("the node was restarted with leases held");
    }
    world.crash();
    sleep(Duration::from_millis(down_ms.max(1))).await;
    if back_ms > 0 {
        world.sometimes.hit("the clock was set back over a restart");
        world.wall.set(-i64::try_from(back_ms).unwrap_or(0));
        world.mark(Moment::Jumped);
    }
    world.start().await;
}

/// Ends the process with the end of a job that others wait for: it is written, and nobody is told.
async fn cut(world: &World, down_ms: u64) {
    if !world.trouble.is_cut_within(CUT).await {
        return;
    }
    world.sometimes.hit("a job ended that others waited for, and the node with it");
    world.crash();
    sleep(Duration::from_millis(down_ms)).await;
    world.start().await;
}

/// Leases that are held by what the products know.
async fn leases(world: &World) -> usize {
    let Some(node) = world.node() else { return 0 };
    let mut held = 0;
    for product in node.node.products() {
        let counts = tokio::time::timeout(Duration::from_millis(1), product.counts()).await;
        held += counts.ok().and_then(Result::ok).map_or(0, |counts| counts.leases);
    }
    held
}

pub(super) async fn kill(world: &World, part: Part) {
    let Some(node) = world.node() else { return };
    let products = node.node.products();
    let Some(product) = products.first() else { return };
    let name = product.id().to_string();
    let of = |known: &[String], no: u64| {
        let at = usize::try_from(no % (known.len() as u64).max(1)).unwrap_or(0);
        known.get(at).cloned()
    };
    let part = {
        let notes = world.notes.borrow();
        match part {
            Part::Product => Some(actors::Part::Product),
            Part::Dispatcher => Some(actors::Part::Dispatcher),
            Part::Feed => Some(actors::Part::Feed),
            Part::Job(no) => of(notes.jobs(&name), no).and_then(|id| id.parse().ok()).map(actors::Part::Job),
            Part::Factory(no) => {
                of(notes.factories(&name), no).and_then(|id| id.parse().ok()).map(actors::Part::Factory)
            }
        }
    };
    if let Some(part) = part {
        world.sometimes.hit("an actor was killed");
        // The log says nothing of it; whoever waits may wait for a reload.
        world.mark(Moment::Halted);
        product.restart(part);
        tokio::task::yield_now().await;
        world.mark(Moment::Resumed);
    }
}
