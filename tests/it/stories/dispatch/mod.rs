//! Stories of the dispatcher's board: who gets which job, and when.

mod bench;
mod evicts;
mod picks;
mod reasons;
mod scores;
mod waits;
