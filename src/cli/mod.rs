//! The command line: what can be asked for, and how each request ends. Data goes to the standard output, everything
//! else to the standard error stream; a verb has a file of its own, and none decides anything about jobs.

mod act;
mod check;
mod completions;
mod connect;
mod demo;
mod doctor;
mod exit;
mod explain;
mod factories;
mod factory;
mod failure;
mod find;
mod jobs;
mod openapi;
mod out;
mod product;
mod profiles;
mod raw;
mod settings;
mod show;
mod submit;
mod up;
mod wait;
mod weights;

use std::future::Future;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use connect::{Desk, Global};
use exit::Exit;
use failure::Failure;

/// Turns markdown tasks into durable jobs and gets each done by a factory.
#[derive(Debug, Parser)]
#[command(name = "gigafactory", version, after_help = exit::HELP, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Starts a coordinator on an embedded database.
    Up(up::Args),
    /// Runs a factory: takes jobs from a coordinator and does them on this host.
    Factory(factory::Args),
    /// Submits markdown files as jobs.
    Submit(submit::Args),
    /// Lists jobs, the newest first.
    Jobs(jobs::Args),
    /// Shows a job with its lease, its runs and its events.
    Show(show::Args),
    /// Says why a job waits, or how it was placed.
    Explain(explain::Args),
    /// Puts jobs back into the queue.
    Requeue(act::requeue::Args),
    /// Refuses delivered work, with a note for the next run.
    Reject(act::reject::Args),
    /// Ends jobs.
    Cancel(act::cancel::Args),
    /// Ships delivered work.
    Ship(act::ship::Args),
    /// Approves jobs.
    Approve(act::approve::Args),
    /// Answers the question that a job is blocked on.
    Answer(act::answer::Args),
    /// Lists factories, drains or resumes one.
    Factories(factories::Args),
    /// Hands out no more jobs; running ones go on.
    Pause,
    /// Hands out jobs again.
    Resume,
    /// Hands out no more jobs and takes back every lease.
    Estop,
    /// Lists profiles, shows what one says, publishes a new version.
    Profiles(profiles::Args),
    /// Shows what is chosen for the product, or changes it: limits, estimates, defaults, what is recorded.
    Settings(settings::Args),
    /// Shows what the terms of the score weigh in the product, or changes it.
    Weights(weights::Args),
    /// Shows all of it at work: a coordinator, factories, a dozen jobs, a lost machine.
    Demo(demo::Args),
    /// Checks whether this host has what is needed.
    Doctor(doctor::Args),
    /// Holds a data directory, or a recorded history, against what must always be true.
    Check(check::Args),
    /// Prints the OpenAPI document of the REST interface.
    Openapi,
    /// Prints completions for a shell.
    Completions(completions::Args),
}

/// Runs the program and gives its exit code.
pub fn main() -> ExitCode {
    let Cli { global, verb } = Cli::parse();
    let json = global.json;
    connect::install_tls();
    match run(global, verb) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.tell(json);
            failure.exit().into()
        }
    }
}

fn run(global: Global, verb: Verb) -> Result<Exit, Failure> {
    match verb {
        Verb::Up(args) => up::run(args),
        Verb::Factory(args) => factory::run(args, &global),
        Verb::Demo(args) => demo::run(&args, &global),
        Verb::Doctor(args) => asked(doctor::run(args, &global)),
        Verb::Check(args) => asked(check::run(args, &global)),
        Verb::Openapi => openapi::run(),
        Verb::Completions(args) => completions::run(&args),
        Verb::Submit(args) => asked(submit::run(Desk::open(&global)?, args)),
        Verb::Jobs(args) => asked(jobs::run(Desk::open(&global)?, args)),
        Verb::Show(args) => asked(show::run(Desk::open(&global)?, args)),
        Verb::Explain(args) => asked(explain::run(Desk::open(&global)?, args)),
        Verb::Requeue(args) => asked(act::run(Desk::open(&global)?, args)),
        Verb::Reject(args) => asked(act::run(Desk::open(&global)?, args)),
        Verb::Cancel(args) => asked(act::run(Desk::open(&global)?, args)),
        Verb::Ship(args) => asked(act::run(Desk::open(&global)?, args)),
        Verb::Approve(args) => asked(act::run(Desk::open(&global)?, args)),
        Verb::Answer(args) => asked(act::run(Desk::open(&global)?, args)),
        Verb::Factories(args) => asked(factories::run(Desk::open(&global)?, args)),
        Verb::Profiles(args) => asked(profiles::run(Desk::open(&global)?, args)),
        Verb::Settings(args) => asked(settings::run(Desk::open(&global)?, args)),
        Verb::Weights(args) => asked(weights::run(Desk::open(&global)?, args)),
        Verb::Pause => asked(product::run(Desk::open(&global)?, product::Order::Pause)),
        Verb::Resume => asked(product::run(Desk::open(&global)?, product::Order::Resume)),
        Verb::Estop => asked(product::run(Desk::open(&global)?, product::Order::Estop)),
    }
}

/// Carries a question to its end, or to the signal that interrupts it.
fn asked(question: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let signal = exit::signalled()?;
        tokio::select! {
            biased;
            () = signal => Err(Failure::Interrupted),
            end = question => end,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_exit_code_stands_in_the_help() {
        let help = Cli::command().render_help().to_string();
        for exit in Exit::ALL {
            let line = format!("  {:<3}", exit.code());
            assert!(help.contains(&line), "{line:?} is missing in\n{help}");
        }
    }

    #[test]
    fn there_is_no_flag_for_the_token() {
        let command = Cli::command();
        let flags = command.get_arguments().chain(command.get_subcommands().flat_map(|verb| verb.get_arguments()));
        assert!(!flags.into_iter().any(|flag| flag.get_id().as_str().contains("token")));
    }
}
