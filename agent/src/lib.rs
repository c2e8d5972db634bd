//! The factory agent: engines, git, the job loop.
mod detect;
pub mod engine;
pub mod git;
pub mod log;
pub mod mock;
pub mod process;
mod sweep;
