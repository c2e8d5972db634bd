//! `gigafactory answer`: answers the question that a job is blocked on.

use wire::{Answer, Client, ClientError, Job};

use super::{Act, Which};

/// The question is answered once.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
    /// The answer, for the next run to read.
    #[arg(short, long)]
    text: String,
}

impl Act for Args {
    fn which(&self) -> &Which {
        &self.which
    }

    async fn act(&self, client: &Client, id: &str) -> Result<Job, ClientError> {
        client.answer(id, &Answer { text: self.text.clone() }).await
    }
}
