//! The real program, killed under load, at fail points and on a full disk, and what must be true after it.

mod campaign;
pub(crate) mod desk;
mod dice;
mod evidence;
mod full;
mod judge;
mod kill;
mod load;
mod million;
pub(crate) mod server;
mod session;
mod world;
