//! The checker against histories that are written by hand: a good one, and for every rule one that breaks it.

mod book;
mod families;
mod good;
mod plants;
mod records;
mod rules;
