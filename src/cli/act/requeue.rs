//! `gigafactory requeue`: puts jobs back into the queue, from their checkpoint unless told otherwise.

use wire::{Client, ClientError, Job, Requeue};

use super::{Act, Which};

/// How the next run begins.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
    /// Begins anew instead of at the checkpoint.
    #[arg(long)]
    fresh: bool,
    /// Words for the next run.
    #[arg(short, long)]
    note: Option<String>,
}

impl Act for Args {
    fn which(&self) -> &Which {
        &self.which
    }

    async fn act(&self, client: &Client, id: &str) -> Result<Job, ClientError> {
        let requeue = Requeue { fresh: self.fresh.then_some(true), note: self.note.clone() };
        client.requeue(id, &requeue).await
    }
}
