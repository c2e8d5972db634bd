//! `gigafactory reject`: refuses delivered work.

use wire::actions::Said;
use wire::{Client, ClientError, Job, Reject};

use super::{Act, ActOnMany, Which};

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

impl Args {
    fn order(&self) -> Reject {
        Reject { note: self.note.clone(), is_final: self.is_final.then_some(true) }
    }
}

impl Act for Args {
    fn named(&self) -> (&[String], bool) {
        (&self.which.jobs, self.which.quiet)
    }

    async fn act(&self, client: &Client, id: &str) -> Result<Job, ClientError> {
        client.reject(id, &self.order()).await
    }
}

impl ActOnMany for Args {
    fn which(&self) -> &Which {
        &self.which
    }

    fn said(&self) -> Said {
        Said::Reject(self.order())
    }
}
