//! What a product owns, and how it routes: every job has an actor, few are awake.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use domain::event::Fact;
use domain::job::{Fact as JobFact, LeaseStatus, Run, Stage};
use domain::product::Leases;
use domain::{By, Epoch, FactoryId, JobId, Timestamp};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, MessagingErr};

use super::gate::GateOrder;
use super::{Msg, Soft, birth};
use crate::alarm::Alarm;
use crate::answer::{Counts, NotDone};
use crate::dispatcher;
use crate::factory::{self, FactoryActor};
use crate::feed;
use crate::handle::Part;
use crate::job::{self, JobActor};
use crate::lane::{Alive, Lane};
use crate::restart::RestartBudget;
use crate::store::{Told, Write};

/// How many ended leases are remembered for heartbeats that still list them.
const MAX_RECENT: usize = 1_024;

/// A product's actor's state.
pub(crate) struct Owner {
    pub(super) lane: Lane,
    pub(super) leases: Leases,
    pub(super) soft: Soft,
    pub(super) dispatcher: ActorRef<dispatcher::Msg>,
    pub(super) feed: ActorRef<feed::Msg>,
    pub(super) alive: Alive,
    pub(super) jobs: HashMap<JobId, Live>,
    pub(super) factories: BTreeMap<FactoryId, ActorRef<factory::Msg>>,
    pub(super) children: HashMap<ActorId, Child>,
    /// Jobs whose last actor crashed: the next one lets the store settle first.
    pub(super) crashed: BTreeSet<JobId>,
    pub(super) budgets: BTreeMap<JobId, RestartBudget>,
    pub(super) parked: BTreeSet<JobId>,
    /// Leases that ended by a cancel, and by their holder's own word.
    pub(super) cancelled: Recent,
    pub(super) given_back: Recent,
    pub(super) gates: VecDeque<GateOrder>,
    pub(super) alarm: Alarm,
}

/// A job's actor that is awake.
pub(super) struct Live {
    pub(super) actor: ActorRef<job::Msg>,
    pub(super) sent: u64,
}

/// Leases that have ended not long ago.
#[derive(Default)]
pub(super) struct Recent(VecDeque<(JobId, Epoch, FactoryId)>);

impl Recent {
    fn push(&mut self, lease: (JobId, Epoch, FactoryId)) {
        self.0.push_back(lease);
        let extra = self.0.len().saturating_sub(MAX_RECENT);
        self.0.drain(..extra);
    }

    /// It was this factory's lease.
    pub(super) fn holds(&self, (job, epoch): &(JobId, Epoch), factory: &FactoryId) -> bool {
        self.0.iter().any(|(id, of, holder)| id == job && of == epoch && holder == factory)
    }
}

/// Whose actor a child is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Child {
    Job(JobId),
    Factory(FactoryId),
}

impl Owner {
    pub(super) fn new(
        lane: Lane,
        leases: Leases,
        soft: Soft,
        dispatcher: ActorRef<dispatcher::Msg>,
        feed: ActorRef<feed::Msg>,
        alive: Alive,
    ) -> Self {
        Self {
            lane,
            leases,
            soft,
            dispatcher,
            feed,
            alive,
            jobs: HashMap::new(),
            factories: BTreeMap::new(),
            children: HashMap::new(),
            crashed: BTreeSet::new(),
            budgets: BTreeMap::new(),
            parked: BTreeSet::new(),
            cancelled: Recent::default(),
            given_back: Recent::default(),
            gates: VecDeque::new(),
            alarm: Alarm::default(),
        }
    }

    /// Sends a message to a job, waking its actor where it sleeps. A parked job takes only what ends its lease.
    pub(super) async fn route(
        &mut self,
        me: &ActorRef<Msg>,
        id: JobId,
        msg: job::Msg,
    ) -> Result<(), ActorProcessingErr> {
        if self.parked.contains(&id) {
            if let job::Msg::Lease(offer) = msg {
                self.tell_dispatcher(dispatcher::Msg::OfferRefused(id, dispatcher::Seen::Missing, offer.claiming));
                return Ok(());
            }
            if !msg.ends_lease() {
                msg.refuse(NotDone::Overloaded { retry_after_sec: 60 });
                return Ok(());
            }
            if msg.unparks() {
                self.parked.remove(&id);
                self.budgets.remove(&id);
                self.send(me, id, msg).await?;
                // Whatever came of that: the dispatcher has to see the job again.
                return self.send(me, id, job::Msg::Stand).await;
            }
        }
        self.send(me, id, msg).await
    }

    async fn send(&mut self, me: &ActorRef<Msg>, id: JobId, msg: job::Msg) -> Result<(), ActorProcessingErr> {
        let mut msg = msg;
        if let Some(live) = self.jobs.get_mut(&id) {
            match live.actor.cast(msg) {
                Ok(()) => {
                    live.sent += 1;
                    return Ok(());
                }
                Err(MessagingErr::SendErr(unsent)) => {
                    // It has crashed, and its supervisor has not heard of that yet.
                    self.crashed.insert(id);
                    msg = unsent;
                }
                Err(MessagingErr::ChannelClosed | MessagingErr::InvalidActorType) => return Ok(()),
            }
        }
        let actor = self.wake(me, id).await?;
        // Just spawned: if it has died already, the port's drop answers.
        let _ = actor.cast(msg);
        self.jobs.insert(id, Live { actor, sent: 1 });
        Ok(())
    }

    async fn wake(&mut self, me: &ActorRef<Msg>, id: JobId) -> Result<ActorRef<job::Msg>, ActorProcessingErr> {
        let birth = job::Birth {
            id,
            lane: self.lane.clone(),
            product: me.clone(),
            dispatcher: self.dispatcher.clone(),
            after_crash: self.crashed.remove(&id),
            alive: self.alive.clone(),
        };
        let (actor, _) = JobActor::spawn_linked(None, JobActor, birth, me.get_cell()).await?;
        self.children.insert(actor.get_id(), Child::Job(id));
        Ok(actor)
    }

    /// Puts a job's actor to sleep if it has handled everything that was sent to it.
    pub(super) fn rest(&mut self, id: JobId, handled: u64) {
        if self.jobs.get(&id).is_some_and(|live| live.sent == handled)
            && let Some(live) = self.jobs.remove(&id)
        {
            self.children.remove(&live.actor.get_id());
            live.actor.stop(None);
        }
    }

    /// Sends a message to a factory, whose actor begins with its first one.
    pub(super) async fn route_factory(
        &mut self,
        me: &ActorRef<Msg>,
        id: &FactoryId,
        msg: factory::Msg,
    ) -> Result<(), ActorProcessingErr> {
        if !self.factories.contains_key(id) {
            if !msg.registers() {
                msg.refuse(NotDone::UnknownFactory);
                return Ok(());
            }
            let birth = birth::factory_birth(self, id, None);
            let (actor, _) = FactoryActor::spawn_linked(None, FactoryActor, birth, me.get_cell()).await?;
            self.adopt_factory(id.clone(), actor);
        }
        if let Some(actor) = self.factories.get(id) {
            // One that has just died takes its messages with it; the next one is told again.
            let _ = actor.cast(msg);
        }
        Ok(())
    }

    pub(super) fn adopt_factory(&mut self, id: FactoryId, actor: ActorRef<factory::Msg>) {
        self.children.insert(actor.get_id(), Child::Factory(id.clone()));
        self.factories.insert(id, actor);
    }

    /// Takes in a committed batch: leases, and what became of runs.
    pub(super) fn told(&mut self, batch: &[Told]) {
        for told in batch {
            if let By::Factory(id) = &told.write.by {
                self.hear(id, told.write.at);
            }
            let Some(job) = told.write.job() else { continue };
            let before = self.leases.get(job.id).map(|held| (held.epoch, held.holder.clone()));
            self.leases.observe(job);
            let held = self.leases.get(job.id);
            if before.is_some() || held.is_some() {
                self.lane.reaping.note(&self.lane.product, job.id, held);
            }
            if held.is_none() {
                self.soft.remove(job.id);
                let gave_back = job.lease.as_ref().is_some_and(|lease| lease.status == LeaseStatus::Released);
                match before {
                    Some((epoch, by)) if job.stage == Stage::Cancelled => self.cancelled.push((job.id, epoch, by)),
                    Some((epoch, by)) if gave_back => self.given_back.push((job.id, epoch, by)),
                    Some(_) | None => {}
                }
            }
            if let Some(run) = told.write.ended() {
                self.ran(run, &told.write);
            }
        }
    }

    /// Tells a factory what became of its run, and of the limit that its engine has reached.
    fn ran(&self, run: &Run, write: &Write) {
        let (Some(factory), Some(result)) = (self.factories.get(&run.factory), run.result) else { return };
        let quick = run.ended_at.is_some_and(|ended| ended.ms_since(run.started_at) < 60_000);
        // A factory that is being restarted starts to count anew, and says by itself what its engines can do.
        let _ = factory.cast(factory::Msg::Ended { result, quick });
        let until = write.facts.iter().find_map(|fact| match fact {
            Fact::Job(JobFact::Released { resets_at, .. }) => *resets_at,
            Fact::Job(_) | Fact::Factory(_) | Fact::Product(_) | Fact::Profile(_) => None,
        });
        if let (Some(engine), Some(until)) = (run.engine.clone(), until) {
            let _ = factory.cast(factory::Msg::Limited { engine, until });
        }
    }

    /// Takes in a sign of life. A factory that counted as silent is told.
    pub(super) fn hear(&self, id: &FactoryId, at: Timestamp) {
        if self.lane.pulses.beat(id, at)
            && let Some(actor) = self.factories.get(id)
        {
            // One that is being restarted begins as it was committed, and is heard again soon.
            let _ = actor.cast(factory::Msg::Heard);
        }
    }

    /// Kills a job's or a factory's actor; the supervisor hears of it.
    pub(super) fn kill(&self, part: &Part) {
        match part {
            Part::Job(id) => drop(self.jobs.get(id).map(|live| live.actor.kill())),
            Part::Factory(id) => drop(self.factories.get(id).map(|actor| actor.kill())),
            Part::Product | Part::Dispatcher | Part::Feed => {}
        }
    }

    pub(super) fn count(&self, counts: Counts) -> Counts {
        Counts { leases: self.leases.iter().count(), live_jobs: self.jobs.len(), ..counts }
    }

    /// Tells the dispatcher. Its end would be this product's end.
    pub(super) fn tell_dispatcher(&self, msg: dispatcher::Msg) {
        let _ = self.dispatcher.cast(msg);
    }
}
