//! `gigafactory approve`: counts a reviewer's approval.

use wire::{Approve, Client, ClientError, Job};

use super::{Act, Which};

/// Who approves, and what they say.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
    /// Who approves.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Their words.
    #[arg(short, long)]
    note: Option<String>,
}

impl Act for Args {
    fn which(&self) -> &Which {
        &self.which
    }

    async fn act(&self, client: &Client, id: &str) -> Result<Job, ClientError> {
        client.approve(id, &Approve { by: self.by.clone(), note: self.note.clone() }).await
    }
}
