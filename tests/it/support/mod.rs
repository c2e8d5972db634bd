//! What the tests share: stories that read like a log, records shown in full, and jobs to begin with.

pub(crate) mod factory;
pub(crate) mod job;
pub(crate) mod log;
pub(crate) mod members;
pub(crate) mod order;
pub(crate) mod product;
pub(crate) mod record;
pub(crate) mod story;
