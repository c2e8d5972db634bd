//! What requests leave behind so that they can be repeated.

use domain::dispatch::Pick;
use domain::job::{Decision, Step};
use domain::mutant::Mutant;
use domain::{Epoch, FactoryId, JobId, Timestamp};
use serde_json::Value;

use crate::answer::Ask;
use crate::lane::Lane;
use crate::store::{Page, Receipt, ReceiptKind, Why};

/// How many events are read at a time.
const EVENTS: usize = 256;

/// The key of a claim's receipt.
pub(crate) fn claim_key(factory: &FactoryId, claim_id: &str) -> String {
    format!("{factory}/{claim_id}")
}

/// The key of a report's receipt.
pub(super) fn report_key(job: JobId, report_id: &str) -> String {
    format!("{job}/{report_id}")
}

/// The receipt of a grant, where the claim named an id.
pub(super) fn claim_receipt(job: JobId, factory: &FactoryId, ask: &Ask, step: &Step, at: Timestamp) -> Option<Receipt> {
    let claim_id = ask.claim_id.as_ref().filter(|_| !Mutant::ClaimForgotten.is_planted())?;
    Some(Receipt {
        kind: ReceiptKind::Claim,
        key: claim_key(factory, claim_id),
        job,
        epoch: step.next.epoch,
        rev: step.next.rev,
        content_hash: String::new(),
        at,
    })
}

/// The record of how a job was picked.
pub(crate) fn decided(pick: &Pick) -> Decision {
    let number = |jobs: usize| u32::try_from(jobs).unwrap_or(u32::MAX);
    let filtered = pick.sought.filtered.iter().map(|(reason, jobs)| (*reason, number(*jobs))).collect();
    Decision::new(number(pick.sought.considered), filtered, &pick.breakdown).with_top(&pick.sought.top)
}

/// How the scheduler came to the grant of that epoch, as its event has it.
pub(crate) async fn decision(lane: &Lane, job: JobId, epoch: Epoch) -> Result<Option<(Timestamp, Decision)>, Why> {
    let mut after = None;
    loop {
        let events = lane.store.events(&lane.product, Some(job), Page { after, limit: EVENTS }).await?;
        let Some(last) = events.last() else { return Ok(None) };
        after = Some(last.seq);
        let leased = events.iter().filter(|event| &*event.kind == "job.leased");
        let mut grants = leased.filter_map(|event| Some((event.at, serde_json::from_str::<Value>(&event.data).ok()?)));
        if let Some((at, mut grant)) = grants.find(|(_, grant)| grant["epoch"] == epoch.0) {
            // One that this version cannot read is none.
            let read: Option<Decision> = serde_json::from_value(grant["decision"].take()).unwrap_or_default();
            return Ok(read.map(|decision| (at, decision)));
        }
    }
}

/// The receipt of a report, where it named an id.
pub(super) fn report_receipt(
    job: JobId,
    report_id: &str,
    content_hash: &str,
    epoch: Epoch,
    rev: u64,
    at: Timestamp,
) -> Receipt {
    Receipt {
        kind: ReceiptKind::Report,
        key: report_key(job, report_id),
        job,
        epoch,
        rev,
        content_hash: content_hash.to_owned(),
        at,
    }
}
