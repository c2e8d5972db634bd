//! The integration tests, in one binary.

mod stories;
mod support;
mod tidy;
