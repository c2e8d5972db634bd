//! Holds what clients were told, the event log and the records of a coordinator against what must always be true.
//!
//! Shares no code with the coordinator: it knows the contract as clients know it, and nothing of how it is kept.

mod case;
mod checker;
pub mod data;
mod deed;
mod evidence;
mod fact;
mod findings;
mod names;
mod order;
mod recorder;
mod rules;
mod shown;
mod text;
mod time;
mod track;
mod verdict;
mod words;

pub use checker::Checker;
pub use evidence::{Event, Line, Mark, Moment, Op, Record};
pub use recorder::{Call, Open, Recorder};
pub use verdict::{Counts, RULES, SEEN, Verdict, Violation};
