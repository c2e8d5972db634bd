//! Stories of a job. Every stage against every command is in `matrix`; the rest tell one thing each.

mod diagram;
mod ends;
mod every;
mod fencing;
mod limits;
mod matrix;
mod operate;
mod preempts;
mod retries;
mod review;
mod starts;
mod waits;
