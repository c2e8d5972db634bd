//! What holds for every sequence of orders, claims and numbers, not only for those that someone thought of.

mod boards;
mod budget;
mod calendar;
mod funds;
mod jobs;
#[cfg(feature = "mutants")]
mod mutants;
mod orders;
mod preemption;
mod profiles;
mod rival;
mod shapes;
mod values;
mod waiters;
