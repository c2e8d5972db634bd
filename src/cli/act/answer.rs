//! `gigafactory answer`: answers the question that a job is blocked on.

use wire::{Answer, Client, ClientError, Job};

use super::{Act, Named};

/// The question is answered once.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Named,
    /// The answer, for the next run to read.
    #[arg(short, long)]
    text: String,
}

impl Act for Args {
    fn named(&self) -> (&[String], bool) {
        (&self.which.jobs, self.which.quiet)
    }

    async fn act(&self, client: &Client, id: &str) -> Result<Job, ClientError> {
        client.answer(id, &Answer { text: self.text.clone() }).await
    }
}
