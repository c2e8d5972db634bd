//! What became true of a product.

use serde::{Deserialize, Serialize};

/// A fact about a product. Its serialised form is the event's `data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "gate")]
pub enum Fact {
    /// No claims from now on.
    Paused,
    /// Claims again.
    Resumed,
    /// No claims, and every lease ends.
    Estopped,
}

impl Fact {
    /// The event's type, as on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Paused => "product.paused",
            Self::Resumed => "product.resumed",
            Self::Estopped => "product.estop",
        }
    }
}
