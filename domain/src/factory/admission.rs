//! Whether a factory may claim at all, before any job is looked at.

use super::state::{Factory, Health};
use crate::mutant::Mutant;

/// Why a factory may not claim.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has never sent a heartbeat to this product.
    #[error("this factory has not registered: its first heartbeat does")]
    Unknown,
    /// It takes no new work.
    #[error("this factory is draining")]
    Draining,
    /// It says that it cannot work.
    #[error("this factory reports that it is failing")]
    Failing,
    /// All its seats are taken.
    #[error("all {limit} seats of this factory are taken, or kept for urgent jobs")]
    NoFreeSeat {
        /// How many it has.
        limit: u32,
    },
}

/// Admits a factory that holds `seats_used` leases to one more. A stale one is welcome: its claim revives it.
pub fn admit(factory: &Factory, seats_used: u32) -> Result<(), Refusal> {
    if factory.draining && !Mutant::DrainIgnored.is_planted() {
        return Err(Refusal::Draining);
    }
    if factory.health == Health::Failing {
        return Err(Refusal::Failing);
    }
    if seats_used >= factory.seat_limit && !Mutant::SeatsIgnored.is_planted() {
        return Err(Refusal::NoFreeSeat { limit: factory.seat_limit });
    }
    Ok(())
}
