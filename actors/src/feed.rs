//! The product's feed: wakes those who wait for a job to change. Owns the waiting, never any state of a job.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::JobId;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;

use crate::lane::Alive;
use crate::store::Told;

/// After how many watches those that nobody waits for any more are dropped.
const SWEEP_EVERY: u64 = 256;

pub(crate) enum Msg {
    /// A committed batch.
    Told(Arc<[Told]>),
    /// Tells when the job's `rev` is beyond this one.
    Watch { job: JobId, rev: u64, port: oneshot::Sender<()> },
}

pub(crate) struct Feed;

pub(crate) struct Watchers {
    waiting: BTreeMap<JobId, Vec<(u64, oneshot::Sender<()>)>>,
    watches: u64,
    _alive: Alive,
}

impl Watchers {
    fn wake(&mut self, job: JobId, rev: u64) {
        let Some(waiting) = self.waiting.remove(&job) else { return };
        let (due, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(seen, _)| rev > *seen);
        for (_, port) in due {
            // Who has gone needs no waking.
            let _ = port.send(());
        }
        if !rest.is_empty() {
            self.waiting.insert(job, rest);
        }
    }

    fn watch(&mut self, job: JobId, rev: u64, port: oneshot::Sender<()>) {
        self.waiting.entry(job).or_default().push((rev, port));
        self.watches += 1;
        if self.watches.is_multiple_of(SWEEP_EVERY) {
            self.waiting.retain(|_, waiting| {
                waiting.retain(|(_, port)| !port.is_closed());
                !waiting.is_empty()
            });
        }
    }
}

impl Actor for Feed {
    type Msg = Msg;
    type State = Watchers;
    type Arguments = Alive;

    async fn pre_start(&self, _me: ActorRef<Msg>, alive: Alive) -> Result<Watchers, ActorProcessingErr> {
        Ok(Watchers { waiting: BTreeMap::new(), watches: 0, _alive: alive })
    }

    async fn handle(&self, _me: ActorRef<Msg>, msg: Msg, watchers: &mut Watchers) -> Result<(), ActorProcessingErr> {
        match msg {
            Msg::Told(batch) if watchers.waiting.is_empty() => drop(batch),
            Msg::Told(batch) => {
                for job in batch.iter().filter_map(|told| told.write.job()) {
                    watchers.wake(job.id, job.rev);
                }
            }
            Msg::Watch { job, rev, port } => watchers.watch(job, rev, port),
        }
        Ok(())
    }
}
