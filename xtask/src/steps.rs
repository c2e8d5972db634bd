//! The steps of `cargo xtask test`, in their order. The first one that fails is the last one that runs.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use crate::binaries::{self, Binaries};
use crate::prepare::prepare;
use crate::report::{Line, Outcome, close};
use crate::shell::{Call, is_installed};
use crate::snapshots;
use crate::tally::Tally;

/// Features that only tests are built with: fail points and deliberate bugs.
pub(crate) const FEATURES: &str = "faults,mutants";
/// Flags that only tests are built with: a runtime whose choices follow a seed.
pub(crate) const RUSTFLAGS: &str = "--cfg tokio_unstable";
const BUILT_FOR_TESTS: (&str, &str) = ("RUSTFLAGS", RUSTFLAGS);

/// What the steps hand on.
struct Run<'a> {
    root: &'a Path,
    tests: Tally,
    binaries: Option<Binaries>,
}

/// A step's name and what it does.
type Step = (&'static str, fn(&mut Run) -> Outcome);

const STEPS: [Step; 8] = [
    ("prepare", |run| prepare(run.root)),
    ("format", |run| Call::cargo(&["fmt", "--all", "--check"]).run(run.root).into()),
    ("lints", |run| lints(run.root).into()),
    ("programs", programs),
    ("tests", tests),
    ("doctests", |run| counted(run, &["test", "--workspace", "--doc", "--features", FEATURES])),
    ("snapshots", |run| snapshots::check(run.root).into()),
    ("policy", policy),
];

/// Runs every step and reports.
pub(crate) fn test(root: &Path) -> ExitCode {
    let mut run = Run { root, tests: Tally::default(), binaries: None };
    let mut lines = Vec::new();
    for (step, check) in STEPS {
        println!("\n== {step}");
        let began = Instant::now();
        let outcome = check(&mut run);
        if let Outcome::Skipped(why) | Outcome::Failed(why) = &outcome {
            println!("!! {step}: {why}");
        }
        let failed = matches!(outcome, Outcome::Failed(_));
        lines.push(Line { step, outcome, took: began.elapsed() });
        if failed {
            break;
        }
    }
    let not_run: Vec<_> = STEPS.iter().skip(lines.len()).map(|(step, _)| *step).collect();
    close(&lines, &not_run, run.tests)
}

/// The programs that tests start as they are shipped, and with fail points.
fn programs(run: &mut Run) -> Outcome {
    binaries::build(run.root).map(|built| run.binaries = Some(built)).into()
}

/// Everything as tests are built, then as it is shipped.
fn lints(root: &Path) -> Result<(), String> {
    let tested = ["clippy", "--workspace", "--all-targets", "--features", FEATURES, "--", "-D", "warnings"];
    for args in [&tested[..], &["clippy", "--workspace", "--", "-D", "warnings"]] {
        Call { program: "cargo", args, env: &[BUILT_FOR_TESTS] }.run(root)?;
    }
    Ok(())
}

/// Every test of the workspace. Cargo builds the binary that the integration tests start.
fn tests(run: &mut Run) -> Outcome {
    if is_installed("cargo-nextest") {
        return counted(run, &["nextest", "run", "--workspace", "--features", FEATURES]);
    }
    println!("!! cargo-nextest is not installed: cargo's own runner is used, slower and without time limits");
    counted(run, &["test", "--workspace", "--all-targets", "--no-fail-fast", "--features", FEATURES])
}

/// Runs tests and adds to the counts. Refuses a run in which there was none, but for doctests.
fn counted(run: &mut Run, args: &[&str]) -> Outcome {
    let recorded = match snapshots::record(run.root, args.contains(&"--doc")) {
        Ok(recorded) => recorded,
        Err(why) => return Outcome::Failed(why),
    };
    let mut env = vec![BUILT_FOR_TESTS, ("INSTA_UPDATE", "no"), ("INSTA_FORCE_PASS", "0")];
    env.push((snapshots::RECORD, recorded.as_str()));
    let programs = run.binaries.as_ref().map(Binaries::variables);
    env.extend(programs.iter().flatten().map(|(name, path)| (*name, path.as_str())));
    match (Call { program: "cargo", args, env: &env }).tee(run.root) {
        Ok((said, ended)) => {
            let tally = Tally::read(&said);
            run.tests = run.tests.plus(tally);
            match ended {
                Ok(()) if tally.passed == 0 && !args.contains(&"--doc") => Outcome::Failed("no test ran".into()),
                ended => ended.into(),
            }
        }
        Err(why) => Outcome::Failed(why),
    }
}

/// The dependency policy of `deny.toml`; advisories need the network and are no part of it.
fn policy(run: &mut Run) -> Outcome {
    if !is_installed("cargo-deny") {
        return Outcome::Skipped("cargo-deny is not installed; deny.toml was not checked".into());
    }
    Call::cargo(&["deny", "--offline", "check", "bans", "licenses", "sources"]).run(run.root).into()
}
