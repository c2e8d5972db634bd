//! What becomes of a product when one of its actors ends.

use domain::{By, JobId, job::Fact};
use ractor::{ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};

use super::deadlines::ASK_AGAIN_MS;
use super::owner::Child;
use super::{Msg, Owner};
use crate::store::{Change, Write};
use crate::{dispatcher, job};

/// How long to wait before the lease of a parked job is asked to end again.
const PARKED_AGAIN_MS: u64 = 60_000;

/// The dispatcher or the feed has ended: the product ends too and is opened again as a whole.
#[derive(Debug, thiserror::Error)]
#[error("an actor that the product cannot do without has failed: {0}")]
struct Broken(String);

/// Takes in the end of a child. A job or a factory is restarted by its next message; anything else ends the product.
pub(super) async fn outcome(
    owner: &mut Owner,
    me: &ActorRef<Msg>,
    event: SupervisionEvent,
) -> Result<(), ActorProcessingErr> {
    match event {
        SupervisionEvent::ActorFailed(cell, error) => failed(owner, me, cell.get_id(), error).await,
        SupervisionEvent::ActorTerminated(cell, _, _) => {
            if let Some(child) = owner.children.remove(&cell.get_id()) {
                return gone(owner, me, cell.get_id(), child).await;
            }
            if cell.get_id() == owner.dispatcher.get_id() || cell.get_id() == owner.feed.get_id() {
                return Err(Box::new(Broken("it was stopped".into())));
            }
            Ok(())
        }
        SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => Ok(()),
    }
}

async fn failed(
    owner: &mut Owner,
    me: &ActorRef<Msg>,
    actor: ActorId,
    error: ActorProcessingErr,
) -> Result<(), ActorProcessingErr> {
    if error.is::<job::Lost>() {
        return Err(error);
    }
    let Some(child) = owner.children.remove(&actor) else {
        return Err(Box::new(Broken(error.to_string())));
    };
    tracing::error!(product = %owner.lane.product, ?child, %error, "an actor panicked");
    gone(owner, me, actor, child).await
}

/// A job's or a factory's actor has ended without being told to.
async fn gone(owner: &mut Owner, me: &ActorRef<Msg>, actor: ActorId, child: Child) -> Result<(), ActorProcessingErr> {
    match child {
        Child::Factory(id) => {
            owner.factories.remove(&id);
            // What it had sent may still be on its way: a card that is read before that would be one change behind.
            owner.lane.store.settled(&owner.lane.product).await;
            let cards = owner.lane.store.factories(&owner.lane.product).await?;
            let card = cards.into_iter().find(|card| card.id == id);
            if let Some(card) = card {
                // A drain that was under way has died with it.
                owner.tell_dispatcher(dispatcher::Msg::Card(card.clone()));
                let birth = super::birth::factory_birth(owner, &id, Some(card));
                let cell = me.get_cell();
                let (actor, _) = ractor::Actor::spawn_linked(None, crate::factory::FactoryActor, birth, cell).await?;
                owner.adopt_factory(id, actor);
            }
        }
        Child::Job(id) => {
            if owner.jobs.get(&id).is_some_and(|live| live.actor.get_id() == actor) {
                owner.jobs.remove(&id);
                owner.crashed.insert(id);
            }
            if owner.parked.contains(&id) {
                owner.leases_again(id, PARKED_AGAIN_MS);
            } else if owner.budgets.entry(id).or_default().forgives(owner.lane.now()) {
                owner.tell_dispatcher(dispatcher::Msg::JobDied(id));
                owner.leases_again(id, ASK_AGAIN_MS);
            } else {
                park(owner, me, id);
            }
        }
    }
    Ok(())
}

impl Owner {
    /// Takes a job off the dispatcher's hands, unless an operator has taken it in hand meanwhile.
    pub(super) fn set_aside(&self, id: JobId) {
        if self.parked.contains(&id) {
            self.tell_dispatcher(dispatcher::Msg::Parked(id));
        }
    }

    /// A due order may have died with the job's actor: the deadline is asked again.
    fn leases_again(&mut self, job: JobId, pause_ms: u64) {
        if let Some(epoch) = self.leases.get(job).map(|held| held.epoch) {
            self.leases.doubt(job, epoch, self.lane.now().plus_ms(pause_ms));
        }
    }
}

/// Leaves a job alone that keeps panicking, and says so in its log.
fn park(owner: &mut Owner, me: &ActorRef<Msg>, id: JobId) {
    tracing::error!(product = %owner.lane.product, job = %id, "parked: it keeps panicking");
    owner.parked.insert(id);
    owner.leases_again(id, PARKED_AGAIN_MS);
    let (store, product, clock) = (owner.lane.store.clone(), owner.lane.product.clone(), owner.lane.clock.clone());
    let me = me.clone();
    tokio::spawn(async move {
        store.settled(&product).await;
        // Not before: a grant may have been on its way, whose seat and key stay taken. A product that has gone is opened anew.
        let _ = me.cast(Msg::SetAside(id));
        let reported = match store.job(&product, id).await {
            Ok(Some(stored)) => {
                let change = Change::Note { job: id, prev_seq: stored.last_seq, usage: None, receipt: None };
                let facts = vec![(Fact::Parked {}).into()];
                // Now, not when it was parked: others have written meanwhile.
                let at = clock.now();
                store.commit(Write { product, at, by: By::Coordinator, facts, change }).await.map(|_| ())
            }
            Ok(None) => Ok(()),
            Err(why) => Err(why.into()),
        };
        if let Err(fault) = reported {
            tracing::error!(job = %id, %fault, "the parking could not be reported");
        }
    });
}
