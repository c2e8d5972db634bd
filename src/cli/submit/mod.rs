//! `gigafactory submit`: turns markdown files into jobs. Submits none of them if one is refused before anything is sent.

mod dry_run;
mod file;

use futures::future::join_all;
use tokio::time::{Duration, Instant};
use wire::{Job, Outcome, Submitted};

use super::connect::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::out::{clean, note};
use super::wait;
use file::File;

/// What to submit.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Markdown files with or without front matter; `-` reads one from the standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// Follows the jobs until they have ended or wait for review, and ends with their outcome.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
    /// How long to wait, in seconds.
    #[arg(long, value_name = "SEC", requires = "wait")]
    timeout: Option<u64>,
    /// Only says what would become of them, and which factories could run them.
    #[arg(long)]
    dry_run: bool,
    /// Prints ids only.
    #[arg(short, long, conflicts_with_all = ["json", "dry_run"])]
    quiet: bool,
}

/// Submits the files.
pub(super) async fn run(desk: Desk, args: Args) -> Result<Exit, Failure> {
    let files = read(&args.files, desk.out.json)?;
    if args.dry_run {
        return dry_run::run(&desk, &files).await;
    }
    let mut jobs = Vec::new();
    for file in &files {
        let submitted = desk.client.submit_markdown(&file.text).await.map_err(|error| file.refused(error))?;
        warn(file, &submitted.warnings);
        if !args.wait {
            print(&desk, &args, &submitted)?;
        }
        jobs.push(submitted.job);
    }
    if args.wait { follow(&desk, &args, jobs).await } else { Ok(Exit::Done) }
}

/// Reads every file, and says of each what is wrong with it.
fn read(names: &[String], as_json: bool) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    let mut end = None;
    for name in names {
        match File::read(name) {
            Ok(file) => files.push(file),
            Err(failure) => {
                failure.tell(as_json);
                end.get_or_insert(failure.exit());
            }
        }
    }
    end.map_or(Ok(files), |exit| Err(Failure::Told(exit)))
}

fn warn(file: &File, warnings: &[String]) {
    for warning in warnings {
        note(&format!("{}: warning: {}", file.name, clean(warning)));
    }
}

fn print(desk: &Desk, args: &Args, submitted: &Submitted) -> std::io::Result<()> {
    let Submitted { job, outcome, .. } = submitted;
    if desk.out.json {
        return desk.out.record(submitted);
    }
    if args.quiet {
        return desk.out.line(&job.id);
    }
    let outcome = match outcome {
        Outcome::Created => "created",
        Outcome::Duplicate => "duplicate",
    };
    desk.out.line(&format!("{}  {outcome}  {}  {}", job.id, job.stage.as_str(), clean(&job.title)))
}

/// Waits for all of them. Ends like the first of them that did not end well.
async fn follow(desk: &Desk, args: &Args, jobs: Vec<Job>) -> Result<Exit, Failure> {
    let until = args.timeout.map(|secs| Instant::now() + Duration::from_secs(secs));
    let ends = join_all(jobs.into_iter().map(|job| wait::rest(&desk.client, job, until))).await;
    let mut end = Exit::Done;
    for ended in ends {
        let exit = match ended {
            Ok(job) if desk.out.json => desk.out.record(&job).map(|()| wait::outcome(&job))?,
            Ok(job) if args.quiet => desk.out.line(&job.id).map(|()| wait::outcome(&job))?,
            Ok(job) => {
                desk.out.line(&format!("{}  {}  {}", job.id, job.stage.as_str(), clean(&job.title)))?;
                wait::outcome(&job)
            }
            Err(failure) => {
                failure.tell(desk.out.json);
                failure.exit()
            }
        };
        end = if end == Exit::Done { exit } else { end };
    }
    if end == Exit::Done { Ok(end) } else { Err(Failure::Told(end)) }
}
