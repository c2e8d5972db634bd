//! How a product comes to life: opened in the store, its actors spawned, then connected to what is committed.

use std::sync::Arc;
use std::time::Duration;

use domain::dispatch::{Board, Graph};
use domain::product::{Leases, Settings};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;

use super::{Msg, Owner, Soft};
use crate::dispatcher::{self, DispatcherActor};
use crate::factory::{self, FactoryActor};
use crate::feed::Feed;
use crate::lane::{Alive, Lane};
use crate::line::{Hearers, Line};
use crate::store::{Fault, Opened};

/// How often changed renewals are saved.
pub(super) const FLUSH_EVERY: Duration = Duration::from_secs(60);

/// What a product's actor is born with.
pub(crate) struct Birth {
    pub(crate) lane: Lane,
    pub(crate) soft: Soft,
    pub(crate) alive: Alive,
    pub(crate) parked_claims: usize,
    /// Hears of the actors once they are up.
    pub(crate) up: oneshot::Sender<Hearers>,
}

/// The product could not be read: no panic, and worth another try.
#[derive(Debug, thiserror::Error)]
#[error("the product cannot be opened: {0}")]
pub(crate) struct NotOpened(pub(crate) Fault);

/// Opens a product: its state as committed, its actors, then everything that is committed from that moment on.
pub(super) async fn open(me: &ActorRef<Msg>, birth: Birth) -> Result<Owner, ActorProcessingErr> {
    let Birth { lane, soft, alive, parked_claims, up } = birth;
    let line = Arc::new(Line::default());
    lane.reaping.forget(&lane.product);
    let opened = lane.store.open(&lane.product, line.clone()).await.map_err(NotOpened)?;
    lane.clock.never_before(opened.last_at);
    let leases = leases(&opened, &lane);
    let settings = opened.settings.clone().unwrap_or_else(|| Settings::new(lane.product.clone()));
    let (board, graph) = board(&opened, &settings, &lane);
    lane.settings.set(Arc::new(settings));

    let cell = me.get_cell();
    let dispatcher = dispatcher::Birth {
        lane: lane.clone(),
        product: me.clone(),
        board,
        graph,
        parked_claims,
        alive: alive.clone(),
    };
    let (dispatcher, _) = DispatcherActor::spawn_linked(None, DispatcherActor, dispatcher, cell.clone()).await?;
    let (feed, _) = Feed::spawn_linked(None, Feed, alive.clone(), cell.clone()).await?;
    let mut owner = Owner::new(lane, leases, soft, dispatcher.clone(), feed.clone(), alive);
    for card in opened.factories {
        owner.lane.pulses.enter(&card.id, owner.lane.now());
        let birth = factory_birth(&owner, &card.id, Some(card.clone()));
        let (actor, _) = FactoryActor::spawn_linked(None, FactoryActor, birth, cell.clone()).await?;
        owner.adopt_factory(card.id.clone(), actor);
    }
    for (job, held) in owner.leases.iter() {
        owner.lane.reaping.note(&owner.lane.product, job, Some(held));
        owner.soft.put(job, held.clone());
    }
    let hearers = Hearers { product: me.clone(), dispatcher, feed };
    line.connect(hearers.clone());
    // A coordinator that has gone needs no product.
    let _ = up.send(hearers);
    if !opened.orphans.is_empty() {
        owner.dispatcher.cast(dispatcher::Msg::Orphans(opened.orphans))?;
    }
    // Looks again at what may be due, and saves renewals from time to time.
    me.cast(Msg::Tick)?;
    me.send_after(FLUSH_EVERY, || Msg::Flush);
    Ok(owner)
}

pub(super) fn factory_birth(
    owner: &Owner,
    id: &domain::FactoryId,
    card: Option<Arc<domain::factory::Factory>>,
) -> factory::Birth {
    factory::Birth {
        id: id.clone(),
        card,
        lane: owner.lane.clone(),
        dispatcher: owner.dispatcher.clone(),
        _alive: owner.alive.clone(),
    }
}

/// The held leases; each lives until the later of its saved end and `min(TTL, 3 heartbeats)` from now.
fn leases(opened: &Opened, lane: &Lane) -> Leases {
    let mut leases = Leases::default();
    for job in &opened.leased {
        leases.observe(job);
    }
    let interval = |id: &domain::FactoryId| {
        let card = opened.factories.iter().find(|factory| factory.id == *id);
        card.map_or(30, |factory| factory.heartbeat_sec)
    };
    leases.revive(interval, lane.now());
    leases
}

fn board(opened: &Opened, settings: &Settings, lane: &Lane) -> (Board, Graph) {
    let (mut board, mut graph) = (Board::default(), Graph::default());
    let now = lane.now();
    board.set_rules(dispatcher::rules(settings, lane.switches), now);
    board.set_reviewing(opened.reviewing.iter().copied());
    for factory in &opened.factories {
        lane.fleet.enter(factory.clone());
        board.observe_factory(factory.clone(), now);
    }
    for job in &opened.leased {
        board.observe(&domain::dispatch::Standing::of(job), now);
    }
    board.fill(&opened.waiting, now);
    for standing in &opened.waiting {
        if let Some(awaits) = &standing.awaits {
            graph.watch(standing.job, awaits, true);
        }
    }
    for (parent, child, stage) in &opened.children {
        graph.adopt(*parent, *child, Some(*stage));
    }
    for standing in &opened.waiting {
        graph.has_read_children(standing.job);
    }
    let open = opened.waiting.iter().map(|standing| (standing.job, standing.stage));
    for (job, stage) in opened.dependencies.iter().copied().chain(open) {
        graph.reached(job, stage);
    }
    for (job, count) in graph.take_changed() {
        board.set_dependents(job, count, now);
    }
    (board, graph)
}
