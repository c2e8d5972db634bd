//! What answers at the coordinator's address: who, and how its clock differs from this host's.

use std::net::TcpListener;

use actors::clock::{Clock, SystemClock};
use wire::ClientError;

use super::{Check, Status};
use crate::cli::connect::{Global, client};
use crate::cli::raw;
use crate::config::LISTEN;

/// Seconds by which two clocks may differ.
const SKEW: u64 = 5;

/// Looks at the coordinator.
pub(super) async fn checks(global: &Global) -> Vec<Check> {
    let client = match client(global) {
        Ok(client) => client,
        Err(failure) => return vec![Check::new("coordinator", Status::Missing, failure.to_string())],
    };
    match client.version().await {
        Ok(found) => {
            let own = env!("CARGO_PKG_VERSION");
            let same = if found.version == own { Status::Ok } else { Status::Warning };
            let detail = format!("{} {} at {} (this is {own})", found.name, found.version, global.api);
            let mut checks = vec![Check::new("coordinator", same, detail)];
            checks.extend(skew(global).await);
            checks
        }
        Err(ClientError::Transport(_)) => {
            let detail = format!("none at {}: gigafactory up starts one", global.api);
            vec![Check::new("coordinator", Status::Warning, detail), port()]
        }
        Err(refused) => vec![Check::new("coordinator", Status::Missing, format!("{}: {refused}", global.api))],
    }
}

/// Whether a coordinator could listen where it would by itself.
fn port() -> Check {
    match TcpListener::bind(LISTEN) {
        Ok(_) => Check::new("port", Status::Ok, format!("{LISTEN} is free")),
        Err(error) => Check::new("port", Status::Warning, format!("{LISTEN} is not to be had: {error}")),
    }
}

async fn skew(global: &Global) -> Option<Check> {
    let theirs = raw::clock(global).await?;
    let ours = SystemClock::default().now().0 / 1_000;
    let seconds = ours.abs_diff(theirs);
    let status = if seconds <= SKEW { Status::Ok } else { Status::Warning };
    Some(Check::new("coordinator's clock", status, format!("differs by {seconds} s")))
}
