//! The integration tests, in one binary.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod check;
mod crash;
#[cfg(unix)]
mod disk;
mod model;
#[cfg(tokio_unstable)]
mod sim;
mod stories;
mod support;
mod tidy;
mod transcripts;
