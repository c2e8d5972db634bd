//! The composition root and its edges.

pub mod cli;
pub mod config;
pub mod http;
pub mod store;
pub mod telemetry;
