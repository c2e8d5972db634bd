//! Publications of profiles, one after the other: each follows the newest version that is committed.

use std::sync::Arc;

use domain::profile::{Snapshot, Wanted, publish};
use domain::{By, ProfileName};
use ractor::ActorProcessingErr;

use super::Owner;
use crate::answer::{Port, Published, answer};
use crate::job;
use crate::store::{Change, Fault, Write};

/// An order to publish a profile.
pub(crate) struct Publish {
    pub(crate) name: ProfileName,
    pub(crate) snapshot: Snapshot,
    pub(crate) by: By,
    pub(crate) port: Port<Published>,
}

impl Owner {
    /// Publishes a profile, unless its newest version says the same.
    pub(super) async fn publish(&mut self, order: Publish) -> Result<(), ActorProcessingErr> {
        let Publish { name, snapshot, by, port } = order;
        let wanted = Wanted { name: name.clone(), version: None };
        let newest = match self.lane.profiles.find(&wanted).await {
            Ok(newest) => newest,
            Err(why) => {
                answer(port, Err(why.into()));
                return Ok(());
            }
        };
        let now = self.lane.now();
        let step = publish(newest.as_deref(), self.lane.product.clone(), name, snapshot, now);
        let (profile, is_new) = (Arc::new(step.next), !step.facts.is_empty());
        if !is_new {
            answer(port, Ok(Published { profile, is_new }));
            return Ok(());
        }
        let write = Write {
            product: self.lane.product.clone(),
            at: now,
            by,
            facts: step.facts.into_iter().map(Into::into).collect(),
            change: Change::Profile { profile: profile.clone() },
        };
        match self.lane.store.commit(write).await {
            Ok(_) => answer(port, Ok(Published { profile, is_new })),
            Err(Fault::Lost) => return Err(Box::new(job::Lost)),
            Err(fault) => answer(port, Err(fault.into())),
        }
        Ok(())
    }
}
