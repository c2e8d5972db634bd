//! `gigafactory reject`: refuses delivered work.

use wire::{Client, ClientError, Job, Reject};

use super::{Act, Which};

/// What is to be done better, if at all.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
    /// What the next run should do better.
    #[arg(short, long)]
    note: String,
    /// There is to be no next run: the job has failed.
    #[arg(long = "final")]
    is_final: bool,
}

impl Act for Args {
    fn which(&self) -> &Which {
        &self.which
    }

    async fn act(&self, client: &Client, id: &str) -> Result<Job, ClientError> {
        let reject = Reject { note: self.note.clone(), is_final: self.is_final.then_some(true) };
        client.reject(id, &reject).await
    }
}
