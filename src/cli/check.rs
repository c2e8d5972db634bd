//! `gigafactory check`: holds histories, an event log and records against what must always be true. Reads files, or the
//! data directory of a coordinator that is not running; changes nothing.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};

use checker::data::{DataError, Directory};
use checker::{Checker, Verdict};
use tokio::sync::oneshot;

use super::connect::Global;
use super::exit::Exit;
use super::failure::Failure;
use super::out::{Out, clean, note, table};

/// Lines after which a person is told how far it is.
const STEP: u64 = 250_000;

/// What to check.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Files hold one JSON document a line; docs/checker.md has their formats and every rule.
Ends with 0 if no rule is broken, 1 if one is, 3 where a file is missing, 4 if a coordinator serves the directory.")]
pub(super) struct Args {
    /// A history of requests with their answers. May be given more than once.
    #[arg(long, value_name = "FILE")]
    history: Vec<PathBuf>,
    /// The event log, as `GET /api/fleet/events` shows it, each event with its product.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// The records at the end, as the interface shows them, each with its product.
    #[arg(long, value_name = "FILE")]
    dump: Option<PathBuf>,
    /// The data directory of a stopped coordinator, in place of `--events` and `--dump`.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["events", "dump"])]
    data: Option<PathBuf>,
    /// The history has every request since the beginning: what nobody asked for is a violation.
    #[arg(long, requires = "history")]
    complete: bool,
}

/// Checks, and says what it comes to.
pub(super) async fn run(args: Args, global: &Global) -> Result<Exit, Failure> {
    if args.history.is_empty() && args.events.is_none() && args.dump.is_none() && args.data.is_none() {
        return Err(Failure::usage("nothing to check: give --data, or --history, --events and --dump"));
    }
    let mut directory = match &args.data {
        Some(dir) => Some(Directory::open(dir).await.map_err(refused)?),
        None => None,
    };
    let examine = async {
        match &mut directory {
            Some(directory) => directory.examine().await,
            None => Ok(()),
        }
    };
    let (checker, examined) = tokio::join!(aside(move || texts(&args)), examine);
    let mut checker = checker??;
    examined.map_err(refused)?;
    if let Some(directory) = directory {
        directory.read(&mut checker).await.map_err(refused)?;
    }
    let verdict = aside(move || checker.verdict()).await?;
    show(Out::new(global.json), &verdict)?;
    if verdict.is_good() { Ok(Exit::Done) } else { Err(Failure::Told(Exit::Failed)) }
}

/// Does long work on a thread of its own, so that a signal is heard meanwhile: the program ends without waiting for it.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let (port, done) = oneshot::channel();
    // Nobody waits for what is done after an interruption.
    std::thread::Builder::new().spawn(move || drop(port.send(work())))?;
    done.await.map_err(|_| Failure::said(Exit::Failed, "the check has failed by itself"))
}

/// A checker that was fed with the files.
fn texts(args: &Args) -> Result<Checker, Failure> {
    let mut checker = Checker::default();
    if args.complete {
        checker = checker.complete();
    }
    for file in &args.history {
        lines(file, |line| checker.line_text(line))?;
    }
    if let Some(file) = &args.events {
        lines(file, |line| checker.event_text(line))?;
    }
    if let Some(file) = &args.dump {
        lines(file, |line| checker.record_text(line))?;
    }
    Ok(checker)
}

/// Feeds every line of a file. Refuses the first one that cannot be read, with its number.
fn lines(file: &Path, mut feed: impl FnMut(&str) -> Result<(), serde_json::Error>) -> Result<(), Failure> {
    let name = file.display();
    let unread = |error: io::Error| {
        let exit = if error.kind() == ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
        Failure::said(exit, format!("{name}: {error}"))
    };
    let mut reader = BufReader::with_capacity(1 << 20, File::open(file).map_err(unread)?);
    let (mut line, mut number) = (String::new(), 0);
    let watched = io::stderr().is_terminal();
    loop {
        line.clear();
        if reader.read_line(&mut line).map_err(unread)? == 0 {
            return Ok(());
        }
        number += 1;
        if watched && number % STEP == 0 {
            note(&format!("{name}: {number} lines"));
        }
        if !line.trim().is_empty() {
            feed(&line).map_err(|error| Failure::said(Exit::Failed, format!("{name}:{number}: {error}")))?;
        }
    }
}

fn refused(error: DataError) -> Failure {
    let exit = match error {
        DataError::Served(_) => Exit::Conflict,
        DataError::Missing(_) => Exit::NotFound,
        DataError::Io(_) | DataError::Copy(_) | DataError::Database(_) => Exit::Failed,
    };
    Failure::said(exit, error.to_string())
}

fn show(out: Out, verdict: &Verdict) -> Result<(), Failure> {
    if out.json {
        return Ok(out.record(verdict)?);
    }
    for violation in &verdict.violations {
        out.line(&clean(&violation.to_string()))?;
    }
    for (rule, times) in &verdict.broken {
        note(&format!("{rule} is broken {times} times"));
    }
    let counts = verdict.counts;
    let mut rows = table(&[]);
    rows.add_rows(
        [
            ("requests", counts.ops),
            ("acknowledged changes", counts.acknowledged),
            ("refused", counts.refused),
            ("not done", counts.not_done),
            ("outcome unknown", counts.unknown),
            ("events", counts.events),
            ("changes of jobs", counts.changes),
            ("jobs", counts.jobs),
            ("leases granted", counts.grants),
            ("leases expired", counts.expiries),
            ("records", counts.records),
            ("situations seen", verdict.seen.len() as u64),
            ("violations", verdict.broken.values().sum()),
        ]
        .map(|(name, count)| [name.to_owned(), count.to_string()]),
    );
    Ok(out.table(rows)?)
}
