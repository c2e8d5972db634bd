//! `gigafactory up`: a coordinator on an embedded database. Store and node live on a lane of their own, HTTP beside
//! them; the signals that end it all are handled here.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actors::clock::{SystemClock, TimeIds};
use actors::{Faults, LaneThread, Limits, Node, Switches, World};
use tokio::time::{Instant, sleep, timeout};

use super::exit::{Exit, signalled};
use super::failure::Failure;
use super::out::Out;
use crate::config::{self, Config, Given};
use crate::http::{self, Edge, Listen};
use crate::store::{OpenError, SqliteStore};
use crate::telemetry;

/// How long the store may take to let go of its directory.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// How a coordinator is started.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each value is taken from its flag, else the environment (GIGAFACTORY_LISTEN, GIGAFACTORY_DATA), else the file
gigafactory.toml in the working directory, else the default. Logs: GIGAFACTORY_LOG, GIGAFACTORY_LOG_FORMAT=json.")]
pub(super) struct Args {
    /// Where to listen; only loopback addresses [default: 127.0.0.1:4003].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where to keep the state [default: gigafactory in the user's data directory].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Threads that serve HTTP [default: 1].
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
}

/// What lives on the lane.
struct Home {
    node: Node,
    store: Arc<SqliteStore>,
}

/// Why nothing could be started on the lane.
enum NoHome {
    Open(OpenError),
    Start(actors::store::Why),
}

/// Serves until a signal ends it.
pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let given = Given { listen: args.listen, data: args.data, workers: args.workers };
    let config = configured(given)?;
    telemetry::init().map_err(|error| Failure::usage(error.to_string()))?;
    // The first call makes it the place where everything is counted.
    telemetry::prometheus();
    actix_web::rt::System::new().block_on(serve(config))
}

/// Settles the configuration of this process.
pub(super) fn configured(given: Given) -> Result<Config, Failure> {
    let file = match std::fs::read_to_string(config::FILE) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(Failure::usage(format!("{}: {error}", config::FILE))),
    };
    let config = Config::resolve(given, |name| std::env::var(name).ok(), file.as_deref());
    let config = config.map_err(|error| Failure::usage(error.to_string()))?;
    // So that messages name it as it is, wherever they are read.
    Ok(Config { data: std::path::absolute(&config.data)?, ..config })
}

async fn serve(config: Config) -> Result<Exit, Failure> {
    if !config.listen.ip().is_loopback() {
        return Err(Failure::usage(http::CannotListen::Reachable(config.listen).to_string()));
    }
    let signal = signalled()?;
    let (data, faults, switches) = (config.data.clone(), config.faults.clone(), config.switches);
    let (lane, home) = LaneThread::start("lane-0", move || settle(data, faults, switches)).await?;
    let Home { node, store } = home.map_err(|why| refused(&config, why))?;
    let listen = Listen { workers: config.workers, ..Listen::on(config.listen) };
    let served = async {
        let serving = http::bind(Edge::new(node.clone(), env!("CARGO_PKG_VERSION")), &listen);
        let serving = serving.map_err(|error| Failure::said(Exit::Failed, error.to_string()))?;
        Out::new(false).line(&format!("listening on http://{}", serving.address))?;
        let (address, data, on) = (serving.address, config.data.display(), config.switches);
        tracing::info!(%address, %data, preemption = on.preemption, shadow = on.shadow, "the coordinator serves");
        let mut asked = false;
        let stop = async {
            tokio::select! {
                () = signal => asked = true,
                () = node.ended() => {}
            }
        };
        serving.until(stop).await?;
        Ok(asked)
    };
    let served: Result<bool, Failure> = served.await;
    // Does nothing where the server has done it already.
    node.stop().await;
    drop(node);
    close(store).await;
    drop(lane);
    match served? {
        true => Ok(Exit::Done),
        false => Err(Failure::said(Exit::Failed, "the coordinator ended by itself")),
    }
}

/// Opens the store and starts the node on the lane that this runs on.
async fn settle(data: PathBuf, faults: Faults, switches: Switches) -> Result<Home, NoHome> {
    let store = Arc::new(SqliteStore::open_with(&data, faults).await.map_err(NoHome::Open)?);
    let (clock, ids) = (Arc::new(SystemClock::default()), Arc::new(TimeIds));
    let world = World { store: store.clone(), clock, ids, switches };
    let node = Node::start(world, Limits::default()).await.map_err(NoHome::Start)?;
    Ok(Home { node, store })
}

/// Closes the store once nobody else has it; otherwise the end of the process does.
async fn close(mut store: Arc<SqliteStore>) {
    let until = Instant::now() + CLOSE_WITHIN;
    while Instant::now() < until {
        match Arc::try_unwrap(store) {
            Ok(store) => {
                if timeout(CLOSE_WITHIN, store.close()).await.is_err() {
                    tracing::warn!("the database was not closed in time; the next start tidies it up");
                }
                return;
            }
            Err(shared) => store = shared,
        }
        sleep(Duration::from_millis(5)).await;
    }
    tracing::warn!("the database is still in use; the next start tidies it up");
}

fn refused(config: &Config, why: NoHome) -> Failure {
    let data = config.data.display();
    match why {
        NoHome::Open(error @ OpenError::Served(_)) => {
            Failure::said(Exit::Conflict, format!("{error}: stop it, or name another directory with --data"))
        }
        NoHome::Open(error) => Failure::said(Exit::Failed, with_causes(&error)),
        NoHome::Start(why) => Failure::said(Exit::Failed, format!("{data}: {why}")),
    }
}

/// An error with what lies beneath it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
