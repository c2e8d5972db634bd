//! The real binary, killed with SIGKILL under load, and what must be true after it.

mod clients;
mod kill;
mod ledger;
pub(crate) mod server;
mod verify;
