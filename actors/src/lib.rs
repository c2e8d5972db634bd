//! The actors that own the state, and the port to the store.
//!
//! Pure owners decide (see `domain`); an actor is the mailbox around one. It commits before it answers. No actor
//! waits for another: messages are casts, and only a caller's port waits.

mod admission;
mod adopt;
mod alarm;
mod answer;
mod claim;
pub mod clock;
mod coordinator;
mod dispatcher;
mod factory;
mod faults;
mod feed;
mod handle;
mod job;
mod lane;
mod line;
mod node;
mod product;
mod profiles;
mod reaping;
mod restart;
pub mod store;
mod submit;

pub use admission::{Limits, Permit};
pub use answer::{
    Adopted, Adoption, Ask, BeatOrder, Beaten, CardPatch, Counts, Done, FactoryView, Family, Grant, NotDone, Order,
    Published, ReportOrder, Submission, Submitted,
};
#[cfg(feature = "faults")]
pub use faults::BadFaults;
pub use faults::{Faults, Point};
pub use handle::{Part, Product};
pub use lane::LaneThread;
pub use node::{Node, Switches, World};
