//! A product: supervises its actors, routes to jobs and factories, owns the map of deadlines and the gate.
//!
//! Decides nothing about jobs: a deadline asks the job, it never frees.

mod beat;
mod birth;
mod deadlines;
mod gate;
mod msg;
mod owner;
mod publish;
mod soft;
mod supervise;

use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};

use crate::answer::answer;
use crate::job;
pub(crate) use birth::Birth;
pub(crate) use gate::GateOrder;
pub(crate) use msg::Msg;
pub(crate) use owner::Owner;
pub(crate) use publish::Publish;
pub(crate) use soft::Soft;

/// A product's actor.
pub(crate) struct ProductActor;

impl Actor for ProductActor {
    type Msg = Msg;
    type State = Owner;
    type Arguments = Birth;

    async fn pre_start(&self, me: ActorRef<Msg>, birth: Birth) -> Result<Owner, ActorProcessingErr> {
        birth::open(&me, birth).await
    }

    async fn handle(&self, me: ActorRef<Msg>, msg: Msg, owner: &mut Owner) -> Result<(), ActorProcessingErr> {
        match msg {
            Msg::ToJob(id, msg) => owner.route(&me, id, msg).await?,
            Msg::ToFactory(id, msg) => owner.route_factory(&me, &id, msg).await?,
            Msg::Told(batch) => owner.told(&batch),
            Msg::Renew { job, fence, ttl_sec, heard, port } => match owner.renew(job, &fence, ttl_sec, heard) {
                Some(renewal) => answer(port, Ok(renewal)),
                None => owner.route(&me, job, job::Msg::Renew(fence, port)).await?,
            },
            Msg::Beat(order, port) => owner.beat(&me, *order, port).await?,
            Msg::Reclaim(job, epoch) => owner.reclaim(&me, job, epoch).await?,
            Msg::AskAgain(job, epoch) => owner.ask_again(job, epoch),
            Msg::Quiet(job, handled) => owner.rest(job, handled),
            Msg::Tick => owner.tick(&me).await?,
            Msg::SetAside(id) => owner.set_aside(id),
            Msg::Flush => owner.flush(&me),
            Msg::Set(order) => owner.set(&me, order).await?,
            Msg::GateClosed => owner.gate_closed(&me).await?,
            Msg::Publish(order) => owner.publish(*order).await?,
            Msg::Settings(port) => answer(port, Ok(owner.lane.settings.get())),
            Msg::Count(counts, port) => answer(port, Ok(owner.count(counts))),
            Msg::Kill(part) => owner.kill(&part),
            Msg::Lost => return Err(Box::new(job::Lost)),
        }
        owner.arm(&me);
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<Msg>,
        event: SupervisionEvent,
        owner: &mut Owner,
    ) -> Result<(), ActorProcessingErr> {
        supervise::outcome(owner, &me, event).await
    }
}
