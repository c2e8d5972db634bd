//! What a job's actor holds: the job as committed, and the way to the store.

use std::sync::Arc;

use domain::dispatch::Standing;
use domain::job::{Command, Decision, Fact, Insights, Job, Step, transition};
use domain::mutant::Mutant;
use domain::{By, Epoch, JobId, Timestamp};
use ractor::{ActorProcessingErr, ActorRef};

use super::{Adoption, Birth, Lost};
use crate::answer::{Done, Grant, NotDone};
use crate::dispatcher::{self, Seen};
use crate::lane::{Alive, Lane};
use crate::store::{Change, Committed, Fault, Receipt, Stored, Why, Write};
use crate::{product, submit};

/// What came of loading the job.
enum Loaded {
    Here(Stored),
    Missing,
    Failed(Why),
}

/// A job's actor's state.
pub(crate) struct Held {
    pub(crate) id: JobId,
    pub(crate) lane: Lane,
    pub(crate) product: ActorRef<product::Msg>,
    dispatcher: ActorRef<dispatcher::Msg>,
    loaded: Loaded,
    handled: u64,
    after_crash: bool,
    /// What is to be committed with the next change.
    family: Vec<Write>,
    _alive: Alive,
}

impl Held {
    pub(super) fn new(birth: Birth) -> Self {
        Self {
            id: birth.id,
            lane: birth.lane,
            product: birth.product,
            dispatcher: birth.dispatcher,
            loaded: Loaded::Missing,
            handled: 0,
            after_crash: birth.after_crash,
            family: Vec::new(),
            _alive: birth.alive,
        }
    }

    pub(super) async fn load(&mut self) {
        if self.after_crash {
            self.lane.store.settled(&self.lane.product).await;
        }
        self.loaded = match self.lane.store.job(&self.lane.product, self.id).await {
            Ok(Some(stored)) => Loaded::Here(stored),
            Ok(None) => Loaded::Missing,
            Err(why) => Loaded::Failed(why),
        };
    }

    pub(super) fn now(&self) -> Timestamp {
        self.lane.now()
    }

    /// The job as committed. Refuses where there is none, or where it could not be read.
    pub(super) fn job(&self) -> Result<&Arc<Job>, NotDone> {
        self.stored().map(|stored| &stored.job)
    }

    pub(super) fn stored(&self) -> Result<&Stored, NotDone> {
        match &self.loaded {
            Loaded::Here(stored) => Ok(stored),
            Loaded::Missing => Err(NotDone::NotFound),
            Loaded::Failed(why) => Err(why.clone().into()),
        }
    }

    /// Where the job stands, for the dispatcher.
    pub(super) fn seen(&self) -> Seen {
        match &self.loaded {
            Loaded::Here(stored) => Seen::At(Box::new(Standing::of(&stored.job))),
            Loaded::Missing => Seen::Missing,
            Loaded::Failed(_) => Seen::Unread,
        }
    }

    /// The lease that has just been granted.
    pub(super) fn grant(&self, decision: Option<Decision>) -> Option<Grant> {
        let job = self.job().ok()?;
        let (lease, run) = (job.held()?, job.run.clone()?);
        Some(Grant {
            run,
            epoch: lease.epoch,
            expires_at: lease.expires_at,
            ttl_sec: lease.ttl_sec,
            lease_active: true,
            repeated: false,
            decision,
            job: job.clone(),
        })
    }

    /// Runs an order to its end: decided, committed, then answered.
    ///
    /// An error ends the actor and with it the product's incarnation.
    pub(super) async fn order(
        &mut self,
        command: Command,
        by: &By,
        if_rev: Option<u64>,
    ) -> Result<Result<Done, NotDone>, ActorProcessingErr> {
        let job = match self.job() {
            Ok(job) => job,
            Err(why) => return Ok(Err(why)),
        };
        if if_rev.is_some_and(|rev| rev != job.rev) {
            return Ok(Err(NotDone::Precondition { rev: job.rev }));
        }
        match transition(job, command, by, self.now()) {
            Ok(step) => self.done(step, by, None).await,
            Err(domain::job::Refusal::StaleLease { current }) => {
                Ok(Err(NotDone::Fenced { current, usage_accepted: false }))
            }
            Err(refusal) => Ok(Err(NotDone::Refused(refusal))),
        }
    }

    /// Commits a step and answers with the job as it is then.
    pub(super) async fn done(
        &mut self,
        step: Step,
        by: &By,
        receipt: Option<Receipt>,
    ) -> Result<Result<Done, NotDone>, ActorProcessingErr> {
        let repeated = step.facts.is_empty();
        if !repeated && let Err(why) = self.commit(step, by, receipt).await? {
            return Ok(Err(why));
        }
        Ok(self.job().map(|job| Done { job: job.clone(), repeated }))
    }

    /// Commits a step; the memory follows. The store has told the others by then.
    pub(super) async fn commit(
        &mut self,
        step: Step,
        by: &By,
        receipt: Option<Receipt>,
    ) -> Result<Result<(), NotDone>, ActorProcessingErr> {
        let edited = self.job().is_ok_and(|job| job.edition != step.next.edition);
        let job = Arc::new(step.next);
        let change = Change::Job {
            job: job.clone(),
            prev_seq: self.stored().map_or(0, |stored| stored.last_seq),
            edited,
            ended: step.ended.map(Box::new),
            receipt: receipt.clone(),
        };
        let facts = step.facts.into_iter().map(Into::into).collect();
        // The moment that the decision was taken at: its events say the same as its record.
        match self.write(job.updated_at, facts, by, change).await? {
            Ok(committed) => {
                if let Loaded::Here(stored) = &mut self.loaded {
                    stored.job = job;
                    stored.last_seq = committed.last_seq;
                    stored.receipts.extend(receipt);
                }
                Ok(Ok(()))
            }
            Err(why) => {
                if Mutant::MemoryRunsAhead.is_planted()
                    && let Loaded::Here(stored) = &mut self.loaded
                {
                    stored.job = job;
                }
                Ok(Err(why))
            }
        }
    }

    /// Gives the job children: its own change and theirs are committed as one, and are of one moment.
    pub(super) async fn adopt(
        &mut self,
        adoption: Adoption,
    ) -> Result<Result<Vec<Arc<Job>>, NotDone>, ActorProcessingErr> {
        let Adoption { command, children, met, by, if_rev } = adoption;
        let job = match self.job() {
            Ok(job) => job,
            Err(why) => return Ok(Err(why)),
        };
        if if_rev.is_some_and(|rev| rev != job.rev) {
            return Ok(Err(NotDone::Precondition { rev: job.rev }));
        }
        let step = match transition(job, command, &by, self.now()) {
            Ok(step) => step,
            Err(domain::job::Refusal::StaleLease { current }) => {
                return Ok(Err(NotDone::Fenced { current, usage_accepted: false }));
            }
            Err(refusal) => return Ok(Err(NotDone::Refused(refusal))),
        };
        let at = step.next.updated_at;
        let writes = children.into_iter().map(|child| submit::write(&self.lane, child, &met, &by, at));
        self.family = writes.collect();
        let made = self.family.iter().filter_map(|write| write.job().cloned()).collect();
        Ok(self.done(step, &by, None).await?.map(|_| made))
    }

    /// Leaves something with the job without changing it: an event, late usage of a run, a receipt.
    pub(super) async fn note(
        &mut self,
        fact: Option<Fact>,
        by: &By,
        usage: Option<(Epoch, Box<Insights>)>,
        receipt: Option<Receipt>,
    ) -> Result<Result<(), NotDone>, ActorProcessingErr> {
        let prev_seq = self.stored().map_or(0, |stored| stored.last_seq);
        let change = Change::Note { job: self.id, prev_seq, usage, receipt: receipt.clone() };
        let (told, facts) = (fact.is_some(), fact.into_iter().map(Into::into).collect());
        let written = self.write(self.now(), facts, by, change).await?;
        if let (Ok(committed), Loaded::Here(stored)) = (&written, &mut self.loaded) {
            stored.last_seq = if told { committed.last_seq } else { prev_seq };
            stored.receipts.extend(receipt);
        }
        Ok(written.map(|_| ()))
    }

    async fn write(
        &mut self,
        at: Timestamp,
        facts: Vec<domain::event::Fact>,
        by: &By,
        change: Change,
    ) -> Result<Result<Committed, NotDone>, ActorProcessingErr> {
        let write = Write { product: self.lane.product.clone(), at, by: by.clone(), facts, change };
        let family = std::mem::take(&mut self.family);
        let committed = match family.is_empty() {
            true => self.lane.store.commit(write).await,
            false => {
                let all = [write].into_iter().chain(family).collect();
                self.lane.store.commit_all(all).await.and_then(|mut all| {
                    // The first one is the job's own.
                    all.truncate(1);
                    all.pop().ok_or(Fault::Lost)
                })
            }
        };
        match committed {
            Ok(committed) => Ok(Ok(committed)),
            Err(Fault::Lost) => Err(Box::new(Lost)),
            Err(fault) => Ok(Err(fault.into())),
        }
    }

    /// Counts a message; a job that no factory holds offers to be put to sleep.
    pub(super) fn handled(&mut self) {
        self.handled += 1;
        if self.job().map_or(true, |job| job.held().is_none()) {
            self.tell_product(product::Msg::Quiet(self.id, self.handled));
        }
    }

    /// Tells the product. One that has gone takes this actor with it.
    pub(super) fn tell_product(&self, msg: product::Msg) {
        let _ = self.product.cast(msg);
    }

    /// Tells the dispatcher. One that has gone takes the product with it.
    pub(super) fn tell_dispatcher(&self, msg: dispatcher::Msg) {
        let _ = self.dispatcher.cast(msg);
    }
}
