//! `gigafactory cancel`: ends jobs that have not ended.

use wire::actions::Said;
use wire::{Cancel, Client, ClientError, Job};

use super::{Act, ActOnMany, Which};

/// Why.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
    /// Why.
    #[arg(short, long)]
    reason: Option<String>,
}

impl Args {
    fn order(&self) -> Cancel {
        Cancel { reason: self.reason.clone() }
    }
}

impl Act for Args {
    fn named(&self) -> (&[String], bool) {
        (&self.which.jobs, self.which.quiet)
    }

    async fn act(&self, client: &Client, id: &str) -> Result<Job, ClientError> {
        client.cancel(id, &self.order()).await
    }
}

impl ActOnMany for Args {
    fn which(&self) -> &Which {
        &self.which
    }

    fn said(&self) -> Said {
        Said::Cancel(self.order())
    }
}
