//! Everything that a claim is decided by, in one value: what is ready, what is offered or running, who has a free
//! seat, who waits. Picks take a job off the index and count its seat and key as offered until the offer ends.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::index::{GroupNo, Index, Rank};
use super::needs::{Claim, Needs, Supply};
use super::seats::{SeatNo, Seats};
use super::standing::Standing;
use super::waiters::{WaiterNo, Waiters};
use crate::factory::{Factory, Refusal};
use crate::job::Stage;
use crate::job::state::Priority;
use crate::mutant::Mutant;
use crate::{FactoryId, JobId, Timestamp};

/// A job for a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    /// The job.
    pub job: JobId,
    /// The factory that gets it.
    pub factory: FactoryId,
    /// The engine to use.
    pub engine: Option<String>,
}

/// Where a job stands, as far as claims are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spot {
    Ready,
    Delayed(Timestamp),
    Offered(SeatNo),
    Running(SeatNo),
}

#[derive(Clone, Copy, Debug)]
struct Place {
    group: GroupNo,
    priority: Priority,
    queued_at: Timestamp,
    spot: Spot,
}

impl Place {
    fn rank(&self, job: JobId) -> Rank {
        Rank { priority: Reverse(self.priority), queued_at: self.queued_at, job }
    }
}

/// The state that claims are decided by. Derived; rebuilt from jobs and factories at any time.
#[derive(Debug, Default)]
pub struct Board {
    index: Index,
    places: HashMap<JobId, Place>,
    delayed: BTreeSet<(Timestamp, JobId)>,
    seats: Seats,
    keys: BTreeMap<String, u32>,
    waiters: Waiters,
    paused: bool,
    /// Jobs that became ready, and factories that got room, since the waiting claims were last looked at.
    fresh: BTreeSet<Rank>,
    roomy: BTreeSet<FactoryId>,
}

impl Board {
    /// Opens or closes the product's gate.
    pub fn set_paused(&mut self, paused: bool) {
        if self.paused && !paused {
            self.roomy.extend(self.waiters.iter().map(|(_, claim)| claim.factory.clone()));
        }
        self.paused = paused;
    }

    /// Takes in a factory's card as it was committed.
    pub fn observe_factory(&mut self, card: Arc<Factory>) {
        self.roomy.insert(card.id.clone());
        self.seats.observe(card);
    }

    /// Takes in a factory's load, which is soft.
    pub fn soften_factory(&mut self, id: &FactoryId, load_permille: u16) {
        self.seats.soften(id, load_permille);
    }

    /// The card of a factory.
    pub fn factory(&self, id: &FactoryId) -> Option<&Arc<Factory>> {
        self.seats.card(id)
    }

    /// Opens the gate of one factory again, whose drain came to nothing.
    pub fn reopen_factory(&mut self, card: Arc<Factory>) {
        self.seats.reopen(&card.id);
        self.observe_factory(card);
    }

    /// Closes one factory's gate ahead of its commit.
    pub fn close_factory(&mut self, id: &FactoryId) {
        self.seats.close(id);
    }

    /// Takes in the waiting jobs of a product that is being opened: as `observe` for each, in far less time and memory.
    pub fn fill(&mut self, waiting: &[Standing], now: Timestamp) {
        self.places.reserve(waiting.len());
        let mut ready = Vec::with_capacity(waiting.len());
        for job in waiting {
            if spot(&mut self.seats, job, now) != Some(Spot::Ready) {
                self.observe(job, now);
                continue;
            }
            let group = self.index.join(&job.needs);
            let place = Place { group, priority: job.priority, queued_at: job.queued_at, spot: Spot::Ready };
            ready.push((group, place.rank(job.job)));
            self.places.insert(job.job, place);
        }
        self.index.fill(ready);
    }

    /// Takes in a job as it was committed. An offer that is under way stays one until it ends.
    pub fn observe(&mut self, job: &Standing, now: Timestamp) {
        let spot = spot(&mut self.seats, job, now);
        let offered = self.places.get(&job.job).map(|place| place.spot).filter(|spot| matches!(spot, Spot::Offered(_)));
        let queued = matches!(spot, Some(Spot::Ready | Spot::Delayed(_)));
        let spot = if queued { offered.or(spot) } else { spot };
        self.clear(job.job);
        if let Some(spot) = spot {
            let group = self.index.join(&job.needs);
            self.settle(job.job, Place { group, priority: job.priority, queued_at: job.queued_at, spot });
        }
    }

    /// Ends an offer that came to nothing: the job is ready again until it is next observed.
    pub fn end_offer(&mut self, job: JobId) {
        let Some(place) = self.places.get(&job).copied().filter(|place| matches!(place.spot, Spot::Offered(_))) else {
            return;
        };
        self.unsettle(job, &place);
        self.settle(job, Place { spot: Spot::Ready, ..place });
    }

    /// Takes a job off the board that is left alone; if it runs, it goes on taking its seat.
    pub fn set_aside(&mut self, job: JobId) {
        if self.places.get(&job).is_some_and(|place| !matches!(place.spot, Spot::Running(_))) {
            self.clear(job);
        }
    }

    /// Takes a job off the board.
    pub fn clear(&mut self, job: JobId) {
        let Some(place) = self.places.remove(&job) else { return };
        self.unsettle(job, &place);
        self.index.leave(place.group);
    }

    /// Takes the best job for a claim off the index and counts it as offered. None: nothing fits.
    ///
    /// Refuses a factory that may not claim at all.
    pub fn pick(&mut self, claim: &Claim) -> Result<Option<Pick>, Refusal> {
        let card = self.seats.admit(&claim.factory)?;
        if self.paused && !Mutant::PauseIgnored.is_planted() {
            return Ok(None);
        }
        let supply = Supply::of(&card, claim);
        let best = self.index.best(|needs| supply.meets(needs) && self.key_is_free(needs));
        Ok(best.map(|(group, rank)| self.offer(group, rank.job, claim, &supply)))
    }

    /// Lets a claim wait for a job.
    pub fn park(&mut self, claim: Claim) -> WaiterNo {
        self.waiters.park(claim)
    }

    /// Ends a claim's waiting.
    pub fn unpark(&mut self, no: WaiterNo) {
        self.waiters.take(no);
    }

    /// Gives what became ready, the most urgent first, to the waiting claims that fit best; each of them stops waiting.
    ///
    /// A job goes to the least loaded of the factories that could run it, among equals to the one that waits longest.
    /// `gone` tells which waiting claims nobody listens to any more; they get nothing.
    pub fn serve_waiters(&mut self, gone: impl Fn(WaiterNo) -> bool) -> Vec<(WaiterNo, Pick)> {
        let mut served = Vec::new();
        if self.waiters.len() == 0 {
            self.fresh.clear();
            self.roomy.clear();
            return served;
        }
        while !self.paused {
            let Some(rank) = self.fresh.pop_first() else { break };
            served.extend(self.serve_job(rank.job, &gone));
        }
        for factory in std::mem::take(&mut self.roomy) {
            for no in self.waiters.of(&factory) {
                let Some(claim) = self.waiters.get(no).filter(|_| !gone(no)).cloned() else { continue };
                let Ok(pick) = self.pick(&claim) else { break };
                let Some(pick) = pick else { continue };
                self.waiters.take(no);
                served.push((no, pick));
            }
        }
        served
    }

    /// Moves jobs whose pause is over into the index.
    pub fn wake(&mut self, now: Timestamp) {
        while let Some((_, job)) = self.delayed.first().copied().filter(|(at, _)| *at <= now) {
            let Some(place) = self.places.get(&job).copied() else { break };
            self.unsettle(job, &place);
            self.settle(job, Place { spot: Spot::Ready, ..place });
        }
    }

    /// When the next pause is over.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.delayed.first().map(|(at, _)| *at)
    }

    /// How many ready jobs the factory could run.
    pub fn claimable(&self, factory: &FactoryId) -> usize {
        let Some(card) = self.seats.card(factory).filter(|_| !self.paused) else { return 0 };
        let claim = Claim { factory: factory.clone(), capabilities: None, engine_classes: None };
        let supply = Supply::of(card, &claim);
        self.index.count(|needs| supply.meets(needs) && self.key_is_free(needs))
    }

    /// Seats of a factory that are taken.
    pub fn seats_used(&self, factory: &FactoryId) -> u32 {
        self.seats.used(factory)
    }

    /// Jobs on offer: of one factory, or of all.
    pub fn offered(&self, of: Option<&FactoryId>) -> u32 {
        self.seats.offered(of)
    }

    /// How many jobs are ready.
    pub fn ready(&self) -> usize {
        self.index.ready()
    }

    /// How many claims wait.
    pub fn waiting(&self) -> usize {
        self.waiters.len()
    }

    fn serve_job(&mut self, job: JobId, gone: &impl Fn(WaiterNo) -> bool) -> Option<(WaiterNo, Pick)> {
        let place = self.places.get(&job).filter(|place| place.spot == Spot::Ready)?;
        let group = place.group;
        let needs = self.index.needs(group)?.clone();
        if !self.key_is_free(&needs) {
            return None;
        }
        let fitting = self.waiters.iter().filter_map(|(no, claim)| {
            let card = self.seats.admit(&claim.factory).ok()?;
            let fits = Supply::of(&card, claim).meets(&needs) && !gone(no);
            fits.then(|| (self.seats.load(&claim.factory), no))
        });
        let (_, no) = fitting.min()?;
        let claim = self.waiters.take(no)?;
        let supply = Supply::of(self.seats.card(&claim.factory)?, &claim);
        Some((no, self.offer(group, job, &claim, &supply)))
    }

    fn offer(&mut self, group: GroupNo, job: JobId, claim: &Claim, supply: &Supply) -> Pick {
        let engine = self.index.needs(group).and_then(|needs| supply.engine(needs));
        let seat = self.seats.number(&claim.factory);
        if let Some(place) = self.places.get(&job).copied() {
            self.unsettle(job, &place);
            self.settle(job, Place { spot: Spot::Offered(seat), ..place });
        }
        Pick { job, factory: claim.factory.clone(), engine }
    }

    fn key_is_free(&self, needs: &Needs) -> bool {
        Mutant::KeyLimitIgnored.is_planted()
            || needs.key.as_ref().is_none_or(|key| self.keys.get(key).copied().unwrap_or(0) < needs.limit)
    }

    /// Enters a place: into the order, into the seats and keys.
    fn settle(&mut self, job: JobId, place: Place) {
        match place.spot {
            Spot::Ready => {
                self.index.insert(place.group, place.rank(job));
                if self.waiters.len() > 0 {
                    self.fresh.insert(place.rank(job));
                }
            }
            Spot::Delayed(at) => {
                self.delayed.insert((at, job));
            }
            Spot::Offered(seat) => self.seats.count_offer(seat, true),
            Spot::Running(seat) => self.seats.count_run(seat, true),
        }
        if matches!(place.spot, Spot::Offered(_) | Spot::Running(_)) {
            self.count_key(place.group, true);
        }
        self.places.insert(job, place);
    }

    /// Leaves a place; whoever gets room by that is noted.
    fn unsettle(&mut self, job: JobId, place: &Place) {
        let seat = match place.spot {
            Spot::Ready => {
                self.fresh.remove(&place.rank(job));
                return self.index.remove(place.group, &place.rank(job));
            }
            Spot::Delayed(at) => {
                self.delayed.remove(&(at, job));
                return;
            }
            Spot::Offered(seat) => {
                self.seats.count_offer(seat, false);
                seat
            }
            Spot::Running(seat) => {
                self.seats.count_run(seat, false);
                seat
            }
        };
        self.roomy.insert(self.seats.id(seat));
        self.count_key(place.group, false);
    }

    fn count_key(&mut self, group: GroupNo, taken: bool) {
        let Some(key) = self.index.needs(group).and_then(|needs| needs.key.clone()) else { return };
        let count = self.keys.entry(key.clone()).or_default();
        *count = if taken { *count + 1 } else { *count - 1 };
        if *count == 0 {
            self.keys.remove(&key);
        }
        if !taken {
            self.roomy.extend(self.waiters.iter().map(|(_, claim)| claim.factory.clone()));
        }
    }
}

/// Where a job stands by itself, without regard to offers. None: claims have nothing to do with it.
fn spot(seats: &mut Seats, job: &Standing, now: Timestamp) -> Option<Spot> {
    match (&job.holder, job.stage) {
        (Some(holder), _) => Some(Spot::Running(seats.number(holder))),
        (None, Stage::Queued) => {
            Some(match job.not_before.filter(|at| *at > now && !Mutant::DelayIgnored.is_planted()) {
                Some(at) => Spot::Delayed(at),
                None => Spot::Ready,
            })
        }
        (None, _) => None,
    }
}
