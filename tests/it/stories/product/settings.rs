//! The gate of a product.

use domain::product::{Command, Settings};

use crate::support::job::product;
use crate::support::story::story;

#[test]
fn pause_resume_and_estop() {
    story("product", "pause_resume_estop", Settings::new(product()))
        .at(0)
        .repeats(Command::Resume)
        .does(Command::Pause)
        .repeats(Command::Pause)
        .does(Command::Estop)
        .does(Command::Estop)
        .does(Command::Resume)
        .does(Command::Estop)
        .snap();
}
