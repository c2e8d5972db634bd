//! The ready index: what jobs ask for, under each of these the classes of interchangeable jobs, in each class their order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::class::{Class, DemandNo, Kind, Rank, Spot};
use super::locks::{LockNo, Locks};
use super::needs::{Key, Needs};
use super::standing::Merit;
use crate::JobId;

/// Number of a class; reused when it has no members left.
pub(super) type ClassNo = u32;

/// What some jobs ask for, and their classes.
#[derive(Debug)]
pub(super) struct Demand {
    pub(super) needs: Arc<Needs>,
    pub(super) classes: BTreeSet<ClassNo>,
}

/// The ready jobs of a product.
#[derive(Debug, Default)]
pub(super) struct Index {
    demands: Vec<Option<Demand>>,
    demand_numbers: BTreeMap<Arc<Needs>, DemandNo>,
    vacant_demands: Vec<DemandNo>,
    classes: Vec<Option<Class>>,
    class_numbers: BTreeMap<Arc<Kind>, ClassNo>,
    vacant_classes: Vec<ClassNo>,
    locks: Locks,
    ready: usize,
    /// Jobs that became candidates since they were last asked for, while somebody cares.
    fresh: Option<BTreeSet<JobId>>,
}

impl Index {
    /// Counts a job into the class of those that ask for and merit the same.
    pub(super) fn join(&mut self, needs: &Arc<Needs>, merit: &Merit, waiting: u8) -> ClassNo {
        let demand = self.demand(needs);
        let kind = Kind { demand, merit: merit.clone(), waiting };
        let no = match self.class_numbers.get(&kind).copied() {
            Some(no) => no,
            None => self.enter_class(kind),
        };
        if let Some(class) = &mut self.classes[no as usize] {
            class.members += 1;
        }
        no
    }

    fn demand(&mut self, needs: &Arc<Needs>) -> DemandNo {
        if let Some(no) = self.demand_numbers.get(needs) {
            return *no;
        }
        let demand = Demand { needs: needs.clone(), classes: BTreeSet::new() };
        let no = put(&mut self.demands, &mut self.vacant_demands, demand);
        self.demand_numbers.insert(needs.clone(), no);
        no
    }

    fn enter_class(&mut self, kind: Kind) -> ClassNo {
        let kind = Arc::new(kind);
        let no = put(&mut self.classes, &mut self.vacant_classes, Class::new(kind.clone()));
        if let Some(demand) = &mut self.demands[kind.demand as usize] {
            demand.classes.insert(no);
        }
        self.class_numbers.insert(kind, no);
        no
    }

    /// Counts a job out of its class.
    pub(super) fn leave(&mut self, no: ClassNo) {
        let Some(class) = &mut self.classes[no as usize] else { return };
        class.members -= 1;
        if class.members > 0 {
            return;
        }
        let kind = class.kind.clone();
        self.class_numbers.remove(&kind);
        self.classes[no as usize] = None;
        self.vacant_classes.push(no);
        let Some(demand) = &mut self.demands[kind.demand as usize] else { return };
        demand.classes.remove(&no);
        if demand.classes.is_empty() {
            self.demand_numbers.remove(&demand.needs);
            self.demands[kind.demand as usize] = None;
            self.vacant_demands.push(kind.demand);
        }
    }

    /// Counts a job in that has a key.
    pub(super) fn lock(&mut self, key: &Key) -> LockNo {
        self.locks.join(key)
    }

    /// Counts it out.
    pub(super) fn unlock(&mut self, no: LockNo) {
        self.locks.leave(no);
    }

    /// The concurrency keys.
    pub(super) fn locks(&self) -> &Locks {
        &self.locks
    }

    /// Counts a job of that name that begins or ends to be on offer or to run.
    pub(super) fn count_key(&mut self, name: &str, begins: bool) {
        for turned in self.locks.count(name, begins) {
            let Some(class) = &mut self.classes[turned.class as usize] else { continue };
            let fresh = class.turn(turned.lock, turned.open);
            self.note(fresh);
        }
    }

    /// Makes a member ready.
    pub(super) fn insert(&mut self, no: ClassNo, spot: Spot) {
        let open = spot.lock.is_none_or(|lock| self.locks.is_open(lock));
        let Some(class) = &mut self.classes[no as usize] else { return };
        let is_candidate = class.insert(spot, open);
        self.ready += 1;
        spot.lock.iter().for_each(|lock| self.locks.line(*lock, no, true));
        self.note(is_candidate.then_some(spot.rank.job));
    }

    /// Takes a member out of the order.
    pub(super) fn remove(&mut self, no: ClassNo, spot: Spot) {
        let open = spot.lock.is_none_or(|lock| self.locks.is_open(lock));
        let Some(class) = &mut self.classes[no as usize] else { return };
        let (next, is_empty) = class.remove(spot, open);
        self.ready -= 1;
        if let Some(fresh) = &mut self.fresh {
            fresh.remove(&spot.rank.job);
        }
        if let Some(lock) = spot.lock.filter(|_| is_empty) {
            self.locks.line(lock, no, false);
        }
        self.note(next);
    }

    /// Makes many members ready at once that no key holds and that are not due.
    pub(super) fn fill(&mut self, mut ranks: Vec<(ClassNo, Rank)>) {
        ranks.sort_unstable();
        self.ready += ranks.len();
        for some in ranks.chunk_by(|one, other| one.0 == other.0) {
            let Some(class) = some.first().and_then(|(no, _)| self.classes[*no as usize].as_mut()) else { continue };
            class.fill(some.iter().map(|(_, rank)| *rank).collect());
        }
    }

    /// What is asked for, each with its classes.
    pub(super) fn demands(&self) -> impl Iterator<Item = &Demand> {
        self.demands.iter().flatten()
    }

    /// What the jobs of a class ask for.
    pub(super) fn needs(&self, class: &Class) -> Option<&Arc<Needs>> {
        self.needs_of(class.kind.demand)
    }

    /// What the jobs of a demand ask for.
    pub(super) fn needs_of(&self, demand: DemandNo) -> Option<&Arc<Needs>> {
        self.demands[demand as usize].as_ref().map(|demand| &demand.needs)
    }

    /// A class.
    pub(super) fn class(&self, no: ClassNo) -> Option<&Class> {
        self.classes[no as usize].as_ref()
    }

    /// The classes of a demand.
    pub(super) fn classes<'a>(&'a self, demand: &'a Demand) -> impl Iterator<Item = (ClassNo, &'a Class)> {
        demand.classes.iter().filter_map(|no| self.class(*no).map(|class| (*no, class)))
    }

    /// How many jobs are ready.
    pub(super) fn ready(&self) -> usize {
        self.ready
    }

    /// Takes note of new candidates from now on, or no more.
    pub(super) fn watch(&mut self, watches: bool) {
        if !watches {
            self.fresh = None;
        } else if self.fresh.is_none() {
            self.fresh = Some(BTreeSet::new());
        }
    }

    /// The jobs that became candidates since they were last taken.
    pub(super) fn take_fresh(&mut self) -> BTreeSet<JobId> {
        self.fresh.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn note(&mut self, candidates: impl IntoIterator<Item = JobId>) {
        if let Some(fresh) = &mut self.fresh {
            fresh.extend(candidates);
        }
    }

    /// A job is no news to anybody.
    pub(super) fn unnote(&mut self, job: JobId) {
        if let Some(fresh) = &mut self.fresh {
            fresh.remove(&job);
        }
    }
}

/// Puts a value into the first vacant place.
fn put<T>(places: &mut Vec<Option<T>>, vacant: &mut Vec<u32>, value: T) -> u32 {
    if let Some(no) = vacant.pop() {
        places[no as usize] = Some(value);
        return no;
    }
    places.push(Some(value));
    u32::try_from(places.len() - 1).unwrap_or(u32::MAX)
}
