//! `gigafactory completions`: prints what a shell needs to complete this program's commands.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;
use super::exit::Exit;
use super::failure::Failure;

/// For which shell.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell.
    shell: Shell,
}

/// Prints the completions.
pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "gigafactory", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Exit::Done)
}
