//! What an operator has set for a product: whether its gate is open.

use serde::{Deserialize, Serialize};

use super::event::Fact;
use crate::ProductId;

/// A product's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The product.
    pub product: ProductId,
    /// No job is handed out.
    pub paused: bool,
    /// +1 for each saved change; 0 before the first.
    pub rev: u64,
}

/// An order to a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Hands out no more jobs.
    Pause,
    /// Hands out jobs again.
    Resume,
    /// Hands out no more jobs and ends every lease.
    Estop,
}

/// What an order leads to. No facts: its effect stood already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The settings as they are now.
    pub next: Settings,
    /// What became true.
    pub facts: Vec<Fact>,
}

impl Settings {
    /// A product as it comes into being.
    pub fn new(product: ProductId) -> Self {
        Self { product, paused: false, rev: 0 }
    }
}

/// Runs one order to its end. An emergency stop always leaves its fact: leases may be held though the gate is closed.
pub fn transition(settings: &Settings, command: Command) -> Step {
    let (paused, fact) = match command {
        Command::Pause => (true, Fact::Paused),
        Command::Resume => (false, Fact::Resumed),
        Command::Estop => (true, Fact::Estopped),
    };
    if settings.paused == paused && command != Command::Estop {
        return Step { next: settings.clone(), facts: Vec::new() };
    }
    Step { next: Settings { paused, rev: settings.rev + 1, ..settings.clone() }, facts: vec![fact] }
}
