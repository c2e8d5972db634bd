//! What requests leave behind so that they can be repeated.

use domain::job::Step;
use domain::mutant::Mutant;
use domain::{Epoch, FactoryId, JobId, Timestamp};

use crate::answer::Ask;
use crate::store::{Receipt, ReceiptKind};

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
