//! What a factory says of itself, as far as it matters.

use serde::Deserialize;

use super::read::Unreadable;
use crate::names::{Name, Names};
use crate::text::Text;
use crate::words::Health;

/// A factory's card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) health: Health,
    pub(crate) seats: u32,
    pub(crate) heartbeat_sec: u32,
    pub(crate) capabilities: Vec<Name>,
    pub(crate) classes: Vec<Name>,
    pub(crate) engines: Vec<Engine>,
}

/// An engine on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Engine {
    pub(crate) name: Name,
    pub(crate) account: Option<Name>,
    /// It can be used from then on, in milliseconds since 1970, by what this card says.
    pub(crate) from: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CardText<'a> {
    health: Health,
    seat_limit: u32,
    heartbeat_sec: u32,
    #[serde(borrow)]
    capabilities: Vec<Text<'a>>,
    engine_classes: Vec<Text<'a>>,
    engines: Vec<EngineText<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EngineText<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    state: Text<'a>,
    #[serde(default)]
    account: Option<Text<'a>>,
    /// In the log milliseconds, elsewhere a text.
    #[serde(default, alias = "resets_at")]
    resets_at: Option<Instant<'a>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Instant<'a> {
    Millis(i64),
    #[serde(borrow)]
    Text(Text<'a>),
}

impl Instant<'_> {
    fn millis(&self) -> Result<i64, Unreadable> {
        match self {
            Self::Millis(at) => Ok(*at),
            Self::Text(text) => crate::shown::at(text),
        }
    }
}

impl EngineText<'_> {
    fn read(&self, names: &mut Names) -> Result<Engine, Unreadable> {
        let limit = self.resets_at.as_ref().map(Instant::millis).transpose()?;
        let from = if self.state.as_str() == "available" { i64::MIN } else { limit.unwrap_or(i64::MAX) };
        let account = self.account.as_ref().map(|account| names.of(account.as_str()));
        Ok(Engine { name: names.of(self.name.as_str()), account, from })
    }
}

impl Card {
    pub(super) fn of(text: &CardText<'_>, names: &mut Names) -> Result<Self, Unreadable> {
        let mut all = |texts: &[Text<'_>]| texts.iter().map(|text| names.of(text.as_str())).collect();
        let (capabilities, classes) = (all(&text.capabilities), all(&text.engine_classes));
        let engines = text.engines.iter().map(|engine| engine.read(names)).collect::<Result<_, _>>()?;
        let (health, seats, heartbeat_sec) = (text.health, text.seat_limit, text.heartbeat_sec);
        Ok(Self { health, seats, heartbeat_sec, capabilities, classes, engines })
    }
}

/// Turns a factory's card into the same shape from where it is shown.
pub(crate) fn shown_card(json: &str, names: &mut Names) -> Result<Card, Unreadable> {
    Card::of(&serde_json::from_str(json)?, names)
}
