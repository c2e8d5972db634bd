//! The agent's own tests: real repositories, real processes, a coordinator in memory.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod factory;
mod git;
mod process;
mod run;
mod support;
