//! What a product's mailbox takes.

use std::sync::Arc;

use domain::job::command::Fence;
use domain::product::{Renewal, Settings};
use domain::{Epoch, FactoryId, JobId, Timestamp};

use super::{GateOrder, Publish};
use crate::answer::{BeatOrder, Beaten, Counts, Port};
use crate::handle::Part;
use crate::store::Told;
use crate::{factory, job};

/// A message to a product.
pub(crate) enum Msg {
    /// For one of its jobs.
    ToJob(JobId, job::Msg),
    /// For one of its factories.
    ToFactory(FactoryId, factory::Msg),
    /// A committed batch.
    Told(Arc<[Told]>),
    /// A holder renews its lease.
    Renew { job: JobId, fence: Fence, ttl_sec: Option<u32>, heard: Timestamp, port: Port<Renewal> },
    /// A factory's heartbeat.
    Beat(Box<BeatOrder>, Port<Beaten>),
    /// A grant reached nobody.
    Reclaim(JobId, Epoch),
    /// A due order could not be committed.
    AskAgain(JobId, Epoch),
    /// A job has handled this many messages and needs no actor for now.
    Quiet(JobId, u64),
    /// A deadline may have passed.
    Tick,
    /// A job is left alone, and whatever it had sent to the store has its outcome.
    SetAside(JobId),
    /// Changed renewals are to be saved.
    Flush,
    /// An operator opens or closes the gate, or changes other settings.
    Set(GateOrder),
    /// An operator publishes a profile.
    Publish(Box<Publish>),
    /// The dispatcher has closed the gate: nothing is on offer.
    GateClosed,
    /// How are the settings?
    Settings(Port<Arc<Settings>>),
    /// How much is in hand?
    Count(Counts, Port<Counts>),
    /// An operator wants one of its actors started again.
    Kill(Part),
    /// The store is lost to this product.
    Lost,
}
