//! A product's budget. So far: the windows that a ceiling holds for, and the days that charges are counted by.

mod window;

pub use window::{Day, Window};
