//! Stories of the dispatcher's board: who gets which job, and when.

mod bench;
mod picks;
mod waits;
