//! A factory's writes: repeats are recognised, zombies are fenced, and their usage is charged all the same.

use domain::job::command::{Fence, Prior, Release, Report};
use domain::job::{Command, Fact, Job, Refusal, Run, Stage, transition};
use domain::mutant::Mutant;
use domain::product::Renewal;
use domain::{By, Epoch};
use ractor::ActorProcessingErr;

use super::carry::{report_key, report_receipt};
use super::held::Held;
use crate::answer::{Done, NotDone, ReportOrder};
use crate::store::Receipt;

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
            let first = report_id.filter(|_| report.prior != Prior::Same && !Mutant::ReportForgotten.is_planted());
            let receipt = first.map(|id| report_receipt(held.id, &id, &content_hash, epoch, rev, at));
            if !step.facts.is_empty() {
                return held.done(step, &by, receipt).await;
            }
            match aside(held, &report, receipt, &by).await? {
                Ok(()) => held.done(step, &by, None).await,
                Err(why) => Ok(Err(why)),
            }
        }
        Err(Refusal::StaleLease { current }) => Ok(Err(fence(held, &report.fence, current, Some(&report), &by).await?)),
        Err(refusal @ Refusal::LeaseEnded { .. }) => {
            let charged = aside(held, &report, None, &by).await?;
            Ok(Err(charged.err().unwrap_or(NotDone::Refused(refusal))))
        }
        Err(refusal) => Ok(Err(NotDone::Refused(refusal))),
    }
}

/// Takes the lease back from its holder. One whose own final report has ended it already is answered so.
pub(super) async fn release(held: &mut Held, release: Release) -> Result<Result<Done, NotDone>, ActorProcessingErr> {
    let job = match held.job() {
        Ok(job) => job.clone(),
        Err(why) => return Ok(Err(why)),
    };
    let by = speaker(&job, &release.fence, By::Coordinator);
    match transition(&job, Command::Release(release.clone()), &by, held.now()) {
        Ok(step) => held.done(step, &by, None).await,
        Err(Refusal::StaleLease { current }) => match ended_run(held, &release.fence).await {
            Ok(Some(run)) if ended_itself(&run) => Ok(Ok(Done { job, repeated: true })),
            Ok(_) => Ok(Err(fence(held, &release.fence, current, None, &by).await?)),
            Err(why) => Ok(Err(why)),
        },
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
        Err(Refusal::StaleLease { current }) => match ended_run(held, &fenced).await {
            Ok(Some(run)) if ended_itself(&run) => Ok(Err(NotDone::Refused(Refusal::LeaseEnded { stage: job.stage }))),
            Ok(_) => {
                let by = fenced.factory.clone().map_or(By::Coordinator, By::Factory);
                Ok(Err(fence(held, &fenced, current, None, &by).await?))
            }
            Err(why) => Ok(Err(why)),
        },
        Err(refusal) => Ok(Err(NotDone::Refused(refusal))),
    }
}

/// The ended run that a fence is about, if it was this factory's.
async fn ended_run(held: &Held, fence: &Fence) -> Result<Option<Run>, NotDone> {
    let run = held.lane.store.run(&held.lane.product, held.id, fence.epoch).await?;
    Ok(run.filter(|run| fence.factory.as_ref().is_none_or(|factory| *factory == run.factory)))
}

/// The run was ended by its factory's own final report. A `released` run may as well have been taken away.
fn ended_itself(run: &Run) -> bool {
    matches!(run.reached, Stage::Shipped | Stage::Failed | Stage::Blocked)
}

/// Keeps what comes with a report that changes nothing: usage of a run that has ended, and its receipt.
async fn aside(
    held: &mut Held,
    report: &Report,
    receipt: Option<Receipt>,
    by: &By,
) -> Result<Result<(), NotDone>, ActorProcessingErr> {
    let mut usage = None;
    if report.insights.has_usage() {
        match ended_run(held, &report.fence).await {
            Ok(run) => usage = run.filter(|run| run.insights.merged(&report.insights) != run.insights),
            Err(why) => return Ok(Err(why)),
        }
    }
    if usage.is_none() && receipt.is_none() {
        return Ok(Ok(()));
    }
    let by = &told_by(by, usage.as_ref());
    let usage = usage.map(|run| (run.epoch, Box::new(report.insights.clone())));
    held.note(None, by, usage, receipt).await
}

/// Who speaks under a fence: the factory that it names, or the holder of that lease.
fn speaker(job: &Job, fence: &Fence, by: By) -> By {
    let holder = job.lease.as_ref().filter(|lease| lease.epoch == fence.epoch).map(|lease| &lease.holder);
    fence.factory.as_ref().or(holder).map_or(by, |factory| By::Factory(factory.clone()))
}

/// Who spoke, where nobody said so: the factory of the run that it was about.
fn told_by(by: &By, run: Option<&Run>) -> By {
    match (by, run) {
        (By::Coordinator, Some(run)) => By::Factory(run.factory.clone()),
        (by, _) => by.clone(),
    }
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
    let run = ended_run(held, &report.fence).await?;
    Ok(run.map_or(Prior::None, |run| Prior::Reached(run.reached)))
}

/// Refuses a write under a dead lease: at most one event a minute, and the charge of its usage.
async fn fence(
    held: &mut Held,
    fence: &Fence,
    current: Epoch,
    report: Option<&Report>,
    by: &By,
) -> Result<NotDone, ActorProcessingErr> {
    let usage = report
        .map(|report| &report.insights)
        .filter(|insights| insights.has_usage() && !Mutant::UsageFencedAway.is_planted());
    let ran = match ended_run(held, fence).await {
        Ok(ran) => ran,
        Err(why) => return Ok(why),
    };
    let usage = usage.filter(|_| ran.is_some()).map(|usage| (fence.epoch, Box::new(usage.clone())));
    let usage_accepted = usage.is_some();
    // An epoch that was never granted, or not to this factory, has no zombie of its own to tell of.
    let zombie = Fence { epoch: fence.epoch, factory: ran.as_ref().and(fence.factory.clone()) };
    let runs = held.job().is_ok_and(|job| job.run.as_ref().is_some_and(|run| run.epoch == fence.epoch));
    let real = ran.is_some() || runs;
    let by = &told_by(by, ran.as_ref());
    let now = held.now();
    let told = real && !held.lane.zombies.is_quiet(held.id, &zombie, now);
    if !told && !usage_accepted {
        return Ok(NotDone::Fenced { current, usage_accepted });
    }
    if told {
        held.lane.zombies.note(held.id, &zombie, now);
    }
    let fact = told.then(|| Fact::Fenced { epoch: fence.epoch, factory: fence.factory.clone() });
    let written = held.note(fact, by, usage, None).await?;
    Ok(written.err().unwrap_or(NotDone::Fenced { current, usage_accepted }))
}
