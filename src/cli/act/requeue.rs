//! `gigafactory requeue`: puts jobs back into the queue, from their checkpoint unless told otherwise.

use wire::actions::Said;
use wire::{Client, ClientError, Job, Requeue};

use super::{Act, ActOnMany, Which};

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

impl Args {
    fn order(&self) -> Requeue {
        Requeue { fresh: self.fresh.then_some(true), note: self.note.clone() }
    }
}

impl Act for Args {
    fn named(&self) -> (&[String], bool) {
        (&self.which.jobs, self.which.quiet)
    }

    async fn act(&self, client: &Client, id: &str) -> Result<Job, ClientError> {
        client.requeue(id, &self.order()).await
    }
}

impl ActOnMany for Args {
    fn which(&self) -> &Which {
        &self.which
    }

    fn said(&self) -> Said {
        Said::Requeue(self.order())
    }
}
