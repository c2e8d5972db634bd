//! A graph of ten thousand jobs in a hundred layers, submitted as one: a few factories run it to its end while actors and
//! the whole product are killed all the time.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use checker::Checker;
use serde_json::{Value, json};
use tokio::runtime::{Builder, RngSeed};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::sleep;

use super::clients::Client;
use super::faults::kill;
use super::gather::gather;
use super::rng::Rng;
use super::schedule::{ClientPlan, Kind, Part, Road, Schedule};
use super::world::World;

const SEED: u64 = 10_000;
const LAYERS: u64 = 100;
const WIDTH: u64 = 100;
const FACTORIES: u64 = 4;
/// Jobs of one factory at a time.
const SEATS: u64 = 25;
const PRODUCT: &str = "acme";

/// The graph: each job waits for up to three of the layer before, whatever becomes of them.
fn graph(rng: &mut Rng) -> Value {
    let mut jobs = Vec::new();
    for layer in 0..LAYERS {
        for at in 0..WIDTH {
            let mut on: Vec<u64> = (0..rng.within(1..=3)).map(|_| rng.below(WIDTH)).collect();
            on.sort_unstable();
            on.dedup();
            let on = on.iter().filter(|_| layer > 0).map(|at| format!("l{}-{at}", layer.saturating_sub(1)));
            jobs.push(json!({
                "title": format!("{layer}/{at}"), "bodyMd": "Do it", "ref": format!("l{layer}-{at}"),
                "dependsOn": on.collect::<Vec<_>>(), "retry": {"maxAttempts": 100, "backoffSec": 1},
            }));
        }
    }
    json!({"title": "All of it", "idempotencyKey": "all", "autoComplete": true, "children": jobs})
}

fn client(world: &Rc<World>, name: &str, kind: Kind) -> Client {
    let plan = ClientPlan {
        name: name.to_owned(),
        kind,
        product: PRODUCT.to_owned(),
        ops: u32::MAX,
        seats: SEATS,
        road: Road::default(),
    };
    Client::new(world, SEED, &plan)
}

/// Takes what there is and ships it, until all of it is done.
async fn work(world: Rc<World>, no: u64, done: Rc<Cell<bool>>) {
    let name = format!("f{no}");
    let mut client = client(&world, &name, Kind::Factory);
    world.notes.borrow_mut().factory(PRODUCT, &name);
    let card = json!({"factoryId": name, "seatLimit": SEATS, "heartbeatSec": 5, "leases": []});
    let claim = json!({"factoryId": name, "max": SEATS, "leaseTtlSec": 20});
    while !done.get() {
        // Every lease of the round before has ended, or its grant has reached nobody.
        client.insist_on("POST", "/api/fleet/factories/heartbeat".into(), &card).await;
        let reply = client.insist_on("POST", "/api/fleet/claim".into(), &claim).await;
        for grant in reply.body["grants"].as_array().into_iter().flatten() {
            let Some(job) = grant["job"]["id"].as_str() else { continue };
            world.notes.borrow_mut().job(PRODUCT, job);
            let body = json!({"leaseEpoch": grant["leaseEpoch"], "stage": "shipped", "reportId": "done"});
            client.insist_on("PATCH", format!("/api/fleet/jobs/{job}"), &body).await;
        }
        client.rest(5, 50).await;
    }
}

/// Kills whatever it hits, until all of it is done.
async fn havoc(world: Rc<World>, mut rng: Rng, done: Rc<Cell<bool>>) {
    while !done.get() {
        sleep(Duration::from_millis(rng.within(20..=1_000))).await;
        let part = match rng.below(10) {
            0 => Part::Product,
            1 => Part::Dispatcher,
            2 => Part::Feed,
            3 => Part::Factory(rng.next()),
            _ => Part::Job(rng.next()),
        };
        kill(&world, part).await;
    }
}

async fn all(schedule: &Schedule) -> (Rc<World>, Checker) {
    let world = World::begin(schedule).await;
    let mut rng = Rng::new(SEED);
    let mut submitter = client(&world, "s", Kind::Submitter);
    let made = submitter.post("/api/fleet/jobs", &graph(&mut rng)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let parent = made.body["job"]["id"].as_str().unwrap().to_owned();
    let done = Rc::new(Cell::new(false));
    let mut tasks: Vec<_> = (0..FACTORIES).map(|no| spawn_local(work(world.clone(), no, done.clone()))).collect();
    tasks.push(spawn_local(havoc(world.clone(), rng.split("havoc"), done.clone())));
    loop {
        sleep(Duration::from_secs(5)).await;
        let seen = submitter.get(format!("/api/fleet/jobs/{parent}")).await;
        if seen.body["stage"] == "shipped" {
            break;
        }
        assert!(matches!(seen.status, 200 | 503), "{}", seen.body);
        assert!(seen.status == 503 || seen.body["stage"] == "blocked", "{}", seen.body);
    }
    done.set(true);
    for task in tasks {
        task.await.unwrap();
    }
    let mut checker = Checker::default().complete();
    let gathered = gather(&world, &[PRODUCT.to_owned()], false).await;
    gathered.events.iter().for_each(|event| checker.event(event));
    gathered.records.iter().for_each(|record| checker.record(record));
    world.crash();
    sleep(Duration::from_secs(30)).await;
    (world, checker)
}

#[test]
fn ten_thousand_jobs_in_a_hundred_layers_run_to_their_end() {
    let schedule = Schedule {
        seed: SEED,
        chaos_ms: 0,
        commit_ms: 3,
        read_ms: 0,
        preemption: false,
        steered: false,
        families: true,
        clients: Vec::new(),
        faults: Vec::new(),
    };
    let seed = RngSeed::from_bytes(&SEED.to_be_bytes());
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).rng_seed(seed).build().unwrap();
    let (world, mut checker) = LocalSet::new().block_on(&runtime, all(&schedule));
    world.recorder.take().iter().for_each(|line| checker.line(line));
    let verdict = checker.verdict();
    let found: Vec<String> = verdict.violations.iter().take(5).map(ToString::to_string).collect();
    assert!(verdict.is_good(), "{}", found.join("\n"));
    assert_eq!(verdict.counts.jobs, LAYERS * WIDTH + 1);
    assert_eq!(verdict.seen.get("shipped by factory"), Some(&(LAYERS * WIDTH)), "every job has shipped");
    assert_eq!(verdict.seen.get("shipped by itself"), Some(&1));
    assert!(world.sometimes.take().contains_key("an actor was killed"));
}
