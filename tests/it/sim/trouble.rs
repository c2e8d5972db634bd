//! What goes wrong beneath the node: pauses, planned upsets, standstills, and the cut that ends an incarnation.
//! Shared by the store and the road to the clients; decides by its own stream of numbers.

use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actors::store::{Change, Numbered};
use checker::{Moment, Recorder};
use domain::JobId;
use tokio::sync::watch;
use tokio::time::timeout;

use super::clock::Wall;
use super::rng::Rng;
use super::schedule::Wrong;

/// How a simulated commit goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Going {
    /// Until it is written, and from then until it is known.
    pub(super) before: Duration,
    pub(super) after: Duration,
    pub(super) wrong: Option<Wrong>,
}

/// How a simulated read goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) before: Duration,
    pub(super) after: Duration,
    pub(super) fails: bool,
}

/// What has come about, for the counters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Came {
    pub(super) cut_written: u64,
    pub(super) cut_unwritten: u64,
    /// The node ended with the end of a child, and nobody was told.
    pub(super) cut_child: u64,
    pub(super) lost: u64,
    pub(super) blind: u64,
}

/// Troubles of one node; cheap to clone.
#[derive(Clone)]
pub(super) struct Trouble {
    inner: Arc<Mutex<Inner>>,
    /// The store stands still; the node as a whole does.
    stands: Arc<watch::Sender<bool>>,
    frozen: Arc<watch::Sender<bool>>,
    /// The clients are cut off from the node.
    parted: Arc<watch::Sender<bool>>,
    /// The node is to end with the next job that others wait for.
    cuts: Arc<watch::Sender<bool>>,
}

struct Inner {
    rng: Rng,
    commit_ms: u64,
    read_ms: u64,
    wrong: VecDeque<Wrong>,
    blind: u32,
    /// Jobs that others wait for.
    awaited: BTreeSet<JobId>,
    came: Came,
    recorder: Recorder,
    wall: Arc<Wall>,
}

impl Trouble {
    pub(super) fn new(rng: Rng, (commit_ms, read_ms): (u64, u64), recorder: Recorder, wall: Arc<Wall>) -> Self {
        let (wrong, came) = (VecDeque::new(), Came::default());
        let awaited = BTreeSet::new();
        let inner = Inner { rng, commit_ms, read_ms, wrong, blind: 0, awaited, came, recorder, wall };
        let still = || Arc::new(watch::Sender::new(false));
        Self { inner: Arc::new(Mutex::new(inner)), stands: still(), frozen: still(), parted: still(), cuts: still() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn upset(&self, how: Wrong) {
        self.lock().wrong.push_back(how);
    }

    pub(super) fn blind(&self, reads: u32) {
        self.lock().blind += reads;
    }

    /// Nothing is planned any more.
    pub(super) fn calm(&self) {
        let mut inner = self.lock();
        inner.wrong.clear();
        inner.blind = 0;
    }

    pub(super) fn stand(&self, still: bool) {
        self.stands.send_replace(still);
    }

    pub(super) fn freeze(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
        self.stands.send_replace(frozen);
    }

    pub(super) fn part(&self, parted: bool) {
        self.parted.send_replace(parted);
    }

    /// The node is to end with the next job that others wait for. Returns when it has; false: none ended in time.
    pub(super) async fn is_cut_within(&self, time: Duration) -> bool {
        self.cuts.send_replace(true);
        let cut = timeout(time, goes(&self.cuts)).await.is_ok();
        self.cuts.send_replace(false);
        cut
    }

    /// Takes in what was written. True: the node is to end with it.
    pub(super) fn cuts(&self, batch: &[Numbered]) -> bool {
        let mut inner = self.lock();
        let (mut ended, mut children) = (false, 0);
        for numbered in batch {
            match &numbered.write.change {
                Change::Submit { job } => {
                    inner.awaited.extend(job.spec.depends_on.iter().copied().chain(job.spec.parent.map(|_| job.id)));
                }
                Change::Job { job, .. } if job.stage.is_terminal() && inner.awaited.remove(&job.id) => {
                    ended = true;
                    children += u64::from(job.spec.parent.is_some());
                }
                Change::Job { .. }
                | Change::Note { .. }
                | Change::Factory { .. }
                | Change::Settings { .. }
                | Change::Renewals { .. } => {}
            }
        }
        let cut = ended && self.cuts.send_replace(false);
        inner.came.cut_child += if cut { children } else { 0 };
        cut
    }

    /// Returns at once where the clients reach the node; else when they do again. True: they were cut off.
    pub(super) async fn was_parted(&self) -> bool {
        let parted = *self.parted.borrow();
        goes(&self.parted).await;
        parted
    }

    /// Returns when the store does not stand still.
    pub(super) async fn moves(&self) {
        goes(&self.stands).await;
    }

    /// Returns when the node is not frozen.
    pub(super) async fn thaws(&self) {
        goes(&self.frozen).await;
    }

    pub(super) fn commit(&self) -> Going {
        let mut inner = self.lock();
        let bound = inner.commit_ms + 1;
        let (before, after) = (inner.rng.below(bound), inner.rng.below(bound));
        let wrong = inner.wrong.pop_front();
        let slow = if let Some(Wrong::Slow(ms)) = wrong { ms } else { 0 };
        let first = if slow > 0 { inner.rng.below(slow) } else { 0 };
        Going { before: ms(before + first), after: ms(after + slow - first), wrong }
    }

    pub(super) fn read(&self) -> Reading {
        let mut inner = self.lock();
        let bound = inner.read_ms + 1;
        let (before, after) = (inner.rng.below(bound), inner.rng.below(bound));
        let fails = inner.blind > 0;
        if fails {
            inner.blind -= 1;
            inner.came.blind += 1;
            inner.mark(Moment::Halted);
            inner.mark(Moment::Resumed);
        }
        Reading { before: ms(before), after: ms(after), fails }
    }

    /// The store stands still for a while, or goes on: a promise about time holds only where no such mark is.
    pub(super) fn mark(&self, moment: Moment) {
        self.lock().mark(moment);
    }

    pub(super) fn note(&self, note: impl FnOnce(&mut Came)) {
        note(&mut self.lock().came);
    }

    pub(super) fn came(&self) -> Came {
        self.lock().came
    }
}

impl Inner {
    fn mark(&self, moment: Moment) {
        self.recorder.mark(moment, self.wall.shown());
    }
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The end of an incarnation: from then on it neither writes nor reads nor answers.
#[derive(Clone)]
pub(super) struct Cut(Arc<watch::Sender<bool>>);

/// The incarnation has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended;

impl Cut {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    pub(super) fn fall(&self) {
        self.0.send_replace(true);
    }

    pub(super) fn is_down(&self) -> bool {
        *self.0.borrow()
    }

    /// Does something, unless the incarnation ends before it is done.
    pub(super) async fn unless<T>(&self, what: impl Future<Output = T>) -> Result<T, Ended> {
        let mut down = self.0.subscribe();
        tokio::select! {
            biased;
            _ = down.wait_for(|down| *down) => Err(Ended),
            done = what => Ok(done),
        }
    }
}

async fn goes(still: &watch::Sender<bool>) {
    if *still.borrow() {
        // The sender lives as long as whoever waits.
        let _ = still.subscribe().wait_for(|still| !still).await;
    }
}
