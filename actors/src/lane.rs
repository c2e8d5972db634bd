//! A lane: one thread with a current-thread runtime, on which all actors of its products and their committer live.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use dashmap::DashMap;
use domain::dispatch::{Needs, Supply};
use domain::factory::Factory;
use domain::job::command::Fence;
use domain::product::Settings;
use domain::{Epoch, FactoryId, JobId, ProductId, Timestamp};
use tokio::sync::{mpsc, oneshot};

use crate::clock::{Clock, Ids};
use crate::node::Switches;
use crate::profiles::Profiles;
use crate::reaping::Reaping;
use crate::store::Store;

/// What every actor of a product works with.
#[derive(Clone)]
pub(crate) struct Lane {
    pub(crate) product: ProductId,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) reaping: Reaping,
    pub(crate) pulses: Pulses,
    pub(crate) zombies: Zombies,
    pub(crate) fleet: Fleet,
    pub(crate) settings: Current,
    pub(crate) profiles: Profiles,
    pub(crate) switches: Switches,
}

impl Lane {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// The cards of a product's factories, for whoever has to know what they can do. Written by the dispatcher only.
#[derive(Clone, Default)]
pub(crate) struct Fleet {
    cards: Arc<DashMap<FactoryId, Arc<Factory>>>,
}

impl Fleet {
    pub(crate) fn enter(&self, card: Arc<Factory>) {
        self.cards.insert(card.id.clone(), card);
    }

    /// Some known factory has what a job asks for, whether it can take it now or not.
    pub(crate) fn could_run(&self, needs: &Needs) -> bool {
        self.cards.iter().any(|card| Supply::card(card.value()).lacks(needs).is_none())
    }
}

/// A product's settings as they are committed, for whoever has to look at them without asking. Written by the product's
/// actor only.
#[derive(Clone)]
pub(crate) struct Current(Arc<RwLock<Arc<Settings>>>);

impl Current {
    pub(crate) fn new(product: ProductId) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(Settings::new(product)))))
    }

    pub(crate) fn get(&self) -> Arc<Settings> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, settings: Arc<Settings>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }
}

/// When each zombie's last refused write left an event: at most one a minute for a job, an epoch and a factory.
#[derive(Clone, Default)]
pub(crate) struct Zombies {
    fenced: Arc<Mutex<BTreeMap<Zombie, Timestamp>>>,
}

type Zombie = (JobId, Epoch, Option<FactoryId>);

/// A zombie's refused writes leave at most one event in this time.
const FENCED_EVERY_MS: u64 = 60_000;

impl Zombies {
    /// The zombie has left an event lately.
    pub(crate) fn is_quiet(&self, job: JobId, fence: &Fence, now: Timestamp) -> bool {
        let mut fenced = self.fenced.lock().unwrap_or_else(PoisonError::into_inner);
        fenced.retain(|_, last| now.ms_since(*last) < FENCED_EVERY_MS);
        fenced.contains_key(&(job, fence.epoch, fence.factory.clone()))
    }

    /// The zombie has left an event now.
    pub(crate) fn note(&self, job: JobId, fence: &Fence, now: Timestamp) {
        let mut fenced = self.fenced.lock().unwrap_or_else(PoisonError::into_inner);
        fenced.insert((job, fence.epoch, fence.factory.clone()), now);
    }
}

/// Held by every actor of one incarnation of a product; when the last is gone, the next may load.
pub(crate) type Alive = mpsc::Sender<std::convert::Infallible>;

/// When each factory was last heard. Soft, and written by whoever hears one.
#[derive(Clone, Default)]
pub(crate) struct Pulses {
    heard: Arc<DashMap<FactoryId, Pulse>>,
}

#[derive(Default)]
struct Pulse {
    at: AtomicI64,
    /// It counts as silent: whoever hears it next has to say so.
    silent: AtomicBool,
}

impl Pulses {
    /// Takes in that a factory was heard. True: it counted as silent.
    pub(crate) fn beat(&self, factory: &FactoryId, at: Timestamp) -> bool {
        self.heard.get(factory).is_some_and(|pulse| {
            pulse.at.fetch_max(at.0, Relaxed);
            pulse.silent.load(Relaxed) && pulse.silent.swap(false, Relaxed)
        })
    }

    /// Takes in that a factory is there.
    pub(crate) fn enter(&self, factory: &FactoryId, at: Timestamp) {
        let pulse = self.heard.entry(factory.clone()).or_default();
        pulse.at.fetch_max(at.0, Relaxed);
        pulse.silent.store(false, Relaxed);
    }

    /// The factory counts as silent from now on.
    pub(crate) fn listen(&self, factory: &FactoryId) {
        if let Some(pulse) = self.heard.get(factory) {
            pulse.silent.store(true, Relaxed);
        }
    }

    /// When it was last heard.
    pub(crate) fn last(&self, factory: &FactoryId) -> Option<Timestamp> {
        self.heard.get(factory).map(|pulse| Timestamp(pulse.at.load(Relaxed)))
    }
}

/// A running lane. Its drop ends the runtime and everything on it.
pub struct LaneThread {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LaneThread {
    /// Starts a lane, runs `begin` on it and gives back what it answers; the lane lives on.
    pub async fn start<T, F>(name: &str, begin: impl FnOnce() -> F + Send + 'static) -> io::Result<(Self, T)>
    where
        T: Send + 'static,
        F: Future<Output = T>,
    {
        let (stop, stopped) = oneshot::channel::<()>();
        let (port, begun) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            runtime.block_on(async move {
                // Whoever asked for the lane may have gone: then it ends at once.
                if port.send(begin().await).is_ok() {
                    let _ = stopped.await;
                }
            });
        })?;
        let begun = begun.await.map_err(|_| io::Error::other("the lane ended before it began"))?;
        Ok((Self { stop: Some(stop), thread: Some(thread) }, begun))
    }
}

impl Drop for LaneThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A lane that panicked has told so already.
            let _ = thread.join();
        }
    }
}
