//! A claim's way back to its caller: the port that travels, and the guard that gives back what nobody took.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::{Epoch, JobId, factory};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::answer::{Ask, Grant, NotDone};
use crate::{dispatcher, product};

/// What a claim is told.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A lease.
    Granted(Box<Grant>),
    /// It was granted under this id before.
    Repeated { job: JobId, epoch: Epoch },
    /// Nothing fits and it does not wait.
    Nothing,
    /// The factory may not claim.
    Refused(factory::Refusal),
    /// Something went wrong.
    Failed(NotDone),
}

/// Where the answers of a claim go: one for each job that was picked for it.
pub(crate) type ClaimPort = mpsc::UnboundedSender<Answer>;

/// The claim as it travels.
#[derive(Clone, Debug)]
pub(crate) struct Claiming {
    /// Numbers the claim among those of the node.
    pub(crate) no: u64,
    /// What is asked.
    pub(crate) ask: Arc<Ask>,
    /// Where the answers go.
    pub(crate) port: ClaimPort,
    /// How many jobs are still to be picked for it.
    pub(crate) wanted: u32,
    /// No other job is on offer to it: it may wait.
    pub(crate) alone: bool,
    /// Its caller was told that there is nothing: a grant that comes now reaches nobody, not even a repeat.
    pub(crate) over: Arc<AtomicBool>,
}

impl Claiming {
    /// Nobody listens, and nobody will ask again: a grant would be lost.
    pub(crate) fn is_gone(&self) -> bool {
        self.port.is_closed() && (self.ask.claim_id.is_none() || self.over.load(Ordering::Acquire))
    }

    /// Nobody listens now.
    pub(crate) fn is_unheard(&self) -> bool {
        self.port.is_closed()
    }

    pub(crate) fn tell(&self, answer: Answer) -> Result<(), Answer> {
        self.port.send(answer).map_err(|unsent| unsent.0)
    }
}

/// The caller's side of a claim. Its drop ends the waiting and gives back every grant that was not taken.
pub(crate) struct Desk {
    pub(crate) no: u64,
    pub(crate) repeatable: bool,
    /// Every sender has gone: nobody holds the claim any more.
    pub(crate) finished: bool,
    pub(crate) answers: mpsc::UnboundedReceiver<Answer>,
    /// Answers that came, until they are taken.
    pub(crate) got: Vec<Answer>,
    pub(crate) over: Arc<AtomicBool>,
    pub(crate) dispatcher: ractor::ActorRef<dispatcher::Msg>,
    pub(crate) product: ractor::ActorRef<product::Msg>,
}

impl Desk {
    /// Waits for the answers: all of those under way, or until the time is over.
    ///
    /// Grants that were not taken by then stay with the desk, whose drop gives them back.
    pub(crate) async fn wait(&mut self, wait: Option<Duration>) -> Result<Vec<Answer>, NotDone> {
        let until = wait.map(|wait| Instant::now() + wait);
        loop {
            let next = match until.filter(|_| self.got.is_empty()) {
                Some(until) => match tokio::time::timeout_at(until, self.answers.recv()).await {
                    Ok(next) => next,
                    Err(_) => {
                        self.leave();
                        self.over.store(self.got.is_empty(), Ordering::Release);
                        return Ok(std::mem::take(&mut self.got));
                    }
                },
                None => self.answers.recv().await,
            };
            match next {
                Some(answer) => self.got.push(answer),
                None => {
                    self.finished = true;
                    let got = std::mem::take(&mut self.got);
                    return if got.is_empty() { Err(NotDone::OutcomeUnknown) } else { Ok(got) };
                }
            }
        }
    }

    /// Ends the waiting. A grant that came at the last moment is there all the same.
    fn leave(&mut self) {
        self.answers.close();
        while let Ok(answer) = self.answers.try_recv() {
            self.got.push(answer);
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.leave();
        for answer in std::mem::take(&mut self.got) {
            if let Answer::Granted(grant) = answer
                && !self.repeatable
            {
                give_back(&self.product, grant.job.id, grant.epoch);
            }
        }
        if self.finished {
            return;
        }
        // A dispatcher that has gone has no waiting claims.
        let _ = self.dispatcher.cast(dispatcher::Msg::Left(self.no));
    }
}

/// Ends a lease whose grant reached nobody. If the product is gone, its next heartbeats or the lease's end will.
pub(crate) fn give_back(product: &ractor::ActorRef<product::Msg>, job: JobId, epoch: Epoch) {
    let _ = product.cast(product::Msg::Reclaim(job, epoch));
}
