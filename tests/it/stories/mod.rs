//! Stories of the pure core: no actor, no store, no clock.

mod dispatch;
mod factory;
mod job;
mod product;
