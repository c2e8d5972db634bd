//! Factories to begin stories with, and how a story drives one.

use domain::factory::{
    Beat, Card, Command, Descriptor, Engine, EngineState, Fact, Factory, Health, Presence, State, transition,
};
use domain::{FactoryId, Timestamp};

use super::job::product;
use super::members::{Members, at, list, maybe, word};
use super::order;
use super::story::{Actor, Turn};

/// A factory that may not have registered yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen(pub(crate) Option<Factory>);

/// A card with everything as usual: one seat, 30 s, one engine.
pub(crate) fn card(name: &str) -> Card {
    Card {
        factory_id: order::factory(name),
        descriptor: Descriptor { os: Some("linux".into()), ..Descriptor::default() },
        engines: vec![engine("claude", EngineState::Available)],
        repos: Vec::new(),
        capabilities: vec!["os:linux".into()],
        engine_classes: Vec::new(),
        health: Health::Ok,
        seat_limit: 1,
        heartbeat_sec: 30,
    }
}

/// An engine.
pub(crate) fn engine(name: &str, state: EngineState) -> Engine {
    Engine { name: name.into(), version: None, account: None, state, resets_at: None }
}

/// A heartbeat with this card.
pub(crate) fn beat(card: Card, load_permille: u16) -> Command {
    Command::Beat(Box::new(Beat { card, load_permille }))
}

/// The factory that registered with this card at 0 s.
pub(crate) fn registered(card: Card) -> Factory {
    let step = transition(None, &product(), &beat(card, 0), Timestamp(0));
    step.next.expect("its first heartbeat registers it")
}

impl Actor for Seen {
    type Order = Command;

    fn said(order: &Command) -> String {
        match order {
            Command::Beat(beat) => {
                let Beat { card, load_permille } = &**beat;
                format!("beat with load {load_permille} {}", json(card))
            }
            Command::Heard => "heard".into(),
            Command::Check => "check".into(),
            Command::Drain { reason } => format!("drain {:?}", maybe(reason.as_ref())),
            Command::Resume => "resume".into(),
            Command::Ended { result, quick } => {
                format!("a run ended {}{}", word(result), if *quick { " quickly" } else { "" })
            }
            Command::Limited { engine, until } => format!("{engine} is at its limit until {}", at(*until)),
        }
    }

    fn obeys(&self, order: Command, now: Timestamp) -> Result<Turn<Self>, String> {
        let step = transition(self.0.as_ref(), &product(), &order, now);
        Ok(Turn { next: Self(step.next), events: step.facts.iter().map(event).collect(), ended: None })
    }

    fn members(&self) -> Members {
        let mut of = Members::default();
        self.0.iter().for_each(|factory| members(&mut of, factory));
        of
    }

    fn standing(&self) -> String {
        self.0.as_ref().map_or_else(|| "unknown".to_owned(), |factory| word(&factory.state()))
    }

    fn deadline(&self) -> String {
        self.0.as_ref().and_then(Factory::deadline).map_or_else(|| "none".to_owned(), at)
    }
}

fn members(of: &mut Members, factory: &Factory) {
    let Factory {
        id,
        product,
        descriptor: Descriptor { os, arch, hostname, version },
        engines,
        repos,
        capabilities,
        engine_classes,
        health,
        load_permille,
        seat_limit,
        heartbeat_sec,
        presence,
        draining,
        failures,
        last_heard_at,
        rev,
    } = factory;
    of.add("factory", "id", id.as_str(), "");
    of.add("factory", "product", product.as_str(), "p");
    of.add("factory", "descriptor.os", maybe(os.as_ref()), "");
    of.add("factory", "descriptor.arch", maybe(arch.as_ref()), "");
    of.add("factory", "descriptor.hostname", maybe(hostname.as_ref()), "");
    of.add("factory", "descriptor.version", maybe(version.as_ref()), "");
    of.add("factory", "engines", list(engines.iter().map(running)), "");
    of.add("factory", "repos", list(repos), "");
    of.add("factory", "capabilities", list(capabilities), "");
    of.add("factory", "engine_classes", list(engine_classes), "");
    of.add("factory", "health", word(health), "ok");
    of.add("factory", "seat_limit", seat_limit.to_string(), "");
    of.add("factory", "heartbeat_sec", heartbeat_sec.to_string(), "");
    of.add("factory", "presence", word(presence), "");
    of.add("factory", "draining", draining.to_string(), "false");
    of.add("factory", "failures", failures.to_string(), "0");
    of.add("soft", "load_permille", load_permille.to_string(), "");
    of.add("soft", "last_heard_at", at(*last_heard_at), "");
    of.add("factory", "rev", rev.to_string(), "");
}

fn running(engine: &Engine) -> String {
    let Engine { name, version, account, state, resets_at } = engine;
    let parts = [
        Some(name.clone()),
        version.clone(),
        account.clone(),
        Some(word(state)),
        resets_at.map(|time| format!("until {}", at(time))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("/")
}

fn event(fact: &Fact) -> String {
    let data = json(fact);
    if data == "null" { fact.kind().to_owned() } else { format!("{} {data}", fact.kind()) }
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("it can be written")
}

/// Every combination of presence and drain, by its one word.
pub(crate) fn states() -> Vec<(Presence, bool, State)> {
    let mut factory = registered(card("f1"));
    let mut states = Vec::new();
    for presence in [Presence::Online, Presence::Stale, Presence::Offline] {
        for draining in [false, true] {
            factory.presence = presence;
            factory.draining = draining;
            states.push((presence, draining, factory.state()));
        }
    }
    states
}

/// The name of the factory of most stories.
pub(crate) fn f1() -> FactoryId {
    order::factory("f1")
}
