//! `gigafactory submit`: turns markdown files into jobs. Submits none of them if one is refused before
//! anything is sent.

mod batches;
mod directory;
mod dry_run;
mod file;

use std::path::Path;

use futures::future::join_all;
use tokio::time::{Duration, Instant};
use wire::{BatchRequest, ClientError, Job, Outcome, Problem, Submitted};

use super::connect::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::out::{clean, note};
use super::wait;
use batches::{Batches, Next};
use directory::Entry;
use file::File;

/// What to submit.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Markdown files with or without front matter; `-` reads one from the standard input. Of a directory every file that
    /// ends in .md; their `deps` may name each other, by file name without ending or by idempotency key.
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

/// What an argument names.
enum Source {
    File(Box<File>),
    Directory(Vec<Entry>),
}

/// Submits the files.
pub(super) async fn run(desk: Desk, args: Args) -> Result<Exit, Failure> {
    let sources = read(&args.files, desk.out.json)?;
    let (mut jobs, mut end) = (Vec::new(), Exit::Done);
    for source in sources {
        match source {
            Source::File(file) if args.dry_run => dry_run::file(&desk, &file).await?,
            Source::Directory(entries) if args.dry_run => dry_run::directory(&desk, &entries).await?,
            Source::File(file) => {
                let submitted = desk.client.submit_markdown(&file.text).await.map_err(|error| file.refused(error))?;
                made(&desk, &args, &file, submitted, &mut jobs)?;
            }
            Source::Directory(entries) => {
                let exit = send(&desk, &args, Batches::new(entries), &mut jobs).await?;
                end = if end == Exit::Done { exit } else { end };
            }
        }
    }
    if args.wait {
        let waited = follow(&desk, &args, jobs).await?;
        end = if end == Exit::Done { waited } else { end };
    }
    if end == Exit::Done { Ok(end) } else { Err(Failure::Told(end)) }
}

/// Reads every file, and says of each what is wrong with it.
fn read(names: &[String], as_json: bool) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    let mut end = None;
    for name in names {
        let source = if Path::new(name).is_dir() {
            directory::read(name).map(Source::Directory)
        } else {
            File::read(name).map(|file| Source::File(Box::new(file))).map_err(|failure| vec![failure])
        };
        match source {
            Ok(source) => sources.push(source),
            Err(failures) => failures.iter().for_each(|failure| {
                failure.tell(as_json);
                end.get_or_insert(failure.exit());
            }),
        }
    }
    end.map_or(Ok(sources), |exit| Err(Failure::Told(exit)))
}

/// Sends a directory, batch after batch. Ends with the first refusal's exit code, if there is one.
async fn send(desk: &Desk, args: &Args, mut batches: Batches, jobs: &mut Vec<Job>) -> Result<Exit, Failure> {
    let mut end = Exit::Done;
    let mut tell = |file: &File, problem: Problem| {
        let failure = directory::refused(file, problem);
        failure.tell(desk.out.json);
        end = if end == Exit::Done { failure.exit() } else { end };
    };
    loop {
        let Next { batch, refused } = batches.next();
        if batch.is_empty() && refused.is_empty() {
            return Ok(end);
        }
        refused.into_iter().for_each(|(entry, problem)| tell(&entry.file, problem));
        if batch.is_empty() {
            continue;
        }
        let request = BatchRequest { jobs: batch.iter().map(|entry| entry.request.clone()).collect() };
        let results = desk.client.batch(&request).await?.results;
        for (entry, result) in batch.into_iter().zip(results) {
            batches.settle(entry.name(), result.job.as_ref().map(|job| job.id.as_str()));
            let Entry { file, .. } = entry;
            match (result.job, result.outcome, result.problem) {
                (Some(job), Some(outcome), _) => {
                    let warnings = file.manifest.warnings.iter().cloned().chain(result.warnings).collect();
                    made(desk, args, &file, Submitted { job, outcome, warnings }, jobs)?;
                }
                (_, _, Some(problem)) => tell(&file, problem),
                (_, _, None) => return Err(ClientError::Protocol("an entry was not answered".to_owned()).into()),
            }
        }
    }
}

/// Says which job a file has become.
fn made(desk: &Desk, args: &Args, file: &File, submitted: Submitted, jobs: &mut Vec<Job>) -> std::io::Result<()> {
    warn(file, &submitted.warnings);
    if !args.wait {
        print(desk, args, &submitted)?;
    }
    jobs.push(submitted.job);
    Ok(())
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
    Ok(end)
}
