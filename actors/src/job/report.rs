//! A factory's writes: repeats are recognised, zombies are fenced, and their usage is charged all the same.

use domain::job::command::{Fence, Prior, Release, Report};
use domain::job::{Command, Fact, Job, Refusal, transition};
use domain::product::Renewal;
use domain::{By, Epoch};
use ractor::ActorProcessingErr;

use super::carry::{report_key, report_receipt};
use super::held::Held;
use crate::answer::{Done, NotDone, ReportOrder};
use crate::store::Change;

/// Carries out a report: repeats are answered as they were, a dead lease is fenced.
pub(super) async fn report(held: &mut Held, order: ReportOrder) -> Result<Result<Done, NotDone>, ActorProcessingErr> {
    let ReportOrder { mut report, report_id, content_hash, by } = order;
    report.prior = match prior(held, &report, report_id.as_deref(), &content_hash).await {
        Ok(prior) => prior,
        Err(why) => return Ok(Err(why)),
    };
    let job = match held.job() {
        Ok(job) => job.clone(),
        Err(why) => return Ok(Err(why)),
    };
    let by = speaker(&job, &report.fence, by);
    match transition(&job, Command::Report(Box::new(report.clone())), &by, held.now()) {
        Ok(step) => {
            let (epoch, rev, at) = (report.fence.epoch, step.next.rev, held.now());
            let receipt = report_id.map(|id| report_receipt(held.id, &id, &content_hash, epoch, rev, at));
            held.done(step, &by, receipt).await
        }
        Err(Refusal::StaleLease { current }) => Ok(Err(fence(held, &report.fence, current, Some(&report), &by).await?)),
        Err(refusal) => Ok(Err(NotDone::Refused(refusal))),
    }
}

/// Takes the lease back from its holder.
pub(super) async fn release(held: &mut Held, release: Release) -> Result<Result<Done, NotDone>, ActorProcessingErr> {
    let job = match held.job() {
        Ok(job) => job.clone(),
        Err(why) => return Ok(Err(why)),
    };
    let by = speaker(&job, &release.fence, By::Coordinator);
    match transition(&job, Command::Release(release.clone()), &by, held.now()) {
        Ok(step) => held.done(step, &by, None).await,
        Err(Refusal::StaleLease { current }) => Ok(Err(fence(held, &release.fence, current, None, &by).await?)),
        Err(refusal) => Ok(Err(NotDone::Refused(refusal))),
    }
}

/// Answers a renewal that the product's map did not know.
pub(super) async fn renew(held: &mut Held, fenced: Fence) -> Result<Result<Renewal, NotDone>, ActorProcessingErr> {
    let job = match held.job() {
        Ok(job) => job.clone(),
        Err(why) => return Ok(Err(why)),
    };
    match transition(&job, Command::Renew(fenced.clone()), &By::Coordinator, held.now()) {
        // Its end is under way, or its grant has not come around: the holder asks again.
        Ok(_) => Ok(Err(NotDone::Overloaded { retry_after_sec: 1 })),
        Err(Refusal::StaleLease { current }) => {
            let by = fenced.factory.clone().map_or(By::Coordinator, By::Factory);
            Ok(Err(fence(held, &fenced, current, None, &by).await?))
        }
        Err(refusal) => Ok(Err(NotDone::Refused(refusal))),
    }
}

/// Who speaks under a fence: the factory that it names, or the holder of that lease.
fn speaker(job: &Job, fence: &Fence, by: By) -> By {
    let holder = job.lease.as_ref().filter(|lease| lease.epoch == fence.epoch).map(|lease| &lease.holder);
    fence.factory.as_ref().or(holder).map_or(by, |factory| By::Factory(factory.clone()))
}

/// What is remembered of an earlier report like this one.
async fn prior(held: &Held, report: &Report, id: Option<&str>, hash: &str) -> Result<Prior, NotDone> {
    let stored = held.stored()?;
    if let Some(id) = id {
        let key = report_key(held.id, id);
        if let Some(receipt) = stored.receipts.iter().find(|receipt| receipt.key == key) {
            return Ok(if receipt.content_hash == hash { Prior::Same } else { Prior::Other });
        }
        return Ok(Prior::Unknown);
    }
    let known = stored.job.lease.as_ref().is_some_and(|lease| lease.epoch == report.fence.epoch);
    if known || report.fence.epoch >= stored.job.epoch {
        return Ok(Prior::None);
    }
    let run = held.lane.store.run(&held.lane.product, held.id, report.fence.epoch).await?;
    let of = |holder: &domain::FactoryId| report.fence.factory.as_ref().is_none_or(|factory| factory == holder);
    Ok(run.filter(|run| of(&run.factory)).map_or(Prior::None, |run| Prior::Reached(run.reached)))
}

/// Refuses a write under a dead lease: at most one event a minute, and the charge of its usage.
async fn fence(
    held: &mut Held,
    fence: &Fence,
    current: Epoch,
    report: Option<&Report>,
    by: &By,
) -> Result<NotDone, ActorProcessingErr> {
    let now = held.now();
    let usage = report.map(|report| &report.insights).filter(|insights| insights.has_usage());
    let ran = match held.lane.store.run(&held.lane.product, held.id, fence.epoch).await {
        Ok(ran) => ran,
        Err(why) => return Ok(why.into()),
    };
    let charged = usage.filter(|_| ran.is_some());
    let by = match (by, ran) {
        (By::Coordinator, Some(run)) => &By::Factory(run.factory),
        (by, _) => by,
    };
    let quiet = held.lane.zombies.is_quiet(held.id, fence, now);
    if quiet && charged.is_none() {
        return Ok(NotDone::Fenced { current, usage_accepted: false });
    }
    let change = Change::Note {
        job: held.id,
        prev_seq: held.stored().map_or(0, |stored| stored.last_seq),
        usage: charged.map(|usage| (fence.epoch, Box::new(usage.clone()))),
    };
    let written = if quiet {
        held.write(Vec::new(), by, change).await?.map(|_| ())
    } else {
        held.lane.zombies.note(held.id, fence, now);
        let fact = Fact::Fenced { epoch: fence.epoch, factory: fence.factory.clone() };
        held.note(fact, by, change).await?
    };
    Ok(match written {
        Ok(()) => NotDone::Fenced { current, usage_accepted: charged.is_some() },
        Err(why) => why,
    })
}
