//! `gigafactory ship`: ships delivered work.

use wire::actions::Said;
use wire::{Client, ClientError, Job};

use super::{Act, ActOnMany, Which};

/// The jobs to ship.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
}

impl Act for Args {
    fn named(&self) -> (&[String], bool) {
        (&self.which.jobs, self.which.quiet)
    }

    async fn act(&self, client: &Client, id: &str) -> Result<Job, ClientError> {
        client.ship(id).await
    }
}

impl ActOnMany for Args {
    fn which(&self) -> &Which {
        &self.which
    }

    fn said(&self) -> Said {
        Said::Ship
    }
}
