//! What an operator orders of jobs: of those that are named one after the other, of those that flags select all at once.
//! A refused one does not keep the others from their turn.

pub(super) mod answer;
pub(super) mod approve;
mod bulk;
pub(super) mod cancel;
pub(super) mod reject;
pub(super) mod requeue;
pub(super) mod ship;

use std::future::Future;

use wire::actions::Said;
use wire::{Client, ClientError, Job};

use super::connect::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::find;
use super::out::clean;
use super::select::Selection;

/// Which jobs, and how the answer is printed.
#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// The jobs: ids, or unique beginnings of ids.
    #[arg(value_name = "JOB", required = true)]
    jobs: Vec<String>,
    /// Prints ids only.
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
}

/// Which jobs, named or selected, and how the answer is printed.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The jobs: ids, or unique beginnings of ids.
    #[arg(value_name = "JOB", required_unless_present = "Selection", conflicts_with = "Selection")]
    jobs: Vec<String>,
    #[command(flatten, next_help_heading = "Instead of JOB")]
    selection: Selection,
    /// Only says how many jobs are meant, and which of them would refuse.
    #[arg(long, help_heading = "Options")]
    dry_run: bool,
    /// Prints ids only.
    #[arg(short, long, help_heading = "Options", conflicts_with_all = ["json", "Selection", "dry_run"])]
    quiet: bool,
}

/// An order to a job.
pub(super) trait Act {
    /// The jobs that are named, and whether ids only are printed.
    fn named(&self) -> (&[String], bool);
    /// Gives the order.
    fn act(&self, client: &Client, id: &str) -> impl Future<Output = Result<Job, ClientError>>;
}

/// An order that can be given to many jobs at once.
pub(super) trait ActOnMany: Act {
    /// The jobs that are meant.
    fn which(&self) -> &Which;
    /// The order.
    fn said(&self) -> Said;
}

/// Gives the order to every job: one after the other where they are named, otherwise all at once.
pub(super) async fn run_many(desk: Desk, order: impl ActOnMany) -> Result<Exit, Failure> {
    let which = order.which();
    if which.jobs.is_empty() || which.dry_run {
        bulk::run(&desk, which, order.said()).await
    } else {
        run(desk, order).await
    }
}

/// Gives the order to every job that is named. Ends with the first refusal's exit code, if there is one.
pub(super) async fn run(desk: Desk, order: impl Act) -> Result<Exit, Failure> {
    let mut end = Exit::Done;
    let (jobs, quiet) = order.named();
    for name in jobs {
        let done = match find::job(&desk.client, name).await {
            Ok(id) => order.act(&desk.client, &id).await.map_err(Failure::from),
            Err(failure) => Err(failure),
        };
        match done {
            Ok(job) if desk.out.json => desk.out.record(&job)?,
            Ok(job) if quiet => desk.out.line(&job.id)?,
            Ok(job) => {
                let again = if job.repeated == Some(true) { " (was so already)" } else { "" };
                desk.out.line(&format!("{}  {}{again}  {}", job.id, job.stage.as_str(), clean(&job.title)))?;
            }
            Err(failure) => {
                failure.tell(desk.out.json);
                end = if end == Exit::Done { failure.exit() } else { end };
            }
        }
    }
    if end == Exit::Done { Ok(end) } else { Err(Failure::Told(end)) }
}
