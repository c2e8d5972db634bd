//! The first half of a heartbeat: the leases that it lists. They are renewed the moment it is heard, whatever else it
//! says has to be committed first.

use domain::job::Command;
use domain::{Epoch, JobId};
use ractor::{ActorProcessingErr, ActorRef};

use super::{Msg, Owner};
use crate::answer::{BeatOrder, Beaten, Port};
use crate::factory::{self, Listed};
use crate::job;

impl Owner {
    /// Renews what the beat lists, takes back what two beats have left out, and hands it on to the factory.
    pub(super) async fn beat(
        &mut self,
        me: &ActorRef<Msg>,
        order: BeatOrder,
        port: Port<Beaten>,
    ) -> Result<(), ActorProcessingErr> {
        let listed = match &order.leases {
            Some(leases) => self.leases.beat(&order.factory, leases, order.heard),
            None => Default::default(),
        };
        for (job, _, _) in &listed.renewed {
            self.renewed(*job, order.heard);
        }
        for (job, epoch) in listed.reclaim {
            self.route(me, job, job::Msg::Due(epoch, Command::Reclaim(epoch))).await?;
        }
        let by = &order.factory;
        // A factory that ended its own lease has not lost it.
        let lost = listed.lost.into_iter().filter(|lost| !self.given_back.holds(lost, by));
        let lost: Vec<(JobId, Epoch)> = lost.collect();
        let listed = Listed {
            renewed: listed.renewed,
            cancelled: lost.iter().filter(|lost| self.cancelled.holds(lost, by)).copied().collect(),
            lost,
            unlisted: listed.unlisted,
        };
        let id = order.factory.clone();
        self.route_factory(me, &id, factory::Msg::Beat(Box::new((order, listed)), port)).await
    }
}
