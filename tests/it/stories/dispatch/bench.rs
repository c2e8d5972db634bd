//! A board with the story of what was asked of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::dispatch::{Board, Claim, Pick, Standing, WaiterNo};
use domain::factory::{Card, Factory};
use domain::job::{Command, Job, Spec, submit};
use domain::{FactoryId, JobId, Timestamp};
use uuid::Uuid;

use crate::support::factory::registered;
use crate::support::job::{after, product};
use crate::support::log::Log;
use crate::support::members::{at, maybe, short};
use crate::support::order::{factory, lease_as};

/// A board under test; jobs go by their number, factories by their name.
pub(super) struct Bench {
    board: Board,
    log: Log,
    now: i64,
    jobs: BTreeMap<u128, Job>,
    factories: Vec<FactoryId>,
    gone: Vec<WaiterNo>,
}

/// An empty board.
pub(super) fn bench(name: &str) -> Bench {
    let log = Log::new("dispatch", name);
    Bench { board: Board::default(), log, now: 0, jobs: BTreeMap::new(), factories: Vec::new(), gone: Vec::new() }
}

/// A claim of that factory with its card's words.
pub(super) fn claim(name: &str) -> Claim {
    Claim { factory: factory(name), capabilities: None, engine_classes: None }
}

impl Bench {
    pub(super) fn at(mut self, secs: i64) -> Self {
        self.now = secs;
        self
    }

    pub(super) fn factory(self, card: Card) -> Self {
        self.changed(card, |_| {})
    }

    pub(super) fn changed(mut self, card: Card, change: impl FnOnce(&mut Factory)) -> Self {
        let mut factory = registered(card);
        change(&mut factory);
        let state = format!("{} with {} seats, draining {}", factory.id, factory.seat_limit, factory.draining);
        if !self.factories.contains(&factory.id) {
            self.factories.push(factory.id.clone());
        }
        self.board.observe_factory(Arc::new(factory));
        self.told(&state, &[])
    }

    pub(super) fn closes(mut self, name: &str) -> Self {
        self.board.close_factory(&factory(name));
        self.told(&format!("{name} is about to drain"), &[])
    }

    pub(super) fn loads(mut self, name: &str, permille: u16) -> Self {
        self.board.soften_factory(&factory(name), permille);
        self.told(&format!("{name} has load {permille}"), &[])
    }

    pub(super) fn pauses(mut self, paused: bool) -> Self {
        self.board.set_paused(paused);
        self.told(if paused { "the product pauses" } else { "the product resumes" }, &[])
    }

    /// Enters a job that was submitted now.
    pub(super) fn submits(mut self, no: u128, spec: Spec) -> Self {
        let id = JobId(Uuid::from_u128(no));
        let words = format!("#{no:02x} is submitted");
        self.jobs.insert(no, submit(id, product(), spec, true, Timestamp(self.now * 1_000)).job);
        self.observes(no, &words)
    }

    /// The job's order was committed; the board sees where it stands.
    pub(super) fn commits(mut self, no: u128, order: Command) -> Self {
        let words = format!("#{no:02x} has done {}", crate::support::order::said(&order));
        let job = self.jobs.remove(&no).expect("a submitted job");
        self.jobs.insert(no, after(job, [(self.now, order)]));
        self.observes(no, &words)
    }

    /// The offered job was leased by that factory.
    pub(super) fn leases(self, no: u128, name: &str) -> Self {
        self.commits(no, lease_as(name, no))
    }

    pub(super) fn claims(mut self, claim: &Claim) -> Self {
        let answer = match self.board.pick(claim) {
            Ok(pick) => vec![pick.as_ref().map_or_else(|| "nothing".to_owned(), shown)],
            Err(refusal) => vec![format!("no: {refusal}")],
        };
        self.told(&format!("{} claims{}", claim.factory, own_words(claim)), &answer)
    }

    pub(super) fn waits(mut self, claim: Claim) -> Self {
        let words = format!("{} waits{}", claim.factory, own_words(&claim));
        let no = self.board.park(claim);
        self.told(&words, &[format!("as waiter {}", no.0)])
    }

    pub(super) fn leaves(mut self, waiter: u64) -> Self {
        self.board.unpark(WaiterNo(waiter));
        self.told(&format!("waiter {waiter} gives up"), &[])
    }

    /// Nobody listens to the waiting claim any more, and the board has not been told.
    pub(super) fn hangs_up(mut self, waiter: u64) -> Self {
        self.gone.push(WaiterNo(waiter));
        self.told(&format!("waiter {waiter} hangs up"), &[])
    }

    pub(super) fn serves(mut self) -> Self {
        let gone = self.gone.clone();
        let served = self.board.serve_waiters(|no| gone.contains(&no));
        let served: Vec<_> = served.iter().map(|(no, pick)| format!("waiter {}: {}", no.0, shown(pick))).collect();
        let served = if served.is_empty() { vec!["nobody".to_owned()] } else { served };
        self.told("the waiting claims are served", &served)
    }

    pub(super) fn ends_offer(mut self, no: u128) -> Self {
        self.board.end_offer(JobId(Uuid::from_u128(no)));
        self.told(&format!("the offer of #{no:02x} comes to nothing"), &[])
    }

    pub(super) fn wakes(mut self) -> Self {
        self.board.wake(Timestamp(self.now * 1_000));
        self.told("pauses that are over end", &[])
    }

    pub(super) fn snap(self) {
        self.log.snap();
    }

    fn observes(mut self, no: u128, words: &str) -> Self {
        let standing = Standing::of(&self.jobs[&no]);
        self.board.observe(&standing, Timestamp(self.now * 1_000));
        self.told(words, &[])
    }

    fn told(mut self, what: &str, answer: &[String]) -> Self {
        self.log.when(Timestamp(self.now * 1_000), what);
        if !answer.is_empty() {
            self.log.tell("answer", answer);
        }
        let board = &self.board;
        let wake = board.next_wake().map(|time| format!(", next wake {}", at(time))).unwrap_or_default();
        let counts =
            format!("ready {}, offered {}, waiting {}{wake}", board.ready(), board.offered(None), board.waiting());
        let seats = self.factories.iter().map(|id| {
            let limit = board.factory(id).map_or(0, |card| card.seat_limit);
            format!("{id} {}/{limit} seats, {} claimable", board.seats_used(id), board.claimable(id))
        });
        let lines: Vec<_> = std::iter::once(counts).chain(seats).collect();
        self.log.tell("board", &lines);
        self
    }
}

fn shown(pick: &Pick) -> String {
    let Pick { job, factory, engine } = pick;
    let engine = maybe(engine.as_ref().map(|engine| format!(" with {engine}")));
    format!("{} to {factory}{engine}", short(job.0))
}

fn own_words(claim: &Claim) -> String {
    let Claim { factory: _, capabilities, engine_classes } = claim;
    let capabilities = maybe(capabilities.as_ref().map(|words| format!(" with {words:?}")));
    let classes = maybe(engine_classes.as_ref().map(|words| format!(" as {words:?}")));
    format!("{capabilities}{classes}")
}
