//! The second half of a heartbeat: the leases that it lists.

use std::sync::Arc;

use domain::factory::Factory;
use domain::{Epoch, JobId, Timestamp};
use ractor::{ActorProcessingErr, ActorRef};

use super::{Msg, Owner};
use crate::answer::{Beaten, FactoryView, Port};
use crate::dispatcher;

impl Owner {
    /// Renews what the beat lists, takes back what two beats have left out, and lets the dispatcher answer.
    pub(super) async fn beat(
        &mut self,
        me: &ActorRef<Msg>,
        factory: Arc<Factory>,
        leases: Option<Vec<(JobId, Epoch)>>,
        heard: Timestamp,
        port: Port<Beaten>,
    ) -> Result<(), ActorProcessingErr> {
        let listed = leases.map(|listed| self.leases.beat(&factory.id, &listed, heard)).unwrap_or_default();
        for (job, _, _) in &listed.renewed {
            self.renewed(*job, heard);
        }
        for (job, epoch) in listed.reclaim {
            self.reclaim(me, job, epoch).await?;
        }
        let cancelled = listed.lost.iter().filter(|lost| self.cancelled.contains(lost)).copied().collect();
        let beaten = Beaten {
            draining: factory.draining,
            factory: FactoryView { factory, seats_used: 0 },
            renewed: listed.renewed,
            lost: listed.lost,
            unlisted: listed.unlisted,
            cancelled,
            claimable: 0,
        };
        self.tell_dispatcher(dispatcher::Msg::Beat(Box::new(beaten), port));
        Ok(())
    }
}
