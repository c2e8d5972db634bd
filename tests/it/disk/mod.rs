//! The real store over a disk that loses its power, and over one that fails: what was acknowledged is there, what was
//! refused is not.

mod failing;
mod history;
mod house;
mod oracle;
mod power;
mod scratch;
mod witness;
