//! Reads jobs for their actors, together: a select is for everything that was asked while the last one ran.

use std::collections::HashMap;

use actors::store::{Stored, Why};
use domain::{JobId, ProductId};
use sea_orm::DatabaseConnection;
use tokio::sync::{mpsc, oneshot};

use super::read::fetch;

/// How many jobs a select reads at most.
const MOST: usize = 64;

type Answer = Result<Option<Stored>, Why>;

struct Ask {
    key: (ProductId, JobId),
    port: oneshot::Sender<Answer>,
}

/// A handle to the task that reads jobs.
#[derive(Clone)]
pub(super) struct Window {
    asks: mpsc::UnboundedSender<Ask>,
}

impl Window {
    /// Starts reading, on the runtime that this is called on.
    pub(super) fn spawn(db: DatabaseConnection) -> Self {
        let (asks, mut inbox) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut batch = Vec::new();
            while inbox.recv_many(&mut batch, MOST).await > 0 {
                answer(&db, std::mem::take(&mut batch)).await;
            }
        });
        Self { asks }
    }

    /// A job with what its actor needs to take over.
    pub(super) async fn job(&self, product: &ProductId, id: JobId) -> Answer {
        let (port, answer) = oneshot::channel();
        let gone = || Why::Unavailable("the store is closed".to_owned());
        self.asks.send(Ask { key: (product.clone(), id), port }).map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

async fn answer(db: &DatabaseConnection, batch: Vec<Ask>) {
    let ids: Vec<_> = batch.iter().map(|ask| (&ask.key.0, &ask.key.1)).collect();
    let found = fetch(db, &ids).await.map_err(Why::from);
    let found = found.map(|jobs| {
        let by_key = |stored: Stored| ((stored.job.product.clone(), stored.job.id), stored);
        jobs.into_iter().map(by_key).collect::<HashMap<_, _>>()
    });
    for Ask { key, port } in batch {
        let answer = found.as_ref().map(|jobs| jobs.get(&key).cloned()).map_err(Clone::clone);
        // A caller that has gone needs no answer.
        let _ = port.send(answer);
    }
}
