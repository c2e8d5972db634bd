//! What came of the steps: a table at the end, with the runner's closing line last.

use std::process::ExitCode;
use std::time::Duration;

use crate::tally::Tally;

/// What came of a step.
pub(crate) enum Outcome {
    /// It holds.
    Passed,
    /// It could not be looked at here, and why.
    Skipped(String),
    /// It does not hold, and why.
    Failed(String),
}

impl From<Result<(), String>> for Outcome {
    fn from(result: Result<(), String>) -> Self {
        match result {
            Ok(()) => Self::Passed,
            Err(why) => Self::Failed(why),
        }
    }
}

/// One line of the table.
pub(crate) struct Line {
    pub(crate) step: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

/// Prints the table, the steps that were not reached, and the counts of tests; says how to exit.
pub(crate) fn close(lines: &[Line], not_run: &[&str], tests: Tally) -> ExitCode {
    println!("\n{:<12} {:>8}  outcome", "step", "seconds");
    let mut failed = false;
    for Line { step, outcome, took } in lines {
        let words = match outcome {
            Outcome::Passed => "ok".to_owned(),
            Outcome::Skipped(why) => format!("SKIPPED: {why}"),
            Outcome::Failed(why) => {
                failed = true;
                format!("FAILED: {why}")
            }
        };
        println!("{step:<12} {:>8.1}  {words}", took.as_secs_f64());
    }
    for step in not_run {
        println!("{step:<12} {:>8}  not run", "-");
    }
    println!("\n{}", tests.line());
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
