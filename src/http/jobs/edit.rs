//! An operator's `PATCH`: changes what was asked for, or ships.
//! Always says which revision it means.

use actors::{NotDone, Order};
use domain::ProductId;
use domain::job::{self, Command};
use domain::profile::Usual;
use wire::{Code, Edit, Problem};

use super::{act, look};
use crate::http::answer::{Answer, done};
use crate::http::call::{Call, operator};
use crate::http::headers::Expected;
use crate::http::{profiles, refusal};

/// How often an edit of whatever revision is tried anew when the job changes meanwhile.
const TRIES: usize = 3;

/// Changes what was asked for.
pub(super) async fn apply(call: &Call, product: &ProductId, edit: Edit) -> Answer {
    let (product, id) = call.job(product)?;
    let _permit = call.permit(&product)?;
    let usual = match &edit.profile {
        Some(_) => profiles::usual(Some(&product), edit.profile()).await?,
        None => Usual::default(),
    };
    let mut last = None;
    for _ in 0..TRIES {
        let job = look(call, &product, id).await?;
        let expected = required(call)?;
        if !expected.allows(job.rev) {
            return Err(refusal::precondition(job.rev));
        }
        // The new spec is made from the one just read, so it is only good for that revision.
        let command = Command::Edit(Box::new(edit.clone().into_command(&job.spec, &usual)?));
        match product.order(id, Order { command, by: operator(), if_rev: Some(job.rev) }).await {
            Ok(outcome) => return done(&product, &outcome),
            Err(why @ NotDone::Precondition { .. }) if expected == Expected::Any => last = Some(refusal::of(why)),
            Err(why @ NotDone::Refused(job::Refusal::LeasedField { .. })) => {
                let stage = job.stage.as_str();
                return Err(refusal::of(why).with("from", stage).with("to", stage));
            }
            Err(why) => return Err(refusal::of(why)),
        }
    }
    Err(last.unwrap_or_else(|| Problem::new(Code::Overloaded, "the job changes all the time")))
}

/// Ships delivered work.
pub(super) async fn ship(call: &Call, product: &ProductId) -> Answer {
    let (known, id) = call.job(product)?;
    if Expected::of(call.headers())? == Expected::Unsaid {
        look(call, &known, id).await?;
        required(call)?;
    }
    act(call, product, Command::Ship, operator()).await
}

/// The revisions that the caller expects. Refuses one who does not say.
fn required(call: &Call) -> Result<Expected, Problem> {
    match Expected::of(call.headers())? {
        Expected::Unsaid => Err(Problem::new(Code::PreconditionRequired, "an edit needs If-Match with the job's ETag")),
        expected @ (Expected::Any | Expected::Revs(_)) => Ok(expected),
    }
}
