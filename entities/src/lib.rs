//! The tables as SeaORM sees them, one file a table. No logic.

pub mod event;
pub mod factory;
pub mod job;
pub mod job_spec;
pub mod product;
pub mod profile;
pub mod receipt;
pub mod run;
