//! What a job's mailbox takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::dispatch::{Pick, Verdict};
use domain::job::command::Fence;
use domain::job::{Command, Decision, Job};
use domain::product::Renewal;
use domain::{By, Epoch, FactoryId, JobId, RunId};

use crate::answer::{Done, NotDone, Order, Port, ReportOrder, answer};
use crate::claim::Claiming;
use crate::submit::Entry;

/// A message to a job.
pub(crate) enum Msg {
    /// The dispatcher offers it to a claim.
    Lease(Box<Offer>),
    /// An operator's order, or the holder's release.
    Order(Box<Order>, Port<Done>),
    /// A report of the holder.
    Report(Box<ReportOrder>, Port<Done>),
    /// A renewal that the product's map did not know.
    Renew(Fence, Port<Renewal>),
    /// A deadline has passed, or a grant reached nobody: the order that follows, for the lease of this epoch.
    Due(Epoch, Command),
    /// It is given children, made with it.
    Adopt(Box<Adoption>, Port<Vec<Arc<Job>>>),
    /// Its parent was cancelled, and it goes with it.
    Orphaned,
    /// The product is stopped.
    Evict(By, Port<()>),
    /// What its dependencies come to.
    Dependencies(Verdict),
    /// It would have been granted to this factory, if anything were.
    Shadow(FactoryId, Box<Decision>),
    /// The dispatcher asks where it stands.
    Stand,
}

/// Children that a job is given.
pub(crate) struct Adoption {
    pub(crate) command: Command,
    /// They, and all that is below them.
    pub(crate) children: Vec<Entry>,
    /// Of those that wait for others: whether that has settled.
    pub(crate) met: BTreeMap<JobId, bool>,
    pub(crate) by: By,
    pub(crate) if_rev: Option<u64>,
}

/// A job on offer to a claim.
pub(crate) struct Offer {
    pub(crate) pick: Pick,
    pub(crate) run: RunId,
    pub(crate) claiming: Claiming,
}

/// The store is lost to this product: it has to reload.
#[derive(Debug, thiserror::Error)]
#[error("the store is lost to this product")]
pub(crate) struct Lost;

impl Msg {
    /// It only ends a lease, or asks: allowed even while the job is parked.
    pub(crate) fn ends_lease(&self) -> bool {
        match self {
            Self::Due(..) | Self::Evict(..) => true,
            Self::Order(order, _) => matches!(order.command, Command::Requeue(_) | Command::Cancel(_)),
            Self::Lease(_)
            | Self::Report(..)
            | Self::Renew(..)
            | Self::Adopt(..)
            | Self::Orphaned
            | Self::Dependencies(_)
            | Self::Shadow(..)
            | Self::Stand => false,
        }
    }

    /// An operator takes the job in hand.
    pub(crate) fn unparks(&self) -> bool {
        matches!(self, Self::Order(..)) && self.ends_lease()
    }

    /// Says no without the job.
    pub(crate) fn refuse(self, why: NotDone) {
        match self {
            Self::Lease(offer) => {
                // A caller that has gone needs no answer: nothing was granted.
                let _ = offer.claiming.tell(crate::claim::Answer::Failed(why));
            }
            Self::Order(_, port) | Self::Report(_, port) => answer(port, Err(why)),
            Self::Adopt(_, port) => answer(port, Err(why)),
            Self::Renew(_, port) => answer(port, Err(why)),
            Self::Evict(_, port) => answer(port, Err(why)),
            Self::Due(..) | Self::Dependencies(_) | Self::Orphaned | Self::Shadow(..) | Self::Stand => {}
        }
    }
}
