//! `gigafactory factory`: runs the agent on this host, and, for the agent itself, the process of its scripted engine.
//! Only reads flags and environment; the work is `agent`'s.

use std::path::PathBuf;
use std::time::Duration;

use agent::{Finish, Secret, Summary};
use clap::Subcommand;
use domain::FactoryId;
use tokio::sync::watch;
use wire::Stage;

use super::connect::{Global, token};
use super::exit::{Exit, signalled};
use super::failure::Failure;
use super::out::note;
use crate::config::switch;
use crate::telemetry;

/// What is said where fleet mode is off.
const OFF: &str = "\
fleet mode is off, so no coordinator is asked for jobs. To switch it on, set
  AQ_FLEET=1
and, where the defaults do not fit,
  AQ_FLEET_API     the coordinator's address  [http://localhost:4003/api]
  AQ_PRODUCT_ID    the product to work for    [default]
  AQ_FLEET_TOKEN   this factory's token, where the coordinator asks for one
for example: AQ_FLEET=1 gigafactory factory";

/// How a factory is started.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = "Needs AQ_FLEET=1 in the environment.")]
pub(super) struct Args {
    #[command(subcommand)]
    inner: Option<Inner>,
    /// Takes at most one job and ends.
    #[arg(long)]
    once: bool,
    /// How many jobs it takes at a time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    seats: u32,
    /// Capabilities beside those that are detected, such as gpu,docs.
    #[arg(long, value_name = "A,B", env = "AQ_FLEET_CAPS", value_delimiter = ',')]
    caps: Vec<String>,
    /// Its name [default: the host's name and a short random part, which is kept].
    #[arg(long, value_name = "ID", env = "AQ_FACTORY_ID")]
    factory_id: Option<FactoryId>,
    /// Where it keeps repositories, runs and logs; one factory at a time [default: in the user's data directory].
    #[arg(long, value_name = "DIR")]
    workdir: Option<PathBuf>,
    /// The length of the leases it asks for, in seconds.
    #[arg(long, value_name = "SEC", default_value_t = 90, value_parser = clap::value_parser!(u32).range(10..=3_600))]
    lease_ttl: u32,
    /// The pause between saves of the work, in seconds.
    #[arg(long, value_name = "SEC", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    checkpoint_sec: u64,
    /// The longest pause between renewals, in seconds; never more than a third of a lease.
    #[arg(long, value_name = "SEC", env = "AQ_FLEET_LEASE_RENEW_SEC", default_value_t = 300)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3_600))]
    renew_sec: u64,
}

#[derive(Debug, Subcommand)]
enum Inner {
    /// Plays the script of a mock job; the agent starts it.
    #[command(hide = true)]
    MockEngine,
}

/// Runs the factory until a signal ends it, or its one job is done.
pub(super) fn run(args: Args, global: &Global) -> Result<Exit, Failure> {
    if let Some(Inner::MockEngine) = args.inner {
        std::process::exit(agent::mock::main_of_process());
    }
    let word = std::env::var("AQ_FLEET").unwrap_or_default();
    let on = !word.is_empty() && switch("AQ_FLEET", &word).map_err(|error| Failure::usage(error.to_string()))?;
    if !on {
        return Err(Failure::usage(OFF));
    }
    telemetry::init().map_err(|error| Failure::usage(error.to_string()))?;
    let once = args.once;
    let config = configured(args, global);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ended = runtime.block_on(async {
        let signal = signalled()?;
        let (stop, stopped) = watch::channel(false);
        let ending = tokio::spawn(async move {
            signal.await;
            stop.send_replace(true);
        });
        let ended = agent::run(config, stopped).await;
        ending.abort();
        Ok::<_, Failure>(ended)
    })?;
    match ended {
        Ok(summary) if once => Ok(outcome(&summary)),
        Ok(_) => Ok(Exit::Done),
        Err(error) => Err(refused(error)),
    }
}

fn configured(args: Args, global: &Global) -> agent::Config {
    let workdir = args.workdir.unwrap_or_else(agent::default_workdir);
    agent::Config {
        factory_id: args.factory_id,
        token: token().map(Secret::new),
        seats: args.seats,
        caps: args.caps.iter().map(|cap| cap.trim().to_owned()).filter(|cap| !cap.is_empty()).collect(),
        once: args.once,
        lease_ttl_sec: args.lease_ttl,
        heartbeat: Duration::from_secs(args.renew_sec.min(u64::from(args.lease_ttl / 3))),
        checkpoint: Duration::from_secs(args.checkpoint_sec),
        ..agent::Config::new(global.api.clone(), global.product.clone(), workdir)
    }
}

/// How the one job counts.
fn outcome(summary: &Summary) -> Exit {
    match &summary.last {
        None => {
            note("there was no job to take");
            Exit::Done
        }
        Some(Finish::Reported(Stage::Failed | Stage::DeadLetter | Stage::Queued)) => Exit::JobFailed,
        Some(Finish::Reported(_) | Finish::Released) => Exit::Done,
        Some(Finish::Aborted(_)) => Exit::Conflict,
        Some(Finish::Unreported(_)) => Exit::Failed,
    }
}

fn refused(error: agent::FactoryError) -> Failure {
    use agent::FactoryError as Why;
    let exit = match &error {
        Why::Taken(_) => Exit::Conflict,
        Why::Refused(_) => Exit::NoAccess,
        Why::Unreached => Exit::TimedOut,
        Why::Client(_) | Why::State { .. } => Exit::Failed,
    };
    Failure::said(exit, error.to_string())
}
