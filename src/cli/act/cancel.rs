//! `gigafactory cancel`: ends jobs that have not ended.

use wire::{Cancel, Client, ClientError, Job};

use super::{Act, Which};

/// Why.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
    /// Why.
    #[arg(short, long)]
    reason: Option<String>,
}

impl Act for Args {
    fn which(&self) -> &Which {
        &self.which
    }

    async fn act(&self, client: &Client, id: &str) -> Result<Job, ClientError> {
        client.cancel(id, &Cancel { reason: self.reason.clone() }).await
    }
}
