//! What an operator orders of jobs, one job after the other. A refused one does not keep the others from their turn.

pub(super) mod answer;
pub(super) mod approve;
pub(super) mod cancel;
pub(super) mod reject;
pub(super) mod requeue;
pub(super) mod ship;

use std::future::Future;

use wire::{Client, ClientError, Job};

use super::connect::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::find;
use super::out::clean;

/// Which jobs, and how the answer is printed.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The jobs: ids, or unique beginnings of ids.
    #[arg(value_name = "JOB", required = true)]
    jobs: Vec<String>,
    /// Prints ids only.
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
}

/// An order to a job.
pub(super) trait Act {
    /// The jobs that are meant.
    fn which(&self) -> &Which;
    /// Gives the order.
    fn act(&self, client: &Client, id: &str) -> impl Future<Output = Result<Job, ClientError>>;
}

/// Gives the order to every job. Ends with the first refusal's exit code, if there is one.
pub(super) async fn run(desk: Desk, order: impl Act) -> Result<Exit, Failure> {
    let mut end = Exit::Done;
    let Which { jobs, quiet } = order.which();
    for name in jobs {
        let done = match find::job(&desk.client, name).await {
            Ok(id) => order.act(&desk.client, &id).await.map_err(Failure::from),
            Err(failure) => Err(failure),
        };
        match done {
            Ok(job) if desk.out.json => desk.out.record(&job)?,
            Ok(job) if *quiet => desk.out.line(&job.id)?,
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
