//! The factory as a whole: one per state directory, its heart, its claims, its runs, its end. Losing the coordinator
//! never ends it; only a refusal that will not change does.

mod claims;
mod heart;
mod seats;

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;
use wire::Client;

use crate::config::{Config, Secret};
use crate::detect;
use crate::fleet::Fleet;
use crate::janitor;
use crate::journal::Journal;
use crate::lease::Stop;
use crate::run::{Finish, Host};
use heart::{Card, Standing};
use seats::Seats;

/// How long runs have to save their work and give their leases back when the factory ends.
const LAST_WORDS: Duration = Duration::from_secs(9);

/// Why a factory cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum FactoryError {
    /// Its state directory cannot be used.
    #[error("{path}: {source}")]
    State {
        /// The directory.
        path: String,
        /// What went wrong.
        source: std::io::Error,
    },
    /// Another factory uses its state directory.
    #[error("another factory is running on {0}")]
    Taken(String),
    /// The address, the product or the token cannot be used at all.
    #[error(transparent)]
    Client(#[from] wire::ClientError),
    /// The coordinator refuses this factory for good.
    #[error("the coordinator refuses this factory: {0}")]
    Refused(String),
    /// The coordinator was not reached in the time that the one job was waited for.
    #[error("the coordinator was not reached")]
    Unreached,
}

/// What a factory did until it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many jobs it took.
    pub jobs: u32,
    /// How the last one of them ended.
    pub last: Option<Finish>,
}

/// What the parts of a factory share.
struct Shared<F> {
    host: Host<F>,
    card: Card,
    seats: Seats,
    beat_now: Notify,
    standing: watch::Sender<Standing>,
}

/// Ends a task with the scope that started it.
struct Ends(AbortHandle);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs a factory until `shutdown` says `true`, or, with `once`, until its one job is done.
/// Refuses a state directory that another factory uses. Ends within 10 seconds of `shutdown`.
pub async fn run(config: Config, shutdown: watch::Receiver<bool>) -> Result<Summary, FactoryError> {
    let token = config.token.as_ref().map(Secret::reveal).map(str::to_owned);
    let client = Client::new(&config.api, config.product.as_str(), token)?;
    run_with(config, client, shutdown).await
}

/// The same with any way to the coordinator.
pub async fn run_with<F: Fleet>(
    config: Config,
    fleet: F,
    shutdown: watch::Receiver<bool>,
) -> Result<Summary, FactoryError> {
    let state = |source| FactoryError::State { path: config.workdir.display().to_string(), source };
    std::fs::create_dir_all(&config.workdir).map_err(state)?;
    let _lock = lock(&config.workdir)?;
    let factory = config.resolve_factory_id().map_err(state)?;
    let journal = Journal::new(&config.workdir);
    let orphans = janitor::tidy(&config.workdir, &journal).await;
    let engines = detect::engines().await;
    let card = Card::new(&config, &factory, &engines);
    tracing::info!(%factory, seats = config.seats, capabilities = ?card.capabilities(), "factory starts");
    let shared = Arc::new(Shared {
        host: Host { config, factory, fleet, engines, journal },
        card,
        seats: Seats::default(),
        beat_now: Notify::new(),
        standing: watch::Sender::new(Standing::Open),
    });
    let mut stop = shutdown.clone();
    let registered = tokio::select! {
        () = asked(&mut stop) => return Ok(Summary::default()),
        registered = shared.register(orphans) => registered,
    };
    registered?;
    let _heart = Ends(tokio::spawn(shared.clone().heart()).abort_handle());
    shared.serve(shutdown).await
}

/// Waits until the factory is to end.
async fn asked(shutdown: &mut watch::Receiver<bool>) {
    if shutdown.wait_for(|asked| *asked).await.is_err() {
        // Whoever could ask is gone; nobody will.
        std::future::pending().await
    }
}

fn lock(workdir: &Path) -> Result<File, FactoryError> {
    let path = workdir.join("factory.lock");
    let state = |source| FactoryError::State { path: path.display().to_string(), source };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(state)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FactoryError::Taken(workdir.display().to_string())),
        Err(TryLockError::Error(source)) => Err(state(source)),
    }
}

impl<F: Fleet> Shared<F> {
    /// Ends what still runs: the work is kept and the leases are given back.
    async fn wind_down(&self, mut runs: JoinSet<Finish>, summary: &mut Summary) {
        for lease in self.seats.all() {
            lease.stop(Stop::Shutdown);
        }
        let ended = timeout(LAST_WORDS, async {
            while let Some(finish) = runs.join_next().await {
                summary.last = finish.ok().or(summary.last.take());
            }
        });
        if ended.await.is_err() {
            tracing::warn!("runs did not end in time and are cut off");
        }
        // Dropping the rest ends their processes.
        runs.shutdown().await;
    }
}
