//! The pure core of Gigafactory: what may be decided, and what follows from it.
//!
//! Every aggregate is a value, its commands, its events and two total functions: `decide` may say no and
//! changes nothing, `apply` cannot fail. There is no clock, no randomness, no I/O and no runtime in here:
//! whoever calls hands in the time and the ids.

pub mod budget;
pub mod dispatch;
pub mod event;
pub mod factory;
pub mod ids;
pub mod job;
pub mod money;
pub mod mutant;
pub mod product;
pub mod profile;
pub mod time;

pub use event::{By, Event};
pub use ids::{Epoch, FactoryId, JobId, ProductId, ProfileName, RunId};
pub use money::Usd;
pub use time::Timestamp;
