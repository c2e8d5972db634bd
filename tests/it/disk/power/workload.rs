//! What goes on while the log is written: two products with submitters, workers and an operator, and a WAL that is
//! moved all the time; a stop and a start in the middle.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use actors::NotDone;
use domain::job::command::{Cancel, Edit, Requeue};
use domain::job::{Command, Stage};
use domain::product;
use tokio::task::JoinSet;
use vfs::{Entry, Raw, Skip, Watch};

use crate::disk::history::History;
use crate::disk::house::{House, operator, spec};
use crate::disk::scratch::{Dice, scratch};

const PRODUCTS: [&str; 2] = ["north", "south"];
const SUBMITS: usize = 9;

/// What was recorded.
pub(crate) struct Recorded {
    pub(crate) history: History,
    pub(crate) log: Vec<Entry>,
}

/// Runs the whole of it on a disk that may lie, and gives back what happened.
pub(crate) async fn record(seed: u64, skip: Skip, prepare: impl Fn(&Path)) -> Recorded {
    let dir = scratch();
    let data = dir.path().canonicalize().unwrap();
    prepare(&data);
    let watch = Arc::new(Watch::over(&data).unwrap());
    watch.record(skip);
    let history = History::default();
    for round in 0..2 {
        let house = Arc::new(House::open(&data, &watch, &history).await.unwrap());
        let mover = Mover::start(&data, seed ^ round);
        let mut clients = JoinSet::new();
        for (n, product) in PRODUCTS.into_iter().enumerate() {
            let dice = |salt: u64| Dice(seed.wrapping_mul(31) ^ (round << 32) ^ (n as u64) << 16 ^ salt);
            clients.spawn(submitter(house.clone(), product, round, dice(1)));
            clients.spawn(worker(house.clone(), product, round, 1));
            clients.spawn(worker(house.clone(), product, round, 2));
            clients.spawn(steering(house.clone(), product, dice(2)));
        }
        while let Some(ended) = clients.join_next().await {
            ended.unwrap().unwrap();
        }
        mover.stop();
        Arc::into_inner(house).unwrap().close().await;
    }
    let log = watch.take();
    Recorded { history, log }
}

async fn submitter(house: Arc<House>, product: &'static str, round: u64, mut dice: Dice) -> Result<(), NotDone> {
    let mut before = None;
    for n in 0..SUBMITS {
        let bytes = if dice.once_in(4) { dice.below(12_000) } else { 40 };
        let mut spec = spec(&format!("{product} {round}-{n}"), bytes);
        if dice.once_in(2) {
            (spec.idempotency_key, spec.content_hash) = (Some(format!("{round}-{n}")), Some("the same".into()));
        }
        spec.depends_on.extend(before.filter(|_| dice.once_in(4)));
        before = Some(house.submit(product, spec.clone()).await?.id);
        if spec.idempotency_key.is_some() && dice.once_in(3) {
            house.submit(product, spec).await?;
        }
    }
    Ok(())
}

async fn worker(house: Arc<House>, product: &'static str, round: u64, me: u32) -> Result<(), NotDone> {
    let factory = format!("f{me}");
    house.beat(product, &factory, 40 + me + u32::try_from(round).unwrap()).await?;
    let mut idle = 0;
    for n in 0.. {
        let Some(grant) = house.claim(product, &factory, &format!("{round}-{n}")).await? else {
            idle += 1;
            if idle > 4 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
            continue;
        };
        let stages: &[Stage] = match n % 5 {
            0 => &[Stage::Building, Stage::Review],
            1 => &[Stage::Building],
            _ => &[Stage::Building, Stage::Shipped],
        };
        for stage in stages {
            // An operator may have been faster.
            match house.report(product, grant.job.id, grant.epoch, *stage).await {
                Ok(_) | Err(NotDone::Fenced { .. } | NotDone::Refused(_)) => {}
                Err(why) => return Err(why),
            }
        }
    }
    Ok(())
}

/// Edits, cancels, requeues, pauses: now and then each.
async fn steering(house: Arc<House>, product: &'static str, mut dice: Dice) -> Result<(), NotDone> {
    for n in 0..4 {
        let job = house.submit(product, spec(&format!("steered {n}"), 40)).await?.id;
        let edited = spec(&format!("steered {n}, edited"), dice.below(6_000));
        let orders = [
            Command::Edit(Box::new(Edit { spec: edited, changed: vec!["title".into(), "bodyMd".into()] })),
            Command::Cancel(Cancel { reason: None }),
            Command::Requeue(Requeue { fresh: true, note: Some("again".into()) }),
        ];
        for order in orders {
            match house.order(product, job, order).await {
                Ok(_) | Err(NotDone::Refused(_)) => {}
                Err(why) => return Err(why),
            }
        }
        let open = house.product(product).await?;
        open.set_gate(product::Command::Pause, operator()).await?;
        open.set_gate(product::Command::Resume, operator()).await?;
    }
    Ok(())
}

/// Moves the WAL all the time, on a thread and a connection of its own.
struct Mover {
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Mover {
    fn start(data: &Path, seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, file, mut dice) = (stop.clone(), data.join("gigafactory.db"), Dice(seed ^ 0xC0FFEE));
        let thread = thread::spawn(move || {
            let raw = Raw::open(&file).unwrap();
            while !stopped.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_micros(200 + dice.roll() % 6_000));
                let mode = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"][dice.below(4)];
                // Busy is an answer too: somebody reads or writes.
                drop(raw.query(&format!("PRAGMA wal_checkpoint({mode})")));
            }
        });
        Self { stop, thread }
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}
