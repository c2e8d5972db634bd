//! A board with the story of what was asked of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::dispatch::{
    Board, Breakdown, Claim, Explained, Order, Pick, Reason, Rules, Sought, Standing, Term, WaiterNo,
};
use domain::factory::{Card, Factory};
use domain::job::{Command, Job, Spec, command, submit};
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
    rules: Rules,
    now: i64,
    jobs: BTreeMap<u128, Job>,
    factories: Vec<FactoryId>,
    gone: Vec<WaiterNo>,
}

/// An empty board.
pub(super) fn bench(name: &str) -> Bench {
    let log = Log::new("dispatch", name);
    Bench {
        board: Board::default(),
        log,
        rules: Rules::default(),
        now: 0,
        jobs: BTreeMap::new(),
        factories: Vec::new(),
        gone: Vec::new(),
    }
}

/// A claim of that factory with its card's words.
pub(super) fn claim(name: &str) -> Claim {
    Claim::plain(factory(name))
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
        self.board.observe_factory(Arc::new(factory), self.time());
        self.told(&state, &[])
    }

    pub(super) fn closes(mut self, name: &str) -> Self {
        self.board.close_factory(&factory(name), self.time());
        self.told(&format!("{name} is about to drain"), &[])
    }

    pub(super) fn loads(mut self, name: &str, permille: u16) -> Self {
        self.board.soften_factory(&factory(name), permille, self.time());
        self.told(&format!("{name} has load {permille}"), &[])
    }

    pub(super) fn pauses(mut self, paused: bool) -> Self {
        self.rules.paused = paused;
        self.board.set_rules(self.rules.clone(), self.time());
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
        let answer = match self.board.pick(claim, self.time()) {
            Ok(pick) => vec![pick.as_ref().map_or_else(|| "nothing".to_owned(), shown)],
            Err(refusal) => vec![format!("no: {refusal}")],
        };
        self.told(&format!("{} claims{}", claim.factory, own_words(claim)), &answer)
    }

    pub(super) fn waits(mut self, claim: Claim) -> Self {
        let words = format!("{} waits{}", claim.factory, own_words(&claim));
        let no = self.board.park(claim, self.time());
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
        let served = self.board.serve_waiters(self.time(), |no| gone.contains(&no));
        let served: Vec<_> = served.iter().map(|(no, pick)| format!("waiter {}: {}", no.0, shown(pick))).collect();
        let served = if served.is_empty() { vec!["nobody".to_owned()] } else { served };
        self.told("the waiting claims are served", &served)
    }

    pub(super) fn ends_offer(mut self, no: u128) -> Self {
        self.board.end_offer(JobId(Uuid::from_u128(no)), self.time());
        self.told(&format!("the offer of #{no:02x} comes to nothing"), &[])
    }

    pub(super) fn wakes(mut self) -> Self {
        self.board.wake(Timestamp(self.now * 1_000));
        self.told("pauses that are over end", &[])
    }

    /// What holds for claims is another thing from now on.
    pub(super) fn rules(mut self, words: &str, change: impl FnOnce(&mut Rules)) -> Self {
        change(&mut self.rules);
        self.board.set_rules(self.rules.clone(), self.time());
        self.told(words, &[])
    }

    /// So many jobs wait for that one.
    pub(super) fn weighs(mut self, no: u128, dependents: u8) -> Self {
        self.board.set_dependents(JobId(Uuid::from_u128(no)), dependents, self.time());
        self.told(&format!("{dependents} jobs wait for #{no:02x}"), &[])
    }

    /// Urgent jobs look for somebody who gives way; the evictions that are due are committed.
    pub(super) fn preempts(mut self) -> Self {
        let orders = self.board.follow_evictions(self.time());
        self.board.begin_evictions(self.time());
        let told = self.factories.iter().flat_map(|id| {
            let giving = self.board.to_give_way(id, self.time());
            giving
                .into_iter()
                .map(move |(job, _, secs)| format!("{id} is told: {} gives way in {secs} s", short(job.0)))
        });
        let lines =
            orders.iter().map(|Order { evict, by, .. }| format!("{} is evicted for {}", short(evict.0), short(by.0)));
        let lines: Vec<String> = told.chain(lines).collect();
        let mut bench = self.told("evictions", &if lines.is_empty() { vec!["none".to_owned()] } else { lines });
        for Order { evict, epoch, by } in orders {
            let order = Command::Preempt(command::Preempt { epoch, for_job: by });
            bench = bench.commits(evict.0.as_u128(), order);
        }
        bench
    }

    /// Enters a job that waits for another one.
    pub(super) fn blocks(mut self, no: u128) -> Self {
        let id = JobId(Uuid::from_u128(no));
        let spec = Spec { depends_on: vec![JobId(Uuid::from_u128(0xa1))], ..crate::support::job::spec() };
        self.jobs.insert(no, submit(id, product(), spec, false, self.time()).job);
        self.observes(no, &format!("#{no:02x} is submitted, which waits for #a1"))
    }

    /// The reason why a job waits.
    pub(super) fn reason(&self, no: u128) -> Option<Reason> {
        self.board.explain(JobId(Uuid::from_u128(no)), self.time()).map(|explained| explained.reason)
    }

    /// Why a job waits.
    pub(super) fn explains(self, no: u128) -> Self {
        let lines = match self.board.explain(JobId(Uuid::from_u128(no)), self.time()) {
            None => vec!["it waits for nothing".to_owned()],
            Some(explained) => lines_of(&explained),
        };
        self.told(&format!("why does #{no:02x} wait?"), &lines)
    }

    fn time(&self) -> Timestamp {
        Timestamp(self.now * 1_000)
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
            format!("{id} {}/{limit} seats, {} claimable", board.seats_used(id), board.claimable(id, self.time()))
        });
        let lines: Vec<_> = std::iter::once(counts).chain(seats).collect();
        self.log.tell("board", &lines);
        self
    }
}

fn lines_of(explained: &Explained) -> Vec<String> {
    let Explained { reason, until, key, review, position, offered_to, evicting, factories } = explained;
    let until = maybe(until.map(|until| format!(" until {}", at(until))));
    let key = maybe(key.as_ref().map(|(key, taken)| format!(", {taken} of {} under {:?}", key.limit, key.name)));
    let review = maybe(review.map(|(waiting, limit)| format!(", {waiting} of {limit} in review")));
    let place = maybe(position.as_ref().map(|at| format!(", {} before it for {}", at.ahead, at.factory)));
    let offered = maybe(offered_to.as_ref().map(|id| format!(", on offer to {id}")));
    let evicting = maybe(evicting.map(|job| format!(", {} gives way", short(job.0))));
    let first = format!("{}{until}{key}{review}{place}{offered}{evicting}", reason.as_str());
    let stances = factories.iter().map(|stance| {
        let missing = maybe((!stance.missing.is_empty()).then(|| format!(" {:?}", stance.missing)));
        let until = maybe(stance.until.map(|until| format!(" until {}", at(until))));
        let score = points(stance.breakdown.score().0);
        format!("{}: {}{missing}{until}, score {score}", stance.factory, stance.reason.as_str())
    });
    std::iter::once(first).chain(stances).collect()
}

/// A score and the shares that are more than nothing.
fn scored(breakdown: &Breakdown) -> String {
    let shares = Term::ALL.into_iter().filter(|term| breakdown.share(*term).0 > 0);
    let shares: Vec<_> = shares.map(|term| format!("{} {}", term.as_str(), points(breakdown.share(term).0))).collect();
    format!("{} = {}", points(breakdown.score().0), shares.join(" + "))
}

fn points(billionths: u64) -> String {
    format!("{}.{:03}", billionths / 1_000_000_000, billionths % 1_000_000_000 / 1_000_000)
}

fn shown(pick: &Pick) -> String {
    let Pick { job, factory, engine, breakdown, sought } = pick;
    let Sought { considered, filtered, top } = sought;
    let engine = maybe(engine.as_ref().map(|engine| format!(" with {engine}")));
    let filtered = filtered.iter().map(|(reason, jobs)| format!(", {jobs} {}", reason.as_str())).collect::<String>();
    let top = top.iter().map(|(job, score)| format!(", then {} {}", short(job.0), points(score.0))).collect::<String>();
    format!("{} to {factory}{engine}: {} (of {considered}{filtered}{top})", short(job.0), scored(breakdown))
}

fn own_words(claim: &Claim) -> String {
    let Claim { factory: _, capabilities, engine_classes, weights } = claim;
    let capabilities = maybe(capabilities.as_ref().map(|words| format!(" with {words:?}")));
    let classes = maybe(engine_classes.as_ref().map(|words| format!(" as {words:?}")));
    let weights = weights.iter().map(|(term, by)| format!(" {}={}", term.as_str(), f64::from(by.thousandths()) / 1e3));
    format!("{capabilities}{classes}{}", weights.collect::<String>())
}
