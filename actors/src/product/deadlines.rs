//! The map of deadlines at work: renewals, expiries, limits. A deadline asks the job; the job decides.

use domain::job::Command;
use domain::job::command::Fence;
use domain::mutant::Mutant;
use domain::product::{Held, Renewal};
use domain::{By, Epoch, JobId, Timestamp};
use ractor::{ActorProcessingErr, ActorRef};

use super::birth::FLUSH_EVERY;
use super::{Msg, Owner};
use crate::job;
use crate::store::{Change, Renewed, Write};

/// How long to wait before a due order that could not be committed is given again.
pub(super) const ASK_AGAIN_MS: u64 = 1_000;

impl Owner {
    /// Renews a lease in the map. None: the job itself has to answer.
    pub(super) fn renew(
        &mut self,
        job: JobId,
        fence: &Fence,
        ttl_sec: Option<u32>,
        heard: Timestamp,
    ) -> Option<Renewal> {
        let renewal = self.leases.renew(job, fence, ttl_sec, heard)?;
        self.renewed(job, heard);
        Some(renewal)
    }

    /// Lets everyone who looks at leases know of a renewal.
    pub(super) fn renewed(&self, job: JobId, heard: Timestamp) {
        if let Some(held) = self.leases.get(job) {
            self.lane.reaping.note(&self.lane.product, job, Some(held));
            self.hear(&held.holder, heard);
            self.soft.put(job, held.clone());
        }
    }

    /// Gives the orders that are due. The brake gives each lease that falls due at most one more TTL.
    pub(super) async fn tick(&mut self, me: &ActorRef<Msg>) -> Result<(), ActorProcessingErr> {
        self.alarm.rang();
        let now = self.lane.now();
        let brakes = self.leases.next_due().is_some_and(|due| due <= now) && self.lane.reaping.brakes(now);
        if brakes {
            tracing::error!(product = %self.lane.product, "many leases fall due at once: each gets one more TTL");
        }
        for (id, held) in self.leases.take_due(now) {
            if Mutant::ExpiryNever.is_planted() && held.expires_at <= now {
                continue;
            }
            if held.expires_at <= now && !held.reclaimed && brakes && self.leases.spare(id, now) {
                self.lane.reaping.note(&self.lane.product, id, self.leases.get(id));
                continue;
            }
            let order = match held.reclaimed {
                true => Command::Reclaim(held.epoch),
                false if held.expires_at <= now => Command::Expire(held.epoch),
                false => Command::Limit(held.epoch),
            };
            self.route(me, id, job::Msg::Due(held.epoch, order)).await?;
        }
        Ok(())
    }

    /// Takes back a grant that reached nobody.
    pub(super) async fn reclaim(
        &mut self,
        me: &ActorRef<Msg>,
        job: JobId,
        epoch: Epoch,
    ) -> Result<(), ActorProcessingErr> {
        if self.leases.reclaim(job, epoch) {
            self.route(me, job, job::Msg::Due(epoch, Command::Reclaim(epoch))).await?;
        }
        Ok(())
    }

    pub(super) fn ask_again(&mut self, job: JobId, epoch: Epoch) {
        self.leases.ask_again(job, epoch, self.lane.now().plus_ms(ASK_AGAIN_MS));
    }

    /// Sets the alarm to the next deadline.
    pub(super) fn arm(&mut self, me: &ActorRef<Msg>) {
        let ring = |pause| me.send_after(pause, || Msg::Tick).abort_handle();
        self.alarm.set(self.leases.next_due(), self.lane.now(), ring);
    }

    /// Saves the renewals that the database does not have yet. Soft: what is not saved is renewed again soon.
    pub(super) fn flush(&mut self, me: &ActorRef<Msg>) {
        me.send_after(FLUSH_EVERY, || Msg::Flush);
        let unsaved = self.leases.take_unsaved();
        if unsaved.is_empty() {
            return;
        }
        let renewed = unsaved.into_iter().map(|(job, held)| renewed(job, &held)).collect();
        let write = Write {
            product: self.lane.product.clone(),
            at: self.lane.now(),
            by: By::Coordinator,
            facts: Vec::new(),
            change: Change::Renewals { renewed },
        };
        let store = self.lane.store.clone();
        tokio::spawn(async move {
            if let Err(fault) = store.commit(write).await {
                tracing::warn!(%fault, "renewals were not saved");
            }
        });
    }
}

fn renewed(job: JobId, held: &Held) -> Renewed {
    Renewed { job, epoch: held.epoch, expires_at: held.expires_at, ttl_sec: held.ttl_sec, renewals: held.renewals }
}
