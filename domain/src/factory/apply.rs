//! What a fact makes of a factory. Cannot fail.

use super::event::{Card, Fact};
use super::state::{Factory, Presence};
use crate::{ProductId, Timestamp};

/// The factory after a fact became true at `at`. Only `Registered` makes one of nothing.
pub fn apply(factory: Option<Factory>, product: &ProductId, fact: &Fact, at: Timestamp) -> Option<Factory> {
    if let (None, Fact::Registered { card }) = (&factory, fact) {
        return Some(registered(product, card, at));
    }
    let factory = factory?;
    Some(match fact {
        Fact::Registered { card } | Fact::Changed { card } => carded(factory, card),
        Fact::Stale {} => Factory { presence: Presence::Stale, ..factory },
        Fact::Offline {} => Factory { presence: Presence::Offline, ..factory },
        Fact::Online {} => Factory { presence: Presence::Online, last_heard_at: at, ..factory },
        Fact::Draining { .. } => Factory { draining: true, ..factory },
        Fact::Resumed {} => Factory { draining: false, failures: 0, ..factory },
    })
}

fn registered(product: &ProductId, card: &Card, at: Timestamp) -> Factory {
    Factory {
        id: card.factory_id.clone(),
        product: product.clone(),
        descriptor: card.descriptor.clone(),
        engines: card.engines.clone(),
        repos: card.repos.clone(),
        capabilities: card.capabilities.clone(),
        engine_classes: card.engine_classes.clone(),
        health: card.health,
        load_permille: 0,
        seat_limit: card.seat_limit,
        heartbeat_sec: card.heartbeat_sec,
        presence: Presence::Online,
        draining: false,
        failures: 0,
        last_heard_at: at,
        rev: 0,
    }
}

fn carded(factory: Factory, card: &Card) -> Factory {
    let card = card.clone();
    Factory {
        descriptor: card.descriptor,
        engines: card.engines,
        repos: card.repos,
        capabilities: card.capabilities,
        engine_classes: card.engine_classes,
        health: card.health,
        seat_limit: card.seat_limit,
        heartbeat_sec: card.heartbeat_sec,
        ..factory
    }
}
