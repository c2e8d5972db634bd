//! One job, one mailbox. Commits before it answers; decides nothing (see `domain::job`).

pub(crate) mod carry;
mod held;
mod msg;
mod report;

use domain::dispatch::Verdict;
use domain::job::{Command, Fact, command, transition};
use domain::{By, JobId};
use ractor::{Actor, ActorProcessingErr, ActorRef};

use crate::answer::{Done, NotDone, answer};
use crate::claim::{Answer, Claiming, give_back};
use crate::lane::{Alive, Lane};
use crate::{dispatcher, product};
pub(crate) use held::Held;
pub(crate) use msg::{Adoption, Lost, Msg, Offer};

/// A job's actor.
pub(crate) struct JobActor;

/// What a job's actor is born with.
pub(crate) struct Birth {
    pub(crate) id: JobId,
    pub(crate) lane: Lane,
    pub(crate) product: ActorRef<product::Msg>,
    pub(crate) dispatcher: ActorRef<dispatcher::Msg>,
    /// An earlier actor of this job crashed: what it had sent to the store has to settle first.
    pub(crate) after_crash: bool,
    pub(crate) alive: Alive,
}

impl Actor for JobActor {
    type Msg = Msg;
    type State = Held;
    type Arguments = Birth;

    async fn pre_start(&self, _me: ActorRef<Msg>, birth: Birth) -> Result<Held, ActorProcessingErr> {
        Ok(Held::new(birth))
    }

    async fn post_start(&self, _me: ActorRef<Msg>, held: &mut Held) -> Result<(), ActorProcessingErr> {
        held.load().await;
        Ok(())
    }

    async fn handle(&self, _me: ActorRef<Msg>, msg: Msg, held: &mut Held) -> Result<(), ActorProcessingErr> {
        match msg {
            Msg::Lease(offer) => lease(held, *offer).await?,
            Msg::Order(order, port) => {
                let outcome = if let Command::Release(release) = order.command {
                    report::release(held, release).await?
                } else {
                    held.order(order.command, &order.by, order.if_rev).await?
                };
                answer(port, outcome);
            }
            Msg::Report(report, port) => {
                let outcome = report::report(held, *report).await?;
                answer(port, outcome);
            }
            Msg::Renew(fence, port) => {
                let outcome = report::renew(held, fence).await?;
                answer(port, outcome);
            }
            Msg::Due(epoch, order) => {
                if let Err(NotDone::Full | NotDone::Unavailable(_)) = held.order(order, &By::Coordinator, None).await? {
                    held.tell_product(product::Msg::AskAgain(held.id, epoch));
                }
            }
            Msg::Evict(by, port) => {
                let outcome = held.order(Command::Evict, &by, None).await?;
                answer(port, outcome.map(|_: Done| ()));
            }
            Msg::Adopt(adoption, port) => {
                let outcome = held.adopt(*adoption).await?;
                answer(port, outcome);
            }
            Msg::Orphaned => {
                let reason = Some("its parent was cancelled".to_owned());
                let cancel = Command::Cancel(command::Cancel { reason });
                if let Err(NotDone::Full | NotDone::Unavailable(_)) = held.order(cancel, &By::Coordinator, None).await?
                {
                    held.tell_dispatcher(dispatcher::Msg::OrphanAgain(held.id));
                }
            }
            Msg::Dependencies(verdict) => {
                let command = match verdict {
                    Verdict::Met => Command::DependenciesMet,
                    Verdict::ChildrenOpen => Command::ChildrenOpen,
                    Verdict::ChildrenMet(outcome) => Command::ChildrenMet(outcome),
                    Verdict::Failed => Command::DependencyFailed,
                    Verdict::Open => {
                        held.handled();
                        return Ok(());
                    }
                };
                if let Err(NotDone::Full | NotDone::Unavailable(_)) =
                    held.order(command, &By::Coordinator, None).await?
                {
                    held.tell_dispatcher(dispatcher::Msg::AskAgain(held.id));
                }
            }
            Msg::Shadow(factory, decision) => {
                let by = By::Factory(factory.clone());
                // A record of what was not done: if it cannot be written, the next claim leaves another one.
                drop(held.note(Some(Fact::Shadowed { factory, decision }), &by, None, None).await?);
            }
            Msg::Stand => held.tell_dispatcher(dispatcher::Msg::Standing(held.id, held.seen())),
        }
        held.handled();
        Ok(())
    }
}

/// Grants the lease on offer, or tells the dispatcher why not.
async fn lease(held: &mut Held, offer: Offer) -> Result<(), ActorProcessingErr> {
    let Offer { pick, run, claiming } = offer;
    if claiming.is_gone() {
        held.tell_dispatcher(dispatcher::Msg::OfferEnded(held.id, held.seen()));
        return Ok(());
    }
    // Read before anything is granted: what is granted can be told.
    let profile = match held.profile().await {
        Ok(profile) => profile,
        Err(failure) => return fail(held, &claiming, failure),
    };
    let by = By::Factory(pick.factory.clone());
    let lease = command::Lease {
        factory: pick.factory.clone(),
        run,
        engine: pick.engine.clone(),
        ttl_sec: claiming.ask.ttl_sec,
        claim_id: claiming.ask.claim_id.clone(),
        decision: Some(carry::decided(&pick)),
    };
    let (decision, command) = (lease.decision.clone(), Command::Lease(lease));
    let step = match held.job().and_then(|job| transition(job, command, &by, held.now()).map_err(NotDone::Refused)) {
        Ok(step) => step,
        Err(NotDone::Refused(_) | NotDone::NotFound) => {
            held.tell_dispatcher(dispatcher::Msg::OfferRefused(held.id, held.seen(), claiming));
            return Ok(());
        }
        Err(failure) => return fail(held, &claiming, failure),
    };
    let receipt = carry::claim_receipt(held.id, &pick.factory, &claiming.ask, &step, held.now());
    match held.commit(step, &by, receipt).await? {
        Ok(()) => {}
        Err(failure) => return fail(held, &claiming, failure),
    }
    let Some(grant) = held.grant(decision, profile) else { return Ok(()) };
    let epoch = grant.epoch;
    if claiming.tell(Answer::Granted(Box::new(grant))).is_err() && claiming.is_gone() {
        give_back(&held.product, held.id, epoch);
    }
    Ok(())
}

/// The world failed: the claim is told, the job is as ready as before.
fn fail(held: &Held, claiming: &Claiming, failure: NotDone) -> Result<(), ActorProcessingErr> {
    // A caller that has gone needs no answer: nothing was granted.
    let _ = claiming.tell(Answer::Failed(failure));
    held.tell_dispatcher(dispatcher::Msg::OfferEnded(held.id, held.seen()));
    Ok(())
}
