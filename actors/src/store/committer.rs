//! Group commit: a batch is what came while the last one was being written. Never a linger.
//!
//! Owns the queues, the numbering and the order of telling and answering; knows nothing of any database.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use domain::mutant::Mutant;
use domain::{JobId, ProductId};
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::{Committed, Ears, Fault, Opened, Told, Why, Write};
use crate::faults::{Faults, Point};

/// At most this many writes in a batch.
const MAX_WRITES: usize = 256;
/// At most this many bytes in a batch; a heavier write goes alone.
const MAX_BYTES: usize = 1 << 20;

/// A write with the `seq` of its first fact.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// The `seq` of its first fact.
    pub first_seq: u64,
    /// The write.
    pub write: Arc<Write>,
}

/// What became of a batch. The backend is sure of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// All of it is durable.
    Committed,
    /// None of it is written.
    NotWritten(Why),
    /// None of it is written because a part contradicts what is stored. A bug; the others are tried without it.
    Contradicted(String),
    /// It cannot be told, or this process may not write any more.
    Lost,
}

/// A product's state at one moment, being loaded.
pub struct Pinned {
    /// The highest `seq` at that moment.
    pub last_seq: u64,
    /// Loads the rest of it, from that same moment.
    pub load: BoxFuture<'static, Result<Opened, Why>>,
}

/// A key of a submit that is taken: product, key, the job that has it, the hash of its content.
pub type Taken = (ProductId, String, JobId, Option<String>);

/// What a database has to offer to be committed to.
#[async_trait]
pub trait Backend: Send + 'static {
    /// Which of these keys are taken.
    async fn taken(&mut self, keys: &[(ProductId, String)]) -> Result<Vec<Taken>, Why>;
    /// Writes a batch in one transaction and makes sure of its outcome.
    async fn write(&mut self, batch: &[Numbered]) -> Written;
    /// Pins a product's committed state of now.
    async fn pin(&mut self, product: &ProductId) -> Result<Pinned, Why>;
}

enum Request {
    Commit(Pending),
    Settle { product: ProductId, port: oneshot::Sender<()> },
    Open { product: ProductId, ears: Arc<dyn Ears>, port: oneshot::Sender<Result<Pinned, Fault>> },
}

struct Pending {
    write: Arc<Write>,
    port: oneshot::Sender<Result<Committed, Fault>>,
}

/// A handle to the task that commits.
#[derive(Clone)]
pub struct Committer {
    requests: mpsc::UnboundedSender<Request>,
    faults: Faults,
}

impl Committer {
    /// Starts committing to a backend, on the runtime that this is called on.
    pub fn spawn(backend: impl Backend, faults: Faults) -> Self {
        let (requests, inbox) = mpsc::unbounded_channel();
        tokio::spawn(Desk { backend, inbox, products: BTreeMap::new(), faults: faults.clone() }.run());
        Self { requests, faults }
    }

    /// Commits a write. A dropped caller does not cancel it.
    pub async fn commit(&self, write: Write) -> Result<Committed, Fault> {
        let (port, answer) = oneshot::channel();
        let pending = Pending { write: Arc::new(write), port };
        self.requests.send(Request::Commit(pending)).map_err(|_| Fault::Lost)?;
        answer.await.unwrap_or(Err(Fault::Lost))
    }

    /// Returns when everything that is queued for a product now has its outcome.
    pub async fn settled(&self, product: &ProductId) {
        let (port, answer) = oneshot::channel();
        if self.requests.send(Request::Settle { product: product.clone(), port }).is_ok() {
            // An error means that the committer has ended: nothing is queued any more.
            let _ = answer.await;
        }
    }

    /// Opens a product behind everything that is queued for it now.
    pub async fn open(&self, product: &ProductId, ears: Arc<dyn Ears>) -> Result<Opened, Fault> {
        let (port, answer) = oneshot::channel();
        let request = Request::Open { product: product.clone(), ears, port };
        self.requests.send(request).map_err(|_| Fault::Lost)?;
        let pinned = answer.await.unwrap_or(Err(Fault::Lost))?;
        let opened = pinned.load.await?;
        self.faults.pass(Point::OpenLoaded);
        Ok(opened)
    }
}

/// What the committing task knows of a product.
#[derive(Default)]
struct Queue {
    open: Option<(u64, Arc<dyn Ears>)>,
    waiting: VecDeque<Request>,
}

struct Desk<B> {
    backend: B,
    inbox: mpsc::UnboundedReceiver<Request>,
    products: BTreeMap<ProductId, Queue>,
    faults: Faults,
}

impl<B: Backend> Desk<B> {
    async fn run(mut self) {
        while let Some(request) = self.inbox.recv().await {
            self.queue(request);
            while self.serve().await {}
        }
    }

    fn queue(&mut self, request: Request) {
        let product = match &request {
            Request::Commit(pending) => &pending.write.product,
            Request::Open { product, .. } | Request::Settle { product, .. } => product,
        };
        self.products.entry(product.clone()).or_default().waiting.push_back(request);
    }

    /// Serves one batch or one opening. False: nothing waits.
    async fn serve(&mut self) -> bool {
        while let Ok(request) = self.inbox.try_recv() {
            self.queue(request);
        }
        let opening = self.products.values_mut().find_map(|queue| match queue.waiting.front() {
            Some(Request::Open { .. } | Request::Settle { .. }) => queue.waiting.pop_front(),
            Some(Request::Commit(_)) | None => None,
        });
        match opening {
            Some(Request::Open { product, ears, port }) => {
                self.open(product, ears, port).await;
                return true;
            }
            Some(Request::Settle { port, .. }) => {
                // Whoever asked may have gone.
                let _ = port.send(());
                return true;
            }
            Some(Request::Commit(_)) | None => {}
        }
        let batch = self.gather();
        if batch.is_empty() {
            return false;
        }
        self.commit(batch).await;
        true
    }

    async fn open(&mut self, product: ProductId, ears: Arc<dyn Ears>, port: oneshot::Sender<Result<Pinned, Fault>>) {
        let pinned = self.backend.pin(&product).await;
        self.faults.pass(Point::OpenPinned);
        let queue = self.products.entry(product).or_default();
        queue.open = pinned.as_ref().ok().map(|pinned| (pinned.last_seq, ears));
        // A caller that has gone leaves an open product that nobody listens to: harmless, the next opening replaces it.
        let _ = port.send(pinned.map_err(Fault::from));
    }

    /// Takes waiting writes, one product after the other, up to the bounds of a batch.
    fn gather(&mut self) -> Vec<Pending> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        loop {
            let before = batch.len();
            for queue in self.products.values_mut() {
                let Some(Request::Commit(pending)) = queue.waiting.front() else { continue };
                let weight = pending.write.weight();
                if batch.len() >= MAX_WRITES || (!batch.is_empty() && bytes + weight > MAX_BYTES) {
                    return batch;
                }
                bytes += weight;
                if let Some(Request::Commit(pending)) = queue.waiting.pop_front() {
                    batch.push(pending);
                }
            }
            if batch.len() == before {
                return batch;
            }
        }
    }

    async fn commit(&mut self, batch: Vec<Pending>) {
        let batch = self.refuse_taken(batch).await;
        let (fresh, repeated) = split_repeated(batch);
        self.write(fresh).await;
        for pending in repeated {
            // Taken if the first of its key was written; on its own if not.
            let rest = self.refuse_taken(vec![pending]).await;
            self.write(rest).await;
        }
    }

    /// Answers the submits whose key is taken, and gives back the others.
    async fn refuse_taken(&mut self, batch: Vec<Pending>) -> Vec<Pending> {
        let key = |pending: &Pending| pending.write.key().map(|key| (pending.write.product.clone(), key.to_owned()));
        let keys: Vec<_> = batch.iter().filter_map(key).collect();
        if keys.is_empty() || Mutant::KeyForgotten.is_planted() {
            return batch;
        }
        let taken = match self.backend.taken(&keys).await {
            Ok(taken) => taken,
            Err(why) => {
                answer_all(batch, &Fault::NotWritten(why));
                return Vec::new();
            }
        };
        self.faults.pass(Point::KeysRead);
        let mut rest = Vec::new();
        for pending in batch {
            let has = |t: &&Taken| t.0 == pending.write.product && Some(t.1.as_str()) == pending.write.key();
            match taken.iter().find(has) {
                Some((_, _, job, hash)) => {
                    answer(pending, Err(Fault::KeyTaken { job: *job, content_hash: hash.clone() }));
                }
                None => rest.push(pending),
            }
        }
        rest
    }

    /// Numbers and writes; tells and answers. What contradicts the stored state is tried alone.
    async fn write(&mut self, batch: Vec<Pending>) {
        let (batch, shut): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|pending| self.is_open(&pending.write.product));
        answer_all(shut, &Fault::Lost);
        if batch.is_empty() {
            return;
        }
        let numbered = self.number(&batch);
        self.faults.pass(Point::CommitBefore);
        if self.faults.loses(Point::CommitBefore) {
            return self.lose(batch);
        }
        match self.backend.write(&numbered).await {
            Written::Committed => {
                self.faults.pass(Point::CommitAfter);
                if self.faults.loses(Point::CommitAfter) {
                    return self.lose(batch);
                }
                metrics::counter!("gigafactory_commits_total").increment(1);
                metrics::counter!("gigafactory_writes_total").increment(batch.len() as u64);
                self.committed(batch, &numbered);
            }
            Written::NotWritten(_) if Mutant::FailureAnsweredAsDone.is_planted() => self.committed(batch, &numbered),
            Written::Lost if Mutant::LossTakenForFailure.is_planted() => {
                answer_all(batch, &Fault::NotWritten(Why::Unavailable("lost".into())));
            }
            Written::NotWritten(why) => answer_all(batch, &Fault::NotWritten(why)),
            Written::Lost => self.lose(batch),
            Written::Contradicted(what) if batch.len() == 1 => {
                tracing::error!(what, "a write contradicts what is stored");
                self.lose(batch);
            }
            Written::Contradicted(_) => {
                for pending in batch {
                    Box::pin(self.write(vec![pending])).await;
                }
            }
        }
    }

    fn is_open(&self, product: &ProductId) -> bool {
        self.products.get(product).is_some_and(|queue| queue.open.is_some())
    }

    fn last_seq(&self, product: &ProductId) -> u64 {
        self.products.get(product).and_then(|queue| queue.open.as_ref()).map_or(0, |(last, _)| *last)
    }

    fn number(&self, batch: &[Pending]) -> Vec<Numbered> {
        let mut next: BTreeMap<&ProductId, u64> = BTreeMap::new();
        let mut numbered = Vec::with_capacity(batch.len());
        for Pending { write, .. } in batch {
            let first = next.entry(&write.product).or_insert_with(|| self.last_seq(&write.product) + 1);
            numbered.push(Numbered { first_seq: *first, write: write.clone() });
            *first += write.facts.len() as u64;
        }
        numbered
    }

    fn committed(&mut self, batch: Vec<Pending>, numbered: &[Numbered]) {
        let mut told: BTreeMap<ProductId, Vec<Told>> = BTreeMap::new();
        for Numbered { first_seq, write } in numbered {
            let item = Told { first_seq: *first_seq, write: write.clone() };
            told.entry(write.product.clone()).or_default().push(item);
        }
        for (product, batch) in told {
            if let Some((last, ears)) = self.products.get_mut(&product).and_then(|queue| queue.open.as_mut()) {
                *last += batch.iter().map(|told| told.write.facts.len() as u64).sum::<u64>();
                if Mutant::SeqLeavesGap.is_planted() {
                    *last += u64::from(last.is_multiple_of(16));
                }
                if !Mutant::BatchesUntold.is_planted() {
                    ears.told(batch.into());
                }
            }
        }
        self.faults.pass(Point::CommitTold);
        for (pending, numbered) in batch.into_iter().zip(numbered) {
            let last_seq = numbered.first_seq + numbered.write.facts.len() as u64 - 1;
            answer(pending, Ok(Committed { last_seq }));
        }
        self.faults.pass(Point::CommitAnswered);
    }

    /// Nobody can say what became of the batch: its products are shut until they are opened again.
    fn lose(&mut self, batch: Vec<Pending>) {
        for pending in &batch {
            if let Some(queue) = self.products.get_mut(&pending.write.product) {
                queue.open = None;
            }
        }
        answer_all(batch, &Fault::Lost);
    }
}

/// Sets aside the submits that repeat a key of the same batch.
fn split_repeated(batch: Vec<Pending>) -> (Vec<Pending>, Vec<Pending>) {
    let mut seen = HashSet::new();
    batch.into_iter().partition(|pending| {
        pending.write.key().is_none_or(|key| seen.insert((pending.write.product.clone(), key.to_owned())))
    })
}

fn answer_all(batch: Vec<Pending>, fault: &Fault) {
    for pending in batch {
        answer(pending, Err(fault.clone()));
    }
}

/// Answers; a caller that has gone needs no answer, what was committed stays.
fn answer(pending: Pending, outcome: Result<Committed, Fault>) {
    let _ = pending.port.send(outcome);
}
