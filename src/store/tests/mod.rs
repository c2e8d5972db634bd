//! The store against real files, and against the store in memory that says what is right.

mod commits;
mod files;
mod plans;
mod same;
pub(super) mod support;
