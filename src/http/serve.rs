//! The HTTP server: binds, serves until it is told to stop, then ends gracefully. Handles no signals of its own and
//! listens only where nobody else can reach it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{App, HttpServer};

use super::{Edge, app};
use crate::telemetry;

const KEEP_ALIVE: Duration = Duration::from_secs(75);
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
const MAX_CONNECTIONS: usize = 25_000;
/// How long a stop waits for what is in flight.
const STOP_WITHIN_SEC: u64 = 8;
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Where to listen, and with how much.
#[derive(Clone, Copy, Debug)]
pub struct Listen {
    /// The address; port 0 takes any that is free.
    pub address: SocketAddr,
    /// Threads that serve.
    pub workers: usize,
    /// Connections at a time, over all threads.
    pub max_connections: usize,
}

impl Listen {
    /// Listens with one thread.
    pub fn on(address: SocketAddr) -> Self {
        Self { address, workers: 1, max_connections: MAX_CONNECTIONS }
    }
}

/// Why it cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum CannotListen {
    /// Anyone could reach it, and nobody has to say who they are.
    #[error(
        "refuses to listen on {0}: there is no authentication, so only loopback addresses (127.0.0.1, ::1) will do"
    )]
    Reachable(SocketAddr),
    /// The address is taken, or not this host's.
    #[error("cannot listen on {address}: {error}")]
    Taken {
        /// The address.
        address: SocketAddr,
        /// What the host says.
        error: io::Error,
    },
}

/// A server that is bound.
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    edge: Edge,
    server: Server,
}

/// Binds a server. Refuses an address that is not a loopback one.
pub fn bind(edge: Edge, listen: &Listen) -> Result<Serving, CannotListen> {
    let Listen { address, workers, max_connections } = *listen;
    if !address.ip().is_loopback() {
        return Err(CannotListen::Reachable(address));
    }
    let taken = |error| CannotListen::Taken { address, error };
    let configure = app(edge.clone());
    let workers = workers.max(1);
    let server = HttpServer::new(move || App::new().configure(configure.clone()))
        .workers(workers)
        .max_connections((max_connections / workers).max(1))
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD_DEADLINE)
        .h1_allow_half_closed(false)
        .shutdown_timeout(STOP_WITHIN_SEC)
        .disable_signals()
        .bind(address)
        .map_err(taken)?;
    let bound = server.addrs().first().copied();
    let address = bound.ok_or_else(|| taken(io::Error::other("no socket was bound")))?;
    Ok(Serving { address, edge, server: server.run() })
}

impl Serving {
    /// Serves until `stop` is over. Then waiting claims are refused, what was admitted is finished, and the node ends.
    pub async fn until(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let Self { edge, server, .. } = self;
        let handle = server.handle();
        let mut server = pin!(server);
        tokio::select! {
            biased;
            ended = &mut server => return ended,
            () = stop => {}
            () = upkeep() => {}
        }
        edge.stop();
        tokio::join!(edge.node.stop(), handle.stop(true), server).2
    }
}

/// Keeps the samples of histograms from piling up until somebody asks for them. Never ends.
async fn upkeep() {
    loop {
        tokio::time::sleep(UPKEEP_EVERY).await;
        telemetry::prometheus().run_upkeep();
    }
}
