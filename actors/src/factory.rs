//! One factory, one mailbox: its card. Commits what is saved of it before it answers; heartbeats alone write nothing.

use std::sync::Arc;
use std::time::Duration;

use domain::factory::{Beat, Card, Command, Descriptor, Factory, Health, Presence, transition};
use domain::job::RunResult;
use domain::product::Renewal;
use domain::{By, Epoch, FactoryId, JobId, Timestamp};
use ractor::{Actor, ActorProcessingErr, ActorRef};

use crate::alarm::Alarm;
use crate::answer::{BeatOrder, Beaten, CardPatch, FactoryView, NotDone, Port, answer};
use crate::lane::{Alive, Lane};
use crate::store::{Change, Fault, Write};
use crate::{dispatcher, job};

/// How long to wait before a silence that could not be written down is looked at again.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// A message to a factory.
pub(crate) enum Msg {
    /// Its heartbeat, and what the leases that it lists have come to.
    Beat(Box<(BeatOrder, Listed)>, Port<Beaten>),
    /// It claims again after a silence.
    Heard,
    /// An operator drains it.
    Drain { reason: Option<String>, by: By, port: Port<FactoryView> },
    /// The dispatcher offers it nothing any more.
    GateClosed,
    /// An operator lets it work again.
    Resume { by: By, port: Port<FactoryView> },
    /// One of its runs has ended.
    Ended { result: RunResult, quick: bool },
    /// One of its runs was given back because its engine is at its usage limit.
    Limited { engine: String, until: Timestamp },
    /// How is it?
    View(Port<FactoryView>),
    /// It may have been silent for too long.
    Check,
}

impl Msg {
    /// It may come from a factory that is not known yet.
    pub(crate) fn registers(&self) -> bool {
        matches!(self, Self::Beat(..))
    }

    /// Says no without the factory.
    pub(crate) fn refuse(self, why: NotDone) {
        match self {
            Self::Beat(_, port) => answer(port, Err(why)),
            Self::Drain { port, .. } | Self::Resume { port, .. } | Self::View(port) => answer(port, Err(why)),
            Self::Heard | Self::GateClosed | Self::Ended { .. } | Self::Limited { .. } | Self::Check => {}
        }
    }
}

/// What the leases that a heartbeat lists have come to.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) renewed: Vec<(JobId, Epoch, Renewal)>,
    pub(crate) lost: Vec<(JobId, Epoch)>,
    pub(crate) unlisted: Vec<(JobId, Epoch)>,
    pub(crate) cancelled: Vec<(JobId, Epoch)>,
}

/// A factory's actor.
pub(crate) struct FactoryActor;

/// What a factory's actor is born with.
pub(crate) struct Birth {
    pub(crate) id: FactoryId,
    pub(crate) card: Option<Arc<Factory>>,
    pub(crate) lane: Lane,
    pub(crate) dispatcher: ActorRef<dispatcher::Msg>,
    pub(crate) _alive: Alive,
}

/// A factory's actor's state.
pub(crate) struct Held {
    birth: Birth,
    draining: Vec<(Option<String>, By, Port<FactoryView>)>,
    alarm: Alarm,
}

impl Actor for FactoryActor {
    type Msg = Msg;
    type State = Held;
    type Arguments = Birth;

    async fn pre_start(&self, me: ActorRef<Msg>, birth: Birth) -> Result<Held, ActorProcessingErr> {
        let mut held = Held { birth, draining: Vec::new(), alarm: Alarm::default() };
        // What was known of its being heard is as old as the last start: the silence counts from now.
        held.listen();
        held.check_later(&me, Duration::ZERO);
        Ok(held)
    }

    async fn handle(&self, me: ActorRef<Msg>, msg: Msg, held: &mut Held) -> Result<(), ActorProcessingErr> {
        let mut patience = Duration::ZERO;
        match msg {
            Msg::Beat(beat, port) => held.beat(beat.0, beat.1, port).await?,
            Msg::Heard => {
                drop(held.order(Command::Heard, By::Factory(held.birth.id.clone())).await?);
                // Where that could not be written, the next sign of life has to say so again.
                held.listen();
            }
            Msg::Drain { reason, by, port } => held.drain(reason, by, port),
            Msg::GateClosed => held.gate_closed().await?,
            Msg::Resume { by, port } => {
                let outcome = held.order(Command::Resume, by).await?;
                held.shown(outcome, port);
            }
            Msg::Ended { result, quick } => {
                // A drain that could not be written comes with the next quick failure.
                drop(held.order(Command::Ended { result, quick }, By::Coordinator).await?);
            }
            Msg::Limited { engine, until } => {
                // Where that could not be written, the factory's own heartbeat says so.
                drop(held.order(Command::Limited { engine, until }, By::Coordinator).await?);
            }
            Msg::View(port) => held.show(port),
            Msg::Check => {
                held.alarm.rang();
                held.hear();
                if held.order(Command::Check, By::Coordinator).await?.is_err() {
                    patience = ASK_AGAIN;
                }
                held.listen();
            }
        }
        held.check_later(&me, patience);
        Ok(())
    }
}

impl Held {
    /// Runs an order to its end: decided, committed where anything is saved, then taken over.
    async fn order(&mut self, command: Command, by: By) -> Result<Result<(), NotDone>, ActorProcessingErr> {
        let Birth { card, lane, .. } = &mut self.birth;
        let now = lane.now();
        let step = transition(card.as_deref(), &lane.product, &command, now);
        let next = step.next.map(Arc::new);
        if let (false, Some(factory)) = (step.facts.is_empty(), &next) {
            let write = Write {
                product: lane.product.clone(),
                at: now,
                by,
                facts: step.facts.into_iter().map(Into::into).collect(),
                change: Change::Factory { factory: factory.clone() },
            };
            match lane.store.commit(write).await {
                Ok(_) => {}
                Err(Fault::Lost) => return Err(Box::new(job::Lost)),
                Err(fault) => return Ok(Err(fault.into())),
            }
        }
        *card = next;
        Ok(Ok(()))
    }

    async fn beat(&mut self, order: BeatOrder, listed: Listed, port: Port<Beaten>) -> Result<(), ActorProcessingErr> {
        let BeatOrder { factory, card, load_permille, leases, heard } = order;
        let now = self.birth.card.as_deref();
        let load_permille = load_permille.unwrap_or_else(|| now.map_or(0, |factory| factory.load_permille));
        let beat = Beat { card: patched(now, factory.clone(), card, leases.is_some()), load_permille };
        if let Err(why) = self.order(Command::Beat(Box::new(beat)), By::Factory(factory.clone())).await? {
            answer(port, Err(why));
            return Ok(());
        }
        let Some(factory) = self.birth.card.clone() else { return Ok(()) };
        self.birth.lane.pulses.enter(&factory.id, heard);
        let Listed { renewed, lost, unlisted, cancelled } = listed;
        let beaten = Beaten {
            giving_way: Vec::new(),
            draining: factory.draining,
            factory: FactoryView { factory, seats_used: 0 },
            renewed,
            lost,
            unlisted,
            cancelled,
            claimable: 0,
        };
        self.tell_dispatcher(dispatcher::Msg::Beat(Box::new(beaten), port));
        Ok(())
    }

    /// What narrows closes the gate first, waits until nothing is on offer, then commits.
    fn drain(&mut self, reason: Option<String>, by: By, port: Port<FactoryView>) {
        if self.birth.card.as_ref().is_none_or(|factory| factory.draining) {
            self.show(port);
            return;
        }
        self.draining.push((reason, by, port));
        self.tell_dispatcher(dispatcher::Msg::CloseFactory(self.birth.id.clone()));
    }

    async fn gate_closed(&mut self) -> Result<(), ActorProcessingErr> {
        for (reason, by, port) in std::mem::take(&mut self.draining) {
            let outcome = self.order(Command::Drain { reason }, by).await?;
            if let (Err(_), Some(card)) = (&outcome, &self.birth.card) {
                self.tell_dispatcher(dispatcher::Msg::Card(card.clone()));
            }
            self.shown(outcome, port);
        }
        Ok(())
    }

    fn shown(&mut self, outcome: Result<(), NotDone>, port: Port<FactoryView>) {
        match outcome {
            Ok(()) => self.show(port),
            Err(why) => answer(port, Err(why)),
        }
    }

    /// Answers with the card as it is; the dispatcher knows the seats.
    fn show(&mut self, port: Port<FactoryView>) {
        self.hear();
        match self.birth.card.clone() {
            Some(factory) => {
                self.tell_dispatcher(dispatcher::Msg::Viewed(FactoryView { factory, seats_used: 0 }, port))
            }
            None => answer(port, Err(NotDone::UnknownFactory)),
        }
    }

    /// Takes in when it was last heard, by whichever way.
    fn hear(&mut self) {
        if let (Some(card), Some(heard)) = (&mut self.birth.card, self.birth.lane.pulses.last(&self.birth.id))
            && heard > card.last_heard_at
        {
            Arc::make_mut(card).last_heard_at = heard;
        }
    }

    /// A factory that was not heard is to be heard of as soon as it is.
    fn listen(&self) {
        if self.birth.card.as_ref().is_some_and(|card| card.presence != Presence::Online) {
            self.birth.lane.pulses.listen(&self.birth.id);
        }
    }

    /// Looks again when it ought to have been heard, however that has moved: a beat may promise a shorter interval, and
    /// whoever was silent is waited for again as soon as it is heard by any way. Not before `patience` is over.
    fn check_later(&mut self, me: &ActorRef<Msg>, patience: Duration) {
        let Some(card) = &self.birth.card else { return };
        let now = self.birth.lane.now();
        let heard = self.birth.lane.pulses.last(&self.birth.id).unwrap_or(now);
        let since = heard.ms_since(card.last_heard_at);
        let patience = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        let due = card.deadline().map(|deadline| deadline.plus_ms(since).max(now.plus_ms(patience)));
        let ring = |pause| me.send_after(pause, || Msg::Check).abort_handle();
        self.alarm.set(due, now, ring);
    }

    /// Tells the dispatcher. One that has gone takes the product with it.
    fn tell_dispatcher(&self, msg: dispatcher::Msg) {
        let _ = self.birth.dispatcher.cast(msg);
    }
}

/// The card as the heartbeat leaves it: absent members keep their value, or begin with their default.
fn patched(now: Option<&Factory>, id: FactoryId, patch: CardPatch, lists_leases: bool) -> Card {
    let before = now.map(Factory::card).unwrap_or_else(|| Card {
        factory_id: id,
        descriptor: Descriptor::default(),
        engines: Vec::new(),
        repos: Vec::new(),
        capabilities: Vec::new(),
        engine_classes: Vec::new(),
        health: Health::Ok,
        seat_limit: 1,
        heartbeat_sec: if lists_leases { 30 } else { 300 },
    });
    Card {
        factory_id: before.factory_id,
        descriptor: patch.descriptor.unwrap_or(before.descriptor),
        engines: patch.engines.unwrap_or(before.engines),
        repos: patch.repos.unwrap_or(before.repos),
        capabilities: patch.capabilities.unwrap_or(before.capabilities),
        engine_classes: patch.engine_classes.unwrap_or(before.engine_classes),
        health: patch.health.unwrap_or(before.health),
        seat_limit: patch.seat_limit.unwrap_or(before.seat_limit),
        heartbeat_sec: patch.heartbeat_sec.unwrap_or(before.heartbeat_sec),
    }
}
