//! `gigafactory approve`: counts a reviewer's approval.

use wire::actions::Said;
use wire::{Approve, Client, ClientError, Job};

use super::{Act, ActOnMany, Which};

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

impl Args {
    fn order(&self) -> Approve {
        Approve { by: self.by.clone(), note: self.note.clone() }
    }
}

impl Act for Args {
    fn named(&self) -> (&[String], bool) {
        (&self.which.jobs, self.which.quiet)
    }

    async fn act(&self, client: &Client, id: &str) -> Result<Job, ClientError> {
        client.approve(id, &self.order()).await
    }
}

impl ActOnMany for Args {
    fn which(&self) -> &Which {
        &self.which
    }

    fn said(&self) -> Said {
        Said::Approve(self.order())
    }
}
