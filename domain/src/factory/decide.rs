//! Says what follows for a factory. Nothing here can be refused.

use super::command::{Beat, Command};
use super::event::{Card, Fact};
use super::state::{Engine, EngineState, Factory, Presence};
use crate::Timestamp;
use crate::job::RunResult;

/// Quick failures in a row after which a factory is drained.
const MAX_QUICK_FAILURES: u32 = 5;

/// Decides what an order means for a factory that may not exist yet. No facts: nothing that is saved changes.
pub fn decide(factory: Option<&Factory>, command: &Command, now: Timestamp) -> Vec<Fact> {
    let Some(factory) = factory else {
        return match command {
            Command::Beat(beat) => vec![Fact::Registered { card: beat.card.clone() }],
            Command::Heard
            | Command::Check
            | Command::Drain { .. }
            | Command::Resume
            | Command::Ended { .. }
            | Command::Limited { .. } => Vec::new(),
        };
    };
    match command {
        Command::Beat(beat) => beaten(factory, beat),
        Command::Heard => revived(factory),
        Command::Check => missed(factory, now),
        Command::Drain { reason } if !factory.draining => vec![Fact::Draining { reason: reason.clone() }],
        Command::Resume if factory.draining => vec![Fact::Resumed {}],
        Command::Drain { .. } | Command::Resume => Vec::new(),
        Command::Ended { result, quick } => failing(factory, *result, *quick),
        Command::Limited { engine, until } => limited(factory, engine, *until, now),
    }
}

fn beaten(factory: &Factory, beat: &Beat) -> Vec<Fact> {
    let mut facts = revived(factory);
    if factory.card() != beat.card {
        facts.push(Fact::Changed { card: beat.card.clone() });
    }
    facts
}

fn revived(factory: &Factory) -> Vec<Fact> {
    if factory.presence == Presence::Online { Vec::new() } else { vec![Fact::Online {}] }
}

fn missed(factory: &Factory, now: Timestamp) -> Vec<Fact> {
    if factory.presence == Presence::Stale
        && now.ms_since(factory.last_heard_at) < 3_000 * u64::from(factory.heartbeat_sec)
    {
        return vec![Fact::Online {}];
    }
    if factory.deadline().is_none_or(|deadline| now < deadline) {
        return Vec::new();
    }
    match factory.presence {
        Presence::Online => vec![Fact::Stale {}],
        Presence::Stale => vec![Fact::Offline {}],
        Presence::Offline => Vec::new(),
    }
}

fn failing(factory: &Factory, result: RunResult, quick: bool) -> Vec<Fact> {
    let fails = result == RunResult::Failed && quick;
    if fails && !factory.draining && factory.failures + 1 >= MAX_QUICK_FAILURES {
        let reason = format!("{MAX_QUICK_FAILURES} quick failures in a row");
        return vec![Fact::Draining { reason: Some(reason) }];
    }
    Vec::new()
}

/// The engine cannot be used until then. A limit that is over, or ends before the one that is known, says nothing new.
/// When the limit of an available engine would reset is no limit.
fn limited(factory: &Factory, engine: &str, until: Timestamp, now: Timestamp) -> Vec<Fact> {
    let mut card = factory.card();
    let is_news = |engine: &Engine| engine.state == EngineState::Available || engine.resets_at < Some(until);
    let Some(engine) = card.engines.iter_mut().find(|known| known.name == engine && is_news(known)) else {
        return Vec::new();
    };
    if until <= now {
        return Vec::new();
    }
    engine.state = EngineState::Unavailable;
    engine.resets_at = Some(until);
    vec![Fact::Changed { card }]
}

impl Factory {
    /// What it last said of itself.
    pub fn card(&self) -> Card {
        Card {
            factory_id: self.id.clone(),
            descriptor: self.descriptor.clone(),
            engines: self.engines.clone(),
            repos: self.repos.clone(),
            capabilities: self.capabilities.clone(),
            engine_classes: self.engine_classes.clone(),
            health: self.health,
            seat_limit: self.seat_limit,
            heartbeat_sec: self.heartbeat_sec,
        }
    }
}
