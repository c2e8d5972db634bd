//! The actors that own the state, and the port to the store.
//!
//! Pure owners decide (see `domain`); an actor is the mailbox around one. It commits before it answers.

pub mod store;
