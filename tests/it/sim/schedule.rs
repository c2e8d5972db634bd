//! What a seed decides up front, as data: who takes part, how bad their roads are, what goes wrong and when.
//! A failing schedule is made smaller by changing this value, and kept as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rng::Rng;

/// One run of the simulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Schedule {
    /// Where every stream of numbers of the run comes from.
    pub(crate) seed: u64,
    /// How long things go wrong, in milliseconds.
    pub(crate) chaos_ms: u64,
    /// The longest pause of a commit and of a read, in milliseconds.
    pub(crate) commit_ms: u64,
    pub(crate) read_ms: u64,
    /// Urgent jobs may evict others.
    #[serde(default)]
    pub(crate) preemption: bool,
    /// Everybody uses what the scheduler has: limits, weights, engines, due times, urgent jobs, signals.
    #[serde(default)]
    pub(crate) steered: bool,
    /// Jobs have children.
    #[serde(default)]
    pub(crate) families: bool,
    /// Who takes part.
    pub(crate) clients: Vec<ClientPlan>,
    /// What goes wrong, in this order.
    pub(crate) faults: Vec<Timed>,
}

/// Somebody who takes part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ClientPlan {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) product: String,
    /// Requests at most.
    pub(crate) ops: u32,
    /// Jobs at a time: those that a factory takes, those that a submitter sends.
    pub(crate) seats: u64,
    pub(crate) road: Road,
}

/// What a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A factory that beats with its leases.
    Factory,
    /// A factory that never lists its leases.
    Curl,
    /// A factory that lies.
    Byzantine,
    Submitter,
    Operator,
    Reader,
}

/// How bad the road between a client and the node is: cases of a thousand, and milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Road {
    pub(crate) drop_request: u32,
    pub(crate) drop_response: u32,
    pub(crate) duplicate: u32,
    pub(crate) delay_ms: u64,
}

/// Something that goes wrong at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timed {
    pub(crate) at_ms: u64,
    pub(crate) fault: Fault,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    /// The process ends; it begins again after a while, perhaps with a clock that was set back.
    Crash { down_ms: u64, back_ms: u64 },
    /// The process ends right after the end of a job that others wait for is written, if one is soon; then it begins
    /// again.
    Cut { down_ms: u64 },
    /// Everything of the node stands still, its clock too; then the clock is right again.
    Freeze { ms: u64 },
    /// The store stands still.
    Stall { ms: u64 },
    /// Nothing gets from the clients to the node, nor back.
    Partition { ms: u64 },
    /// The wall clock is set.
    Jump { ms: i64 },
    /// The next commit goes wrong.
    Commit { how: Wrong },
    /// The next reads fail.
    Blind { reads: u32 },
    /// The actor of this job is killed whenever it is seen, until it is left alone.
    Poison { job: u64 },
    /// An actor is killed.
    Kill { part: Part },
}

/// How a commit goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wrong {
    Unavailable,
    Full,
    LostWritten,
    LostUnwritten,
    /// Written after so long, in milliseconds.
    Slow(u64),
}

/// An actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    Product,
    Dispatcher,
    Feed,
    /// The actor of the job with this number among those that are known, modulo their number.
    Job(u64),
    /// The same for factories.
    Factory(u64),
}

/// Seats of a factory that has many.
const CROWD: u64 = 10;

impl Schedule {
    /// What a seed comes to.
    pub(crate) fn of(seed: u64) -> Self {
        let root = Rng::new(seed);
        let mut rng = root.split("schedule");
        let chaos_ms = rng.within(400_000..=1_200_000);
        let bad = *rng.pick(&[0, 1, 1, 2, 4]);
        let commit_ms = *rng.pick(&[0, 3, 20, 80]);
        let read_ms = *rng.pick(&[0, 0, 5, 20]);
        let products: &[&str] = if rng.chance(350) { &["acme", "blue"] } else { &["acme"] };
        let clients: Vec<_> =
            products.iter().flat_map(|product| clients(&mut rng, product, products.len(), bad)).collect();
        let mut faults = faults(&mut rng, chaos_ms, bad);
        if clients.iter().any(|client| client.seats == CROWD) {
            // Everybody falls silent while there is much to do: many leases fall due together.
            faults.push(Timed { at_ms: 45_000, fault: Fault::Partition { ms: 45_000 } });
        }
        faults.extend(cuts(&mut root.split("cuts"), chaos_ms));
        faults.sort_by_key(|timed| timed.at_ms);
        let mut scheduler = root.split("scheduler");
        let (preemption, steered) = (scheduler.chance(500), scheduler.chance(700));
        let clients = if steered && scheduler.chance(700) { pressed(&mut scheduler, clients) } else { clients };
        let families = root.split("families").chance(700);
        Self { seed, chaos_ms, commit_ms, read_ms, preemption, steered, families, clients, faults }
    }
}

fn clients(rng: &mut Rng, product: &str, products: usize, bad: u32) -> Vec<ClientPlan> {
    let share = |count: u64| (count / products as u64).max(1);
    // Many leases at a time, which may fall due together.
    let crowd = rng.chance(150);
    let factories = if crowd { 4 } else { share(rng.within(2..=5)) };
    let of = [
        (Kind::Factory, factories, 80..=200),
        (Kind::Curl, share(rng.within(1..=2)), 50..=150),
        (Kind::Byzantine, rng.below(2), 40..=100),
        (Kind::Submitter, share(rng.within(1..=2)), 25..=70),
        (Kind::Operator, share(rng.within(1..=2)), 60..=140),
        (Kind::Reader, share(rng.within(1..=2)), 40..=110),
    ];
    let mut plans = Vec::new();
    for (kind, count, ops) in of {
        for no in 0..count {
            let name = format!("{}{no}.{product}", short(kind));
            let road = Road {
                drop_request: u32::try_from(rng.below(1 + u64::from(bad) * 30)).unwrap_or(0),
                drop_response: u32::try_from(rng.below(1 + u64::from(bad) * 40)).unwrap_or(0),
                duplicate: u32::try_from(rng.below(1 + u64::from(bad) * 40)).unwrap_or(0),
                delay_ms: *rng.pick(&[0, 2, 20, 200, 1_500]),
            };
            let ops = u32::try_from(rng.within(ops.clone())).unwrap_or(0);
            let seats = if crowd { CROWD } else { rng.within(1..=3) };
            plans.push(ClientPlan { name, kind, product: product.to_owned(), ops, seats, road });
        }
    }
    plans
}

/// Few seats, and much to do: urgent jobs have to wait for them.
fn pressed(rng: &mut Rng, mut plans: Vec<ClientPlan>) -> Vec<ClientPlan> {
    let (mut factories, crowd) = (BTreeMap::<String, u32>::new(), plans.iter().any(|plan| plan.seats == CROWD));
    let most = *rng.pick(&[1, 1, 2]);
    plans.retain(|plan| {
        let count = factories.entry(plan.product.clone()).or_default();
        *count += u32::from(plan.kind == Kind::Factory);
        crowd || plan.kind != Kind::Factory || *count <= most
    });
    for plan in plans.iter_mut().filter(|_| !crowd) {
        match plan.kind {
            Kind::Factory | Kind::Curl => (plan.seats, plan.ops) = (1, plan.ops * 2),
            Kind::Submitter => plan.ops += plan.ops / 2,
            Kind::Byzantine | Kind::Operator | Kind::Reader => {}
        }
    }
    plans
}

fn short(kind: Kind) -> &'static str {
    match kind {
        Kind::Factory => "f",
        Kind::Curl => "c",
        Kind::Byzantine => "b",
        Kind::Submitter => "s",
        Kind::Operator => "o",
        Kind::Reader => "r",
    }
}

fn faults(rng: &mut Rng, chaos_ms: u64, bad: u32) -> Vec<Timed> {
    let mut faults = Vec::new();
    for _ in 0..rng.within(2..=8) * u64::from(bad + 1) {
        faults.push(Timed { at_ms: rng.below(chaos_ms), fault: fault(rng) });
    }
    faults
}

/// Ends of the process where they hurt most.
fn cuts(rng: &mut Rng, chaos_ms: u64) -> Vec<Timed> {
    let cut = |rng: &mut Rng| Fault::Cut { down_ms: *rng.pick(&[1, 200, 3_000]) };
    (0..rng.within(1..=3)).map(|_| Timed { at_ms: rng.below(chaos_ms), fault: cut(rng) }).collect()
}

fn fault(rng: &mut Rng) -> Fault {
    match rng.below(17) {
        0 | 1 => {
            Fault::Crash { down_ms: *rng.pick(&[1, 200, 3_000, 25_000]), back_ms: *rng.pick(&[0, 0, 0, 5_000, 90_000]) }
        }
        2 => Fault::Freeze { ms: *rng.pick(&[100, 2_000, 15_000, 70_000]) },
        3 => Fault::Stall { ms: *rng.pick(&[100, 2_000, 12_000, 40_000]) },
        4 => Fault::Jump { ms: *rng.pick(&[-60_000, -2_000, 1_000, 15_000, 120_000]) },
        5..=10 => Fault::Commit {
            how: match rng.below(6) {
                0 => Wrong::Unavailable,
                1 => Wrong::Full,
                2 => Wrong::LostWritten,
                3 => Wrong::LostUnwritten,
                4 => Wrong::Slow(rng.within(100..=3_000)),
                _ => Wrong::Slow(rng.within(3_000..=20_000)),
            },
        },
        14 | 15 => Fault::Partition { ms: *rng.pick(&[3_000, 20_000, 45_000, 100_000]) },
        16 => Fault::Poison { job: rng.next() },
        11 => Fault::Blind { reads: u32::try_from(rng.within(1..=4)).unwrap_or(1) },
        _ => Fault::Kill {
            part: match rng.below(6) {
                0 => Part::Product,
                1 => Part::Dispatcher,
                2 => Part::Feed,
                3 | 4 => Part::Job(rng.next()),
                _ => Part::Factory(rng.next()),
            },
        },
    }
}
