//! A layer between SQLite and the operating system's files, for tests that take the power away or break the disk.
//!
//! Once installed it is the process's default, so what is tested needs no change to run over it. Files outside of
//! watched directories go straight through. Never part of the product.
#![allow(unsafe_code, reason = "SQLite calls it, and is called by it, through C")]

mod fault;
mod file;
mod log;
mod raw;
mod register;
mod watch;

pub use fault::{Fault, Kind};
pub use log::{Entry, Skip};
pub use raw::{Failed, Raw};
pub use watch::Watch;
