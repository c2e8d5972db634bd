//! What became true of a budget. Its serialised form is the event's `data`; amounts in it are decimal texts.

use serde::{Serialize, Serializer};

use super::state::{Mark, PausedBy, RunKey};
use super::window::Window;
use crate::{Timestamp, Usd};

/// A fact about a budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Fact {
    /// Ceiling and window are new. Written for an operator.
    Set {
        /// How much may be spent; `null`: no limit.
        #[serde(serialize_with = "crate::money::maybe_text::serialize")]
        ceiling_usd: Option<Usd>,
        /// For how long that holds.
        window: Window,
        /// When the window began.
        window_start: Timestamp,
        /// What is spent in it.
        #[serde(serialize_with = "amount")]
        spent_usd: Usd,
    },
    /// So much is kept for a run.
    ///
    /// With `until` the budget writes it, for a lost run. Without, it says of a grant what `reservedUsd` of
    /// `job.leased` says too; whoever commits the grant may write it, a budget never does, and it changes none:
    /// what running runs reserve is derived from their leases.
    Reserved {
        /// The run.
        #[serde(flatten)]
        run: RunKey,
        /// Its engine.
        #[serde(skip_serializing_if = "Option::is_none")]
        engine: Option<String>,
        /// How much.
        #[serde(serialize_with = "amount")]
        reserved_usd: Usd,
        /// Until when, where the run is lost.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// A run was charged. Written by the budget alone: whenever a reported cost exceeds what was charged, and at the
    /// end of every run that had a reservation or costs something.
    Settled {
        /// The run.
        #[serde(flatten)]
        run: RunKey,
        /// Its engine.
        #[serde(skip_serializing_if = "Option::is_none")]
        engine: Option<String>,
        /// How much more than before. Nothing, where only a reservation ends.
        #[serde(serialize_with = "amount")]
        charged_usd: Usd,
        /// How much in all.
        #[serde(serialize_with = "amount")]
        total_usd: Usd,
        /// The total is the run's reservation; nobody has said what it cost.
        estimated: bool,
        /// Nothing is reserved for it any more. Otherwise its reservation has shrunk by what was charged.
        ended: bool,
    },
    /// A share of the ceiling is spent. Once in a window under the same ceiling.
    Warned {
        /// Which share.
        percent: Mark,
        /// What is spent.
        #[serde(serialize_with = "amount")]
        spent_usd: Usd,
    },
    /// No job is handed out.
    Paused {
        /// Who or what stopped it.
        by: PausedBy,
    },
    /// Jobs are handed out again.
    Resumed {},
    /// A window has ended and the next one began; nothing is spent in it.
    Turned {
        /// When it began.
        window_start: Timestamp,
        /// What was spent in the one that ended.
        #[serde(serialize_with = "amount")]
        closed_usd: Usd,
    },
}

impl Fact {
    /// The event's type, as on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Set { .. } => "budget.set",
            Self::Reserved { .. } => "budget.reserved",
            Self::Settled { .. } => "budget.settled",
            Self::Warned { .. } => "budget.warned",
            Self::Paused { .. } => "budget.paused",
            Self::Resumed {} => "budget.resumed",
            Self::Turned { .. } => "budget.turned",
        }
    }
}

fn amount<S: Serializer>(usd: &Usd, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(usd)
}
