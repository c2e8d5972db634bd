//! Engines as data: which program, which arguments, how the instructions go in, how its output is read. The
//! instructions always travel by standard input, never in arguments. Starts no process itself.

pub mod block;
mod output;
mod seen;

use std::path::PathBuf;

pub use output::{Dialect, Signal};
pub use seen::Seen;

use crate::detect::on_path;

/// The engine of jobs that name none.
pub const DEFAULT: &str = "shell";

/// How an engine is to be started for one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// What it reads.
    pub stdin: String,
    /// How its output is read.
    pub dialect: Dialect,
}

/// Takes the engine for a job: the one that the grant names, else the first acceptable one that is here.
pub fn choose<'a>(granted: Option<&'a str>, wanted: &'a [String], have: &[String]) -> Option<&'a str> {
    let here = |name: &str| have.iter().any(|engine| engine == name);
    match granted {
        Some(name) => here(name).then_some(name),
        None if wanted.is_empty() => Some(DEFAULT),
        None => wanted.iter().map(String::as_str).find(|name| here(name)),
    }
}

/// Makes the plan for `engine`; `mock` is the command that plays scripts. Refuses engines that this agent does not know,
/// and prose: without a shell block the body is a script only where the job asks for the shell by name (`named`).
///
/// The persona goes before the instructions; a script has no use for one.
pub fn plan(engine: &str, named: bool, persona: Option<&str>, body: &str, mock: &[String]) -> Option<Plan> {
    match engine {
        "shell" => {
            let block = block::first(body, &["sh", "bash", "shell"]);
            block.or_else(|| named.then(|| body.to_owned())).map(|script| shell(&script))
        }
        "mock" => Some(Plan { command: mock.to_vec(), stdin: instructions(persona, body), dialect: Dialect::Mock }),
        _ => None,
    }
}

/// What an engine reads: who it is to be, an empty line, what it is to do.
fn instructions(persona: Option<&str>, body: &str) -> String {
    match persona {
        Some(persona) => format!("{}\n\n{body}", persona.trim_end()),
        None => body.to_owned(),
    }
}

/// A script for the shell, which stops at the first command that fails.
pub fn shell(script: &str) -> Plan {
    let bash: Option<PathBuf> = on_path("bash");
    let command: &[&str] = if bash.is_some() { &["bash", "-euo", "pipefail", "-s"] } else { &["sh", "-eu", "-s"] };
    let command = command.iter().map(|&word| word.to_owned()).collect();
    Plan { command, stdin: script.to_owned(), dialect: Dialect::Plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_acceptable_engine_that_is_here_is_taken() {
        let have = ["shell", "mock"].map(String::from);
        let wanted = ["claude", "mock", "shell"].map(String::from);
        assert_eq!(choose(None, &wanted, &have), Some("mock"));
        assert_eq!(choose(Some("shell"), &wanted, &have), Some("shell"));
        assert_eq!(choose(Some("claude"), &wanted, &have), None);
        assert_eq!(choose(None, &wanted[..1], &have), None);
        assert_eq!(choose(None, &[], &have), Some("shell"));
    }

    #[test]
    fn the_body_is_never_an_argument() {
        let body = "do the secret thing";
        for engine in ["shell", "mock"] {
            let plan = plan(engine, true, None, body, &["mock-engine".to_owned()]).unwrap();
            assert!(plan.stdin.contains(body));
            assert!(plan.command.iter().all(|word| !word.contains("secret")), "{engine}");
        }
        assert_eq!(plan("unheard-of", true, None, body, &[]), None);
    }

    #[test]
    fn the_persona_goes_before_the_instructions_but_into_no_script() {
        let mock = ["mock-engine".to_owned()];
        let read = |engine, persona| plan(engine, true, persona, "echo 1\n", &mock).unwrap().stdin;
        assert_eq!(read("mock", Some("You are careful.\n")), "You are careful.\n\necho 1\n");
        assert_eq!(read("mock", None), "echo 1\n");
        assert_eq!(read("shell", Some("You are careful.")), "echo 1\n");
    }

    #[test]
    fn a_shell_job_runs_its_first_block_or_all_of_its_body() {
        assert_eq!(plan("shell", false, None, "# T\n```sh\necho 1\n```\n", &[]).unwrap().stdin, "echo 1\n");
        assert_eq!(plan("shell", true, None, "echo 2", &[]).unwrap().stdin, "echo 2");
        assert_eq!(plan("shell", false, None, "Write a haiku", &[]), None, "prose is no script");
    }
}
