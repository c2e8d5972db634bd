//! `cargo xtask test`: everything that has to hold before a change lands, in one command.
//!
//! Owns the order of the steps and what the machine needs for them; tests themselves live beside what they test.

#![allow(clippy::print_stdout, reason = "this is a command line")]

mod binaries;
mod campaign;
mod prepare;
mod report;
mod shell;
mod snapshots;
mod steps;
mod tally;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The workspace's own tasks.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Checks formatting, lints, every test, snapshots and the dependency policy. Stops at the first failure.
    Test,
    /// Runs one rung of the ladder for minutes, and appends its figures to docs/campaigns.md.
    Campaign(campaign::Campaign),
}

fn main() -> ExitCode {
    match Cli::parse().task {
        Task::Test => steps::test(&root()),
        Task::Campaign(order) => campaign::campaign(&root(), &order),
    }
}

/// The workspace: the folder above this package.
fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    package.and_then(|package| package.parent().map(PathBuf::from)).unwrap_or_else(|| PathBuf::from("."))
}
