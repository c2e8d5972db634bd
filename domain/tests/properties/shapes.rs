//! Jobs, cards and claims in all the shapes that matter to a board.

use std::sync::Arc;

use domain::dispatch::{Claim, Key, Merit, Needs, SomeWeights, Standing, Term, Weight};
use domain::factory::{Beat, Card, Command, Descriptor, Engine, EngineState, Factory, Health, Presence};
use domain::job::Stage;
use domain::job::state::Priority;
use domain::{FactoryId, JobId, Timestamp, Usd};
use proptest::prelude::*;

const WORDS: [&str; 2] = ["gpu", "mac"];
const KEYS: [&str; 2] = ["door", "wall"];
const ENGINES: [&str; 2] = ["shell", "mock"];
const REPOS: [&str; 2] = ["north", "south"];
/// How many factories there are.
pub(crate) const FACTORIES: u8 = 3;
/// An hour and a half: some of these make an age or a due time that counts.
pub(crate) const STEP_MS: i64 = 90 * 60_000;

/// What differs between jobs.
#[derive(Clone, Debug)]
pub(crate) struct JobShape {
    pub(crate) priority: u8,
    pub(crate) words: u8,
    pub(crate) engines: u8,
    pub(crate) key: Option<(u8, u32)>,
    pub(crate) pause_ms: i64,
    pub(crate) repo: Option<u8>,
    pub(crate) due_in: Option<i64>,
    pub(crate) cents: Option<u64>,
    pub(crate) attempt: u32,
    pub(crate) saved_by: Option<u8>,
    pub(crate) failed_on: u8,
    pub(crate) dependents: u8,
}

/// What differs between cards.
#[derive(Clone, Debug)]
pub(crate) struct CardShape {
    pub(crate) factory: u8,
    pub(crate) words: u8,
    pub(crate) seats: u32,
    pub(crate) draining: bool,
    pub(crate) stale: bool,
    pub(crate) failing: bool,
    pub(crate) warm: u8,
    /// For each engine: not there, usable, at its limit for ever, or until then; and its account.
    pub(crate) engines: [(u8, i64, Option<u8>); 2],
}

/// What differs between claims.
#[derive(Clone, Debug)]
pub(crate) struct ClaimShape {
    pub(crate) factory: u8,
    pub(crate) words: Option<u8>,
    pub(crate) weights: Vec<(u8, u16)>,
}

pub(crate) fn job() -> impl Strategy<Value = JobShape> {
    let rarely = |of: u8| proptest::option::weighted(0.3, 0..of);
    let key = proptest::option::weighted(0.4, (0_u8..2, 1_u32..3));
    let pause = prop_oneof![4 => Just(0), 1 => 1_i64..2 * STEP_MS];
    let merits = (
        rarely(2),
        proptest::option::weighted(0.4, -3_i64..25),
        proptest::option::weighted(0.3, 0_u64..1_200),
        0_u32..4,
        rarely(FACTORIES),
        prop_oneof![4 => Just(0_u8), 1 => 0_u8..8],
        prop_oneof![3 => Just(0_u8), 1 => 0_u8..11],
    );
    (0_u8..4, 0_u8..4, prop_oneof![2 => Just(0_u8), 1 => 0_u8..4], key, pause, merits).prop_map(
        |(priority, words, engines, key, pause_ms, (repo, due_in, cents, attempt, saved_by, failed_on, dependents))| {
            JobShape {
                priority,
                words,
                engines,
                key,
                pause_ms,
                repo,
                due_in,
                cents,
                attempt,
                saved_by,
                failed_on,
                dependents,
            }
        },
    )
}

pub(crate) fn card() -> impl Strategy<Value = CardShape> {
    let engine = || (prop_oneof![2 => Just(1_u8), 1 => 0_u8..4], 0_i64..4 * STEP_MS, proptest::option::of(0_u8..2));
    let sick = || prop::bool::weighted(0.15);
    (0..FACTORIES, 0_u8..4, 0_u32..4, (sick(), sick(), sick()), 0_u8..4, [engine(), engine()]).prop_map(
        |(factory, words, seats, (draining, stale, failing), warm, engines)| CardShape {
            factory,
            words,
            seats,
            draining,
            stale,
            failing,
            warm,
            engines,
        },
    )
}

pub(crate) fn claim() -> impl Strategy<Value = ClaimShape> {
    let words = proptest::option::weighted(0.3, 0_u8..4);
    let weights = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec((0_u8..9, 0_u16..300), 1..4)];
    (0..FACTORIES, words, weights).prop_map(|(factory, words, weights)| ClaimShape { factory, words, weights })
}

pub(crate) fn name(no: u8) -> FactoryId {
    format!("f{no}").parse().expect("given in a good form")
}

fn chosen(from: [&str; 2], bits: u8) -> Vec<String> {
    let chosen = from.iter().enumerate().filter(|(no, _)| bits & (1 << no) != 0);
    chosen.map(|(_, word)| (*word).to_owned()).collect()
}

pub(crate) fn weights(some: &[(u8, u16)]) -> SomeWeights {
    let weight = |by: u16| Weight::of_thousandths(u64::from(by) * 1_000).expect("given in a good form");
    some.iter().map(|(term, by)| (Term::ALL[usize::from(*term)], weight(*by))).collect()
}

impl JobShape {
    /// The job as it is submitted now.
    pub(crate) fn standing(&self, id: JobId, now: Timestamp) -> Standing {
        let later = |ms: i64| Timestamp(now.0 + ms);
        Standing {
            job: id,
            stage: Stage::Queued,
            blocked_reason: None,
            needs: Arc::new(Needs {
                capabilities: chosen(WORDS, self.words),
                engine_class: None,
                engines: chosen(ENGINES, self.engines),
            }),
            key: self.key.map(|(no, limit)| Key { name: KEYS[usize::from(no)].to_owned(), limit }),
            merit: Merit {
                priority: priority(self.priority),
                repo: self.repo.map(|no| REPOS[usize::from(no)].to_owned()),
                estimate: self.cents.map(|cents| Usd(cents * 10_000)),
                attempt: self.attempt,
                max_attempts: 4,
                saved_by: self.saved_by.map(name),
                failed_on: (0..FACTORIES).filter(|no| self.failed_on & (1 << no) != 0).map(name).collect(),
            },
            queued_at: now,
            due_at: self.due_in.map(|steps| later(steps * STEP_MS)),
            not_before: (self.pause_ms > 0).then(|| later(self.pause_ms)),
            tenure: None,
            awaits: None,
        }
    }
}

impl CardShape {
    /// A card as it is at the beginning.
    pub(crate) fn plain(factory: u8) -> Self {
        let engines = [(1, 0, None), (1, 0, None)];
        Self { factory, words: 3, seats: 2, draining: false, stale: false, failing: false, warm: 0, engines }
    }

    pub(crate) fn card(&self, now: Timestamp) -> Arc<Factory> {
        let engine = |(no, (state, ms, account)): (usize, &(u8, i64, Option<u8>))| {
            let limited = *state >= 2;
            (*state > 0).then(|| Engine {
                name: ENGINES[no].to_owned(),
                version: None,
                account: account.map(|no| format!("a{no}")),
                state: if limited { EngineState::Unavailable } else { EngineState::Available },
                resets_at: (*state == 3).then_some(Timestamp(now.0 + ms)),
            })
        };
        let card = Card {
            factory_id: name(self.factory),
            descriptor: Descriptor::default(),
            engines: self.engines.iter().enumerate().filter_map(engine).collect(),
            repos: chosen(REPOS, self.warm),
            capabilities: chosen(WORDS, self.words),
            engine_classes: Vec::new(),
            health: if self.failing { Health::Failing } else { Health::Ok },
            seat_limit: self.seats,
            heartbeat_sec: 30,
        };
        let beat = Command::Beat(Box::new(Beat { card, load_permille: 0 }));
        let step = domain::factory::transition(None, &"p".parse().expect("given in a good form"), &beat, now);
        let presence = if self.stale { Presence::Stale } else { Presence::Online };
        Arc::new(Factory { draining: self.draining, presence, ..step.next.expect("given in a good form") })
    }
}

impl ClaimShape {
    pub(crate) fn claim(&self) -> Claim {
        Claim {
            factory: name(self.factory),
            capabilities: self.words.map(|bits| chosen(WORDS, bits)),
            engine_classes: None,
            weights: weights(&self.weights),
        }
    }
}

/// A priority by its number, the least urgent first.
pub(crate) fn priority(no: u8) -> Priority {
    [Priority::Low, Priority::Normal, Priority::High, Priority::Critical][usize::from(no)]
}
