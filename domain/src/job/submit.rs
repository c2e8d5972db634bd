//! The first moment of a job.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::event::Fact;
use super::spec::{Kind, Spec};
use super::state::{BlockedReason, Job, Spent, Stage};
use crate::mutant::Mutant;
use crate::{Epoch, JobId, ProductId, Timestamp};

/// A new job and the facts of its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The job.
    pub job: Job,
    /// What became true.
    pub facts: Vec<Fact>,
}

/// Makes a job of what was asked for, with as many children: queued, or blocked where its dependencies have not settled
/// (`deps_met` is false) or it is composite.
pub fn submit(
    id: JobId,
    product: ProductId,
    spec: Spec,
    (deps_met, children): (bool, u32),
    now: Timestamp,
) -> Submitted {
    let created = Fact::Created { title: spec.title.clone(), priority: spec.priority, parent_id: spec.parent };
    let is_composite = (children > 0 || spec.kind == Kind::Composite) && !Mutant::ChildrenUncounted.is_planted();
    let waits_for = match (deps_met, is_composite) {
        (false, _) => Some(BlockedReason::Dependencies),
        (true, true) => Some(BlockedReason::Children),
        (true, false) => None,
    };
    let follows = waits_for.map_or(Fact::Ready {}, |reason| Fact::Blocked { reason });
    let deps_met = waits_for.is_none();
    let job = Job {
        id,
        product,
        edition: 1,
        stage: if deps_met { Stage::Queued } else { Stage::Blocked },
        blocked_reason: waits_for,
        epoch: Epoch::default(),
        lease: None,
        run: None,
        runs: 0,
        attempt: 0,
        not_before: spec.not_before,
        deps_met,
        children,
        settled: None,
        checkpoint: None,
        saved_by: None,
        saved_at: None,
        approved_by: Vec::new(),
        notes: Vec::new(),
        question: None,
        result: None,
        spent: Spent::default(),
        failed_on: BTreeMap::new(),
        preempted: 0,
        rev: 1,
        created_at: now,
        updated_at: now,
        queued_at: deps_met.then_some(now),
        finished_at: None,
        spec: Arc::new(spec),
    };
    Submitted { job, facts: vec![created, follows] }
}
