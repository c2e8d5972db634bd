//! A product as its edges see it: one method a question. Messages, references and ports stay in here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use domain::dispatch::{Claim, Explained, Needs, Pick, Sought};
use domain::job::command::Fence;
use domain::job::{Decision, Job};
use domain::product::{Command, Renewal, Settings};
use domain::profile::{Profile, Snapshot, Usual, Wanted};
use domain::{By, Epoch, FactoryId, JobId, ProductId, ProfileName, Timestamp};
use tokio::sync::{mpsc, oneshot};

use crate::answer::{
    Adopted, Adoption, Ask, BeatOrder, Beaten, Counts, Done, FactoryView, Family, Grant, NotDone, Order, Port,
    Published, ReportOrder, Submitted,
};
use crate::claim::{Answer, Claiming, Desk};
use crate::job::carry::{claim_key, decision};
use crate::lane::Lane;
use crate::line::Hearers;
use crate::node::Shared;
use crate::store::ReceiptKind;
use crate::{adopt, dispatcher, factory, feed, job, product, submit};

/// A product that is open. Cheap to clone; every copy goes to the same actors.
#[derive(Clone)]
pub struct Product {
    lane: Lane,
    actors: Hearers,
    soft: product::Soft,
    shared: Arc<Shared>,
    in_flight: Arc<AtomicUsize>,
}

impl Product {
    pub(crate) fn new(lane: Lane, actors: Hearers, soft: product::Soft, shared: Arc<Shared>) -> Self {
        Self { lane, actors, soft, shared, in_flight: Arc::default() }
    }

    /// Its id.
    pub fn id(&self) -> &ProductId {
        &self.lane.product
    }

    pub(crate) fn in_flight(&self) -> &Arc<AtomicUsize> {
        &self.in_flight
    }

    /// Submits a job, or finds the one that the same submit made before.
    ///
    /// Refuses a key that was used for other content, dependencies that do not exist, and circles of them.
    pub async fn submit(&self, family: impl Into<Family>) -> Result<Submitted, NotDone> {
        submit::submit(&self.lane, &self.actors, family.into()).await
    }

    /// Gives a job that is there already children, and the job's change with them: all of it, or nothing.
    pub async fn adopt(&self, parent: JobId, adoption: Adoption) -> Result<Adopted, NotDone> {
        adopt::adopt(&self.lane, &self.actors, parent, adoption).await
    }

    /// Claims jobs; none if nothing fits within the time that the claim may wait.
    ///
    /// Dropping the future ends the waiting and gives back what was granted meanwhile.
    pub async fn claim(&self, ask: Ask) -> Result<Vec<Grant>, NotDone> {
        if self.shared.gate.is_stopping() {
            return Err(NotDone::Stopping);
        }
        if let Some(grant) = self.granted_before(&ask).await? {
            self.hear(&ask.claim.factory);
            return Ok(vec![grant]);
        }
        let (port, answers) = mpsc::unbounded_channel();
        let no = self.shared.claims.fetch_add(1, Ordering::Relaxed);
        let (wait, repeatable) = (ask.wait, ask.claim_id.is_some());
        let over = Arc::new(AtomicBool::new(false));
        let (wanted, alone) = (ask.max.max(1), true);
        let claiming = Claiming { no, ask: Arc::new(ask), port, wanted, alone, over: over.clone() };
        let mut desk = Desk {
            no,
            repeatable,
            finished: false,
            answers,
            got: Vec::new(),
            over,
            dispatcher: self.actors.dispatcher.clone(),
            product: self.actors.product.clone(),
        };
        self.actors.dispatcher.cast(dispatcher::Msg::Claim(claiming)).map_err(|_| reloading())?;
        let (mut grants, mut refused) = (Vec::new(), None);
        for answer in desk.wait(wait).await? {
            match answer {
                Answer::Granted(grant) => grants.push(*grant),
                Answer::Repeated { job, epoch } => grants.extend(self.repeated(job, epoch).await?),
                Answer::Nothing => {}
                Answer::Refused(refusal) => refused = Some(refusal.into()),
                Answer::Failed(why) => refused = Some(why),
            }
        }
        match refused {
            Some(why) if grants.is_empty() => Err(why),
            Some(_) | None => Ok(grants),
        }
    }

    /// Gives a job an order: an operator's command, or the holder's release.
    pub async fn order(&self, job: JobId, order: Order) -> Result<Done, NotDone> {
        self.ask_job(job, |port| job::Msg::Order(Box::new(order), port)).await
    }

    /// Takes a report of a lease's holder.
    pub async fn report(&self, job: JobId, report: ReportOrder) -> Result<Done, NotDone> {
        self.ask_job(job, |port| job::Msg::Report(Box::new(report), port)).await
    }

    /// Renews a lease, counted from `heard`.
    pub async fn renew(
        &self,
        job: JobId,
        fence: Fence,
        ttl_sec: Option<u32>,
        heard: Timestamp,
    ) -> Result<Renewal, NotDone> {
        self.ask(|port| product::Msg::Renew { job, fence, ttl_sec, heard, port }).await
    }

    /// Takes a heartbeat; the first one registers the factory.
    pub async fn heartbeat(&self, beat: BeatOrder) -> Result<Beaten, NotDone> {
        self.ask(|port| product::Msg::Beat(Box::new(beat), port)).await
    }

    /// Hands a factory no more jobs; what it runs it finishes.
    pub async fn drain(&self, factory: &FactoryId, reason: Option<String>, by: By) -> Result<FactoryView, NotDone> {
        let id = factory.clone();
        self.ask(|port| product::Msg::ToFactory(id, factory::Msg::Drain { reason, by, port })).await
    }

    /// Hands a drained factory jobs again.
    pub async fn resume_factory(&self, factory: &FactoryId, by: By) -> Result<FactoryView, NotDone> {
        let id = factory.clone();
        self.ask(|port| product::Msg::ToFactory(id, factory::Msg::Resume { by, port })).await
    }

    /// A factory as it stands.
    pub async fn factory(&self, factory: &FactoryId) -> Result<FactoryView, NotDone> {
        let id = factory.clone();
        self.ask(|port| product::Msg::ToFactory(id, factory::Msg::View(port))).await
    }

    /// Every factory as it stands, in the order of their ids.
    pub async fn factories(&self) -> Result<Vec<FactoryView>, NotDone> {
        let mut views = Vec::new();
        for card in self.lane.store.factories(&self.lane.product).await? {
            views.push(self.factory(&card.id).await?);
        }
        Ok(views)
    }

    /// Pauses, resumes or stops the product.
    pub async fn set_gate(&self, command: Command, by: By) -> Result<Arc<Settings>, NotDone> {
        self.set(command, by, None).await
    }

    /// Changes the product's settings. Refuses to if they have not the `rev` that the caller has seen.
    pub async fn set(&self, command: Command, by: By, if_rev: Option<u64>) -> Result<Arc<Settings>, NotDone> {
        self.ask(|port| product::Msg::Set(product::GateOrder::new(command, by, if_rev, port))).await
    }

    /// The product's settings.
    pub async fn settings(&self) -> Result<Arc<Settings>, NotDone> {
        self.ask(product::Msg::Settings).await
    }

    /// Publishes a profile: a new version of it, unless the newest one says the same.
    pub async fn publish(&self, name: ProfileName, snapshot: Snapshot, by: By) -> Result<Published, NotDone> {
        self.ask(|port| product::Msg::Publish(Box::new(product::Publish { name, snapshot, by, port }))).await
    }

    /// The profile that a run or a job names, if it names one that there is.
    pub async fn profile(&self, named: Option<&str>) -> Result<Option<Arc<Profile>>, NotDone> {
        Ok(self.lane.profiles.named(named).await?)
    }

    /// What fills in what submitters leave out, with those of the named profiles that there are.
    pub async fn usual(&self, named: impl IntoIterator<Item = Wanted>) -> Result<Usual, NotDone> {
        let settings = self.lane.settings.get();
        let mut usual = Usual { product: settings.defaults(), ..Usual::default() };
        if let Some(wanted) = &settings.default_profile {
            usual.default_profile = self.lane.profiles.find(wanted).await?;
        }
        for wanted in named {
            if let Some(found) = self.lane.profiles.find(&wanted).await? {
                usual.named.insert(wanted, found);
            }
        }
        Ok(usual)
    }

    /// Begins to watch a job: what is given back returns when its `rev` is beyond `rev`, or the time is over.
    ///
    /// To be called before the job is read, so that no change falls between.
    pub fn watch(&self, job: JobId, rev: u64, wait: Duration) -> impl Future<Output = ()> + use<> {
        let (port, changed) = oneshot::channel();
        // A feed that has gone drops the port: the watcher looks again at once.
        let _ = self.actors.feed.cast(feed::Msg::Watch { job, rev, port });
        async move { drop(tokio::time::timeout(wait, changed).await) }
    }

    /// The job with the newest renewal of its lease, which a stored one may not show yet.
    pub fn overlay(&self, job: &Arc<Job>) -> Arc<Job> {
        self.soft.over(job)
    }

    /// Why a job waits. None: it waits for no factory.
    pub async fn explain(&self, job: JobId) -> Result<Option<Explained>, NotDone> {
        self.ask_dispatcher(|port| dispatcher::Msg::Explain(job, port)).await
    }

    /// When and how a job was placed under that epoch.
    pub async fn decision(&self, job: JobId, epoch: Epoch) -> Result<Option<(Timestamp, Decision)>, NotDone> {
        Ok(decision(&self.lane, job, epoch).await?)
    }

    /// What a claim would get, and what keeps the factory from the other ready jobs. Changes nothing.
    pub async fn preview(&self, claim: Claim) -> Result<(Option<Pick>, Sought), NotDone> {
        self.ask_dispatcher(|port| dispatcher::Msg::Preview(claim, port)).await
    }

    /// Some known factory has what a job asks for, whether it can take it now or not.
    pub fn could_run(&self, needs: &Needs) -> bool {
        self.lane.fleet.could_run(needs)
    }

    /// What the product has in hand.
    pub async fn counts(&self) -> Result<Counts, NotDone> {
        self.ask_dispatcher(dispatcher::Msg::Count).await
    }

    /// Kills one of the product's actors; its supervisor starts it again from what is committed.
    ///
    /// The operator's last resort for an actor that hangs. Who waits for it is told `OutcomeUnknown`.
    pub fn restart(&self, part: Part) {
        // One that has gone is being started again already.
        match part {
            Part::Product => self.actors.product.kill(),
            Part::Dispatcher => self.actors.dispatcher.kill(),
            Part::Feed => self.actors.feed.kill(),
            Part::Job(_) | Part::Factory(_) => drop(self.actors.product.cast(product::Msg::Kill(part))),
        }
    }

    /// Answers every waiting claim that the node is shutting down.
    pub(crate) fn stop_waiting(&self) {
        // A dispatcher that has gone has no waiting claims.
        let _ = self.actors.dispatcher.cast(dispatcher::Msg::Stop);
    }

    async fn ask_job(&self, job: JobId, msg: impl FnOnce(Port<Done>) -> job::Msg) -> Result<Done, NotDone> {
        self.ask(|port| product::Msg::ToJob(job, msg(port))).await
    }

    async fn ask<T>(&self, msg: impl FnOnce(Port<T>) -> product::Msg) -> Result<T, NotDone> {
        let (port, outcome) = oneshot::channel();
        self.actors.product.cast(msg(port)).map_err(|_| reloading())?;
        outcome.await.unwrap_or(Err(NotDone::OutcomeUnknown))
    }

    /// Asks what changes nothing: one that has gone can be asked again.
    async fn ask_dispatcher<T>(&self, msg: impl FnOnce(Port<T>) -> dispatcher::Msg) -> Result<T, NotDone> {
        let (port, outcome) = oneshot::channel();
        self.actors.dispatcher.cast(msg(port)).map_err(|_| reloading())?;
        outcome.await.unwrap_or(Err(reloading()))
    }

    /// Takes in a sign of life that reaches no actor. A factory that counted as silent is told.
    fn hear(&self, id: &FactoryId) {
        if self.lane.pulses.beat(id, self.lane.now()) {
            // A product that has gone is opened again, and its factories count as heard then.
            let _ = self.actors.product.cast(product::Msg::ToFactory(id.clone(), factory::Msg::Heard));
        }
    }

    /// The grant that an earlier claim with this id got.
    async fn granted_before(&self, ask: &Ask) -> Result<Option<Grant>, NotDone> {
        let Some(claim_id) = &ask.claim_id else { return Ok(None) };
        let key = claim_key(&ask.claim.factory, claim_id);
        match self.lane.store.receipt(&self.lane.product, ReceiptKind::Claim, &key).await? {
            Some(receipt) => self.repeated(receipt.job, receipt.epoch).await,
            None => Ok(None),
        }
    }

    /// A grant as it stands by now: the run may go on, or have ended.
    async fn repeated(&self, job: JobId, epoch: Epoch) -> Result<Option<Grant>, NotDone> {
        let Some(stored) = self.lane.store.job(&self.lane.product, job).await? else { return Ok(None) };
        let job = self.overlay(&stored.job);
        let lease = job.held().filter(|lease| lease.epoch == epoch).cloned();
        let run = match job.run.clone().filter(|run| run.epoch == epoch) {
            Some(run) => Some(run),
            None => self.lane.store.run(&self.lane.product, job.id, epoch).await?,
        };
        let Some(run) = run else { return Ok(None) };
        Ok(Some(Grant {
            epoch,
            expires_at: lease.as_ref().map_or(job.updated_at, |lease| lease.expires_at),
            ttl_sec: lease.as_ref().map_or(0, |lease| lease.ttl_sec),
            lease_active: lease.is_some(),
            repeated: true,
            profile: self.lane.profiles.named(run.profile.as_deref()).await?,
            run,
            decision: decision(&self.lane, job.id, epoch).await?.map(|(_, decision)| decision),
            job,
        }))
    }
}

/// One of a product's actors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The product itself.
    Product,
    /// Its dispatcher.
    Dispatcher,
    /// Its feed.
    Feed,
    /// A job, if its actor is awake.
    Job(JobId),
    /// A factory.
    Factory(FactoryId),
}

/// The owner of the state is being opened again.
pub(crate) fn reloading() -> NotDone {
    NotDone::Overloaded { retry_after_sec: 1 }
}
