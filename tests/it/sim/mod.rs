//! Deterministic simulation: the real actors and the real service in one thread of paused time, over a store, a clock,
//! a network and clients that a seed moves. The same seed has the same history, byte for byte.

mod backend;
mod campaign;
mod clients;
mod clock;
mod faults;
mod gather;
mod graph;
mod heal;
#[cfg(feature = "mutants")]
mod mutants;
mod notes;

mod rng;
mod run;
mod schedule;
mod shrink;
mod sometimes;
mod store;
mod tests;
mod transport;
mod trouble;
mod watch;
mod world;

pub(crate) use run::{Outcome, run};
pub(crate) use schedule::Schedule;
