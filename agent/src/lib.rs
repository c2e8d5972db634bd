//! The factory agent: takes jobs from a coordinator, does each in a room of its own, hands the result in.
//!
//! Talks to the coordinator only through [`fleet::Fleet`] (in production `wire::Client`), to repositories only through
//! [`git`], to engines only through [`process`]. Ships nothing without an accepted write under its epoch; no process of
//! a run survives it. Reads no environment variables of its own but PATH and what a child is passed by name.

mod backoff;
pub mod config;
pub mod detect;
pub mod engine;
pub mod factory;
pub mod fleet;
pub mod git;
mod janitor;
pub mod journal;
pub mod lease;
mod link;
pub mod log;
pub mod mock;
pub mod process;
pub mod run;
pub mod sweep;

pub use config::{Config, Secret, default_workdir};
pub use factory::{FactoryError, Summary, run, run_with};
pub use run::Finish;
