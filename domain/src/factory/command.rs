//! Orders and news for a factory's actor.

use super::event::Card;
use crate::Timestamp;
use crate::job::RunResult;

/// An order to a factory, or news of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Its heartbeat.
    Beat(Box<Beat>),
    /// It was heard by another way than a heartbeat.
    Heard,
    /// Time has passed; was it heard?
    Check,
    /// Takes no new work from now on.
    Drain {
        /// Why.
        reason: Option<String>,
    },
    /// Takes work again.
    Resume,
    /// One of its runs has ended.
    Ended {
        /// How.
        result: RunResult,
        /// It took less than a minute.
        quick: bool,
    },
    /// One of its engines is at its usage limit.
    Limited {
        /// The engine's name.
        engine: String,
        /// When the limit resets.
        until: Timestamp,
    },
}

/// A heartbeat: the card as it is to be; absent members have kept their value already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// The card.
    pub card: Card,
    /// Its load in thousandths.
    pub load_permille: u16,
}
