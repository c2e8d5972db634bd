//! Holds what clients were told, the event log and the records of a coordinator against what must always be true.
//!
//! Shares no code with the coordinator: it knows the contract as clients know it, and nothing of how it is kept.

mod evidence;
mod recorder;

pub use evidence::{Event, Line, Mark, Moment, Op, Record};
pub use recorder::{Call, Open, Recorder};
