//! What a dispatcher holds, and how it follows what is committed.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use domain::dispatch::{Board, Graph, Order, Rules, Standing, WaiterNo};
use domain::factory::Factory;
use domain::job::spec::Kind;
use domain::job::{Command, Stage, command};
use domain::product::Settings;
use domain::{Epoch, FactoryId, JobId, Timestamp};
use ractor::ActorRef;

use super::msg::Seen;
use super::shadow::Shadows;
use super::{Birth, Msg};
use crate::alarm::Alarm;
use crate::answer::{Beaten, FactoryView};
use crate::claim::Claiming;
use crate::lane::{Alive, Lane};
use crate::node::Switches;
use crate::store::{Change, Told};
use crate::{factory, job, product};

/// How long to wait before a job that could not be read is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// A dispatcher's state.
pub(crate) struct State {
    pub(super) lane: Lane,
    pub(super) product: ActorRef<product::Msg>,
    pub(super) board: Board,
    pub(super) graph: Graph,
    pub(super) parked_claims: usize,
    /// Claims that wait, and under which number.
    pub(super) waiting: BTreeMap<WaiterNo, Claiming>,
    pub(super) numbers: HashMap<u64, WaiterNo>,
    /// Claims with an id of their own that wait, by that id.
    pub(super) keyed: HashMap<String, u64>,
    /// Claims with an id of their own: on offer, or granted not long ago.
    pub(super) named: HashMap<String, Named>,
    pub(super) offered: HashMap<JobId, String>,
    pub(super) granted: VecDeque<(Timestamp, String)>,
    pub(super) shadows: Shadows,
    /// Gates that wait until nothing is on offer: the product's, or one factory's.
    pub(super) closing: Vec<Option<FactoryId>>,
    pub(super) alarm: Alarm,
    _alive: Alive,
}

/// What is known of a claim with an id.
pub(super) enum Named {
    /// A job is on offer to it.
    Offered,
    /// It was granted.
    Granted(JobId, Epoch),
}

impl State {
    pub(super) fn new(birth: Birth) -> Self {
        Self {
            lane: birth.lane,
            product: birth.product,
            board: birth.board,
            graph: birth.graph,
            parked_claims: birth.parked_claims,
            waiting: BTreeMap::new(),
            numbers: HashMap::new(),
            keyed: HashMap::new(),
            named: HashMap::new(),
            offered: HashMap::new(),
            granted: VecDeque::new(),
            shadows: Shadows::default(),
            closing: Vec::new(),
            alarm: Alarm::default(),
            _alive: birth.alive,
        }
    }

    /// Takes in a committed batch.
    pub(super) fn told(&mut self, me: &ActorRef<Msg>, batch: &[Told]) {
        let now = self.lane.now();
        for told in batch {
            match &told.write.change {
                Change::Submit { job } | Change::Job { job, .. } => {
                    let standing = Standing::of(job);
                    self.board.observe(&standing, now);
                    self.follow(me, &standing);
                    self.weigh();
                    if job.stage == Stage::Cancelled && job.kind() == Kind::Composite {
                        self.find_orphans(me, job.id);
                    }
                    self.remember_grants(&told.write.facts, job.id);
                    self.shadows.changed(job.id);
                }
                Change::Factory { factory } => self.card(factory, now),
                Change::Settings { settings } => self.board.set_rules(rules(settings, self.lane.switches), now),
                Change::Note { .. } | Change::Profile { .. } | Change::Renewals { .. } => {}
            }
        }
    }

    /// Takes in a factory's card.
    fn card(&mut self, card: &Arc<Factory>, now: Timestamp) {
        self.lane.fleet.enter(card.clone());
        self.board.observe_factory(card.clone(), now);
    }

    /// Takes in how many jobs wait for others, where that has changed.
    pub(super) fn weigh(&mut self) {
        let now = self.lane.now();
        for (job, count) in self.graph.take_changed() {
            self.board.set_dependents(job, count, now);
        }
    }

    /// Orders the evictions that are due. The board orders again what has not happened.
    fn evict(&mut self, now: Timestamp) {
        for Order { evict, epoch, by } in self.board.follow_evictions(now) {
            let order = Command::Preempt(command::Preempt { epoch, for_job: by });
            self.tell_job(evict, job::Msg::Due(epoch, order));
        }
    }

    /// An offer has ended; the job is where it was found.
    pub(super) fn offer_ended(&mut self, id: JobId, seen: &Seen) {
        let now = self.lane.now();
        self.board.end_offer(id, now);
        self.forget_offer(id);
        match seen {
            Seen::At(standing) => self.board.observe(standing, now),
            Seen::Missing => self.board.clear(id, now),
            Seen::Unread => {}
        }
    }

    /// A job that was asked is where it was found: everything that follows from that is looked at again.
    pub(super) fn stands(&mut self, me: &ActorRef<Msg>, id: JobId, seen: &Seen) {
        self.offer_ended(id, seen);
        match seen {
            Seen::At(standing) => {
                self.follow(me, standing);
                self.weigh();
            }
            Seen::Missing => {}
            Seen::Unread => drop(me.send_after(ASK_AGAIN, move || Msg::JobDied(id))),
        }
    }

    /// A job is left alone until an operator takes it in hand.
    pub(super) fn parked(&mut self, id: JobId) {
        self.forget_offer(id);
        self.board.set_aside(id, self.lane.now());
    }

    fn forget_offer(&mut self, id: JobId) {
        if let Some(key) = self.offered.remove(&id) {
            self.named.remove(&key);
        }
    }

    /// After every message: waiting claims get what has become ready, gates that nothing stands in close.
    pub(super) fn settle(&mut self) {
        let now = self.lane.now();
        self.board.wake(now);
        self.evict(now);
        self.serve();
        self.board.begin_evictions(now);
        let closing = std::mem::take(&mut self.closing);
        for gate in closing {
            if self.board.offered(gate.as_ref()) > 0 {
                self.closing.push(gate);
                continue;
            }
            self.tell_product(match gate {
                None => product::Msg::GateClosed,
                Some(id) => product::Msg::ToFactory(id, factory::Msg::GateClosed),
            });
        }
    }

    /// Closes a gate in memory; whoever asked hears when nothing is on offer any more.
    pub(super) fn close(&mut self, gate: Option<FactoryId>) {
        match &gate {
            None => self.board.close(),
            Some(id) => self.board.close_factory(id, self.lane.now()),
        }
        self.closing.push(gate);
    }

    /// What only the dispatcher knows of a heartbeat's answer.
    pub(super) fn beaten(&mut self, beaten: Beaten) -> Beaten {
        let (id, now) = (beaten.factory.factory.id.clone(), self.lane.now());
        self.board.soften_factory(&id, beaten.factory.factory.load_permille, now);
        let factory = FactoryView { seats_used: self.board.seats_used(&id), ..beaten.factory };
        let giving_way = self.board.to_give_way(&id, now);
        Beaten { claimable: self.board.claimable(&id, now), giving_way, factory, ..beaten }
    }

    /// Sets the alarm to the end of the next pause.
    pub(super) fn arm(&mut self, me: &ActorRef<Msg>) {
        let ring = |pause| me.send_after(pause, || Msg::Tick).abort_handle();
        self.alarm.set(self.board.next_wake(), self.lane.now(), ring);
    }

    pub(super) fn tell_job(&self, id: JobId, msg: job::Msg) {
        self.tell_product(product::Msg::ToJob(id, msg));
    }

    /// Tells the product. One that has gone takes this actor with it.
    pub(super) fn tell_product(&self, msg: product::Msg) {
        let _ = self.product.cast(msg);
    }
}

/// What holds for claims.
pub(crate) fn rules(settings: &Settings, switches: Switches) -> Rules {
    Rules {
        paused: settings.paused,
        review_limit: settings.review_limit,
        weights: settings.weights(),
        estimate: settings.estimate_usd.unwrap_or_default(),
        keeps_top: settings.record_scores,
        // Where nothing is granted, nobody gives way.
        preemption: switches.preemption && !switches.shadow,
    }
}
