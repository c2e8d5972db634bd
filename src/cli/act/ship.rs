//! `gigafactory ship`: ships delivered work.

use wire::{Client, ClientError, Job};

use super::{Act, Which};

/// The jobs to ship.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
}

impl Act for Args {
    fn which(&self) -> &Which {
        &self.which
    }

    async fn act(&self, client: &Client, id: &str) -> Result<Job, ClientError> {
        client.ship(id).await
    }
}
