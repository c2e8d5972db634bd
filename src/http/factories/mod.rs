//! Factories: one file per action.
//! Shared here is how a factory is shown.

pub(super) mod drain;
pub(super) mod get;
pub(super) mod heartbeat;
pub(super) mod list;
pub(super) mod resume;

use actors::FactoryView;
use domain::factory::{EngineState, Health, State};
use wire::Factory;
use wire::factory::{self, Descriptor, Engine, FactoryState};

/// A factory as it is shown.
fn shown(view: &FactoryView) -> Factory {
    let card = &*view.factory;
    Factory {
        factory_id: card.id.to_string(),
        product_id: card.product.to_string(),
        descriptor: Descriptor {
            os: card.descriptor.os.clone(),
            arch: card.descriptor.arch.clone(),
            hostname: card.descriptor.hostname.clone(),
            version: card.descriptor.version.clone(),
        },
        engines: card.engines.iter().map(engine).collect(),
        repos: card.repos.clone(),
        capabilities: card.capabilities.clone(),
        engine_classes: card.engine_classes.clone(),
        health: match card.health {
            Health::Ok => factory::Health::Ok,
            Health::Degraded => factory::Health::Degraded,
            Health::Failing => factory::Health::Failing,
        },
        load: f64::from(card.load_permille) / 1_000.0,
        seat_limit: card.seat_limit,
        seats_used: view.seats_used,
        state: match card.state() {
            State::Online => FactoryState::Online,
            State::Draining => FactoryState::Draining,
            State::Stale => FactoryState::Stale,
            State::Offline => FactoryState::Offline,
        },
        heartbeat_sec: card.heartbeat_sec,
        last_heartbeat_at: card.last_heard_at.into(),
        rev: card.rev,
    }
}

fn engine(engine: &domain::factory::Engine) -> Engine {
    Engine {
        name: engine.name.clone(),
        version: engine.version.clone(),
        account: engine.account.clone(),
        state: match engine.state {
            EngineState::Available => "available",
            EngineState::Unavailable => "unavailable",
        }
        .to_owned(),
        resets_at: engine.resets_at.map(Into::into),
    }
}
